import Foundation
import Measuring
import Networks
import Results
import Testing

@Suite struct ReferenceStoreTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-store-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func place(_ layer: String?, batch: Int = 1) throws -> WorkloadPlace {
    let graph = try #require(NetworkCatalog.network(named: "caffenet-mini")).graph(batch: batch)
    let node = layer.flatMap { name in graph.nodes.firstIndex { $0.layer.name == name } }
    return WorkloadPlace(graph, network: "caffenet-mini", node: node)
  }

  private let numbers: [[Double]] = [[1, -0.0, .infinity], [], [2.5]]

  @Test("What was kept is there, bit for bit, and only for its own question")
  func keeps() throws {
    try inFolder { folder in
      let store = ReferenceStore(folder: folder)
      let question = ReferenceStore.Question(try place("conv2"), seed: 1)
      #expect(store.numbers(question) == nil)
      store.keep(numbers, for: question)
      let found = try #require(store.numbers(question))
      #expect(found.map { $0.map(\.bitPattern) } == numbers.map { $0.map(\.bitPattern) })
      for other in [
        ReferenceStore.Question(try place("conv2"), seed: 2),
        ReferenceStore.Question(try place("conv3"), seed: 1),
        ReferenceStore.Question(try place("conv2", batch: 4), seed: 1),
        ReferenceStore.Question(try place(nil), seed: 1),
      ] {
        #expect(other.fileName != question.fileName)
        #expect(store.numbers(other) == nil)
      }
    }
  }

  @Test("An entry under another's name, a damaged one and a cut one are none")
  func damaged() throws {
    try inFolder { folder in
      let store = ReferenceStore(folder: folder)
      let question = ReferenceStore.Question(try place("conv2"), seed: 1)
      let other = ReferenceStore.Question(try place("conv3"), seed: 1)
      store.keep(numbers, for: question)
      let file = URL(fileURLWithPath: folder + "/" + question.fileName)
      let whole = try Data(contentsOf: file)
      try whole.write(to: URL(fileURLWithPath: folder + "/" + other.fileName))
      #expect(store.numbers(other) == nil)
      for index in stride(from: 0, to: whole.count, by: 7) {
        var bytes = whole
        bytes[index] ^= 0x10
        try bytes.write(to: file)
        #expect(store.numbers(question) == nil, "byte \(index)")
      }
      for count in [0, 1, 15, 16, 40, whole.count - 1] {
        try whole.prefix(count).write(to: file)
        #expect(store.numbers(question) == nil, "\(count) bytes")
      }
      // Written anew, it is there again.
      store.keep(numbers, for: question)
      #expect(store.numbers(question) != nil)
    }
  }

  @Test("The oldest entries go when there is too much, and what is too large is not kept")
  func limit() throws {
    try inFolder { folder in
      let questions = try (1...4).map { ReferenceStore.Question(try place("conv2"), seed: $0) }
      let store = ReferenceStore(folder: folder, limitByteCount: 30_000)
      let array = [[Double](repeating: 1, count: 1000)]
      for (age, question) in questions.enumerated() {
        store.keep(array, for: question)
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: Double(1000 + age))],
          ofItemAtPath: folder + "/" + question.fileName)
      }
      #expect(questions.map { store.numbers($0) != nil } == [false, true, true, true])
      store.keep([[Double](repeating: 1, count: 10_000)], for: questions[0])
      #expect(store.numbers(questions[0]) == nil)
    }
  }

  @Test("A folder that cannot be had changes nothing")
  func noFolder() throws {
    let store = ReferenceStore(folder: "/dev/null/cache")
    let question = ReferenceStore.Question(try place("conv2"), seed: 1)
    store.keep(numbers, for: question)
    #expect(store.numbers(question) == nil)
    #expect(try checked(ReferenceCache(store: store)) == [.ok, .ok])
  }

  @Test("The environment names the folder, or none")
  func environment() {
    func folder(_ variables: [String: String]) -> String? {
      ReferenceStore(environment: variables)?.folder
    }
    #expect(folder(["ALEXBENCH_CACHE": "off", "HOME": "/h"]) == nil)
    #expect(folder(["ALEXBENCH_CACHE": "/c", "HOME": "/h"]) == "/c")
    #expect(folder(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/alexbench")
    #expect(folder(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/alexbench")
    #expect(folder(["ALEXBENCH_CACHE": "", "HOME": "/h"]) == "/h/.cache/alexbench")
    #expect(folder([:]) == nil)
  }

  private func checked(_ references: ReferenceCache) throws -> [Status] {
    let backends = [WrappedBackend(name: "a")]
    var options = try smallOptions()
    options.isCheckOnly = true
    let runner = Runner(
      try RunMatrix(options, backends: backends), makeHost: { _ in LocalHost { _ in backends } },
      progress: .silent, references: references, isInterrupted: { false })
    return try runner.run().workloads.map(\.status)
  }

  @Test("A run takes what an earlier one kept, and computes what is damaged")
  func run() throws {
    try inFolder { folder in
      let store = ReferenceStore(folder: folder)
      #expect(try checked(ReferenceCache(store: store)) == [.ok, .ok])
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix(".reference") })
      #expect(try checked(ReferenceCache(store: store)) == [.ok, .ok])
      // Wrong numbers in whole entries show that it is those which are taken.
      let graph = try Problem(smallProblem).network.graph(batch: 1)
      let layer = WorkloadPlace(graph, network: graph.networkName, node: 0)
      let question = ReferenceStore.Question(layer, seed: 1)
      var wrong = try #require(store.numbers(question))
      wrong[0][3] += 1
      store.keep(wrong, for: question)
      #expect(try checked(ReferenceCache(store: store)) == [.failed, .ok])
      // As many numbers as another layer has are no answer.
      store.keep([wrong[0].dropLast(), wrong[1].dropLast()], for: question)
      #expect(try checked(ReferenceCache(store: store)) == [.ok, .ok])
    }
  }

  @Test("The references and the data of a seed are those of this version of the store")
  func version() throws {
    try inFolder { folder in
      let store = ReferenceStore(folder: folder)
      var options = RunOptions()
      options.networks = ["caffenet-mini"]
      options.isCheckOnly = true
      let backends = [WrappedBackend(name: "a")]
      _ = try Runner(
        RunMatrix(options, backends: backends), makeHost: { _ in LocalHost { _ in backends } },
        progress: .silent, references: ReferenceCache(store: store), isInterrupted: { false }
      ).run()
      let layers = ["conv1", "relu1", "pool1", "norm1", "conv2", "fc6", "drop6", "prob", nil]
      let sums = try layers.map { layer in
        let question = ReferenceStore.Question(try place(layer), seed: 1)
        let numbers = try #require(store.numbers(question), "\(layer ?? "net")")
        // Last digits may depend on the system's functions.
        return numbers.map { String(format: "%.6e", $0.reduce(0) { $0 + abs($1) }) }
          .joined(separator: " ")
      }
      // Other sums mean other results: raise `ReferenceStore.version`, without which users would be
      // judged by what they had before.
      #expect(ReferenceStore.version == 1)
      #expect(ContentHash.of(sums.joined(separator: "\n")) == "9702f0ac57d4f0ef", "\(sums)")
    }
  }
}
