import Backends
import Execution
import Foundation
import Kernels
import Measuring
import Networks
import Results
import Tensors
import Testing

@Suite struct ResumeTests {
  private static let backends: [any Backend] = [
    WrappedBackend(name: "a"), WrappedBackend(name: "b"),
    WrappedBackend(name: "single", threading: .single),
  ]

  private func options(_ counters: [String] = []) throws -> RunOptions {
    var options = try smallOptions(passes: Pass.allCases)
    options.rounds = 4
    options.counters = try CounterRequest.parse(counters)
    return options
  }

  /// Runs until so many blocks were asked for; the folder's path.
  private func begin(in parent: String, blocks: Int, counters: [String] = []) throws -> String {
    let folder = try RunFolder(parent: parent)
    var count = 0
    _ = try run(options(counters), Self.backends, folder: folder) {
      count += 1
      return count > blocks
    }
    return folder.path
  }

  private func goOn(
    _ path: String, counters: [String] = []
  ) throws -> (record: RunRecord, earlier: RunProgress) {
    let folder = try RunFolder(resuming: path, runID: (path as NSString).lastPathComponent)
    let earlier = try RunProgress(folder: path)
    try folder.restart(earlier.samples, journalLineCount: earlier.noteCount)
    let runner = try Runner(
      RunMatrix(options(counters), backends: Self.backends),
      makeHost: { _ in LocalHost { _ in Self.backends } }, folder: folder, earlier: earlier,
      progress: .silent, isInterrupted: { false })
    return (try runner.run(), earlier)
  }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let parent = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-resume-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: parent) }
    try body(parent)
  }

  /// Every row and every round of the run, once.
  private func expectComplete(_ record: RunRecord, _ path: String) throws {
    #expect(record.workloads.map(\.key.backend).count == 9)
    #expect(Set(record.workloads.map(\.key)).count == 9)
    #expect(record.workloads.allSatisfy { $0.status == .ok })
    for row in record.workloads {
      let rounds = record.samples.filter { $0.key == row.key }.map(\.round)
      #expect(rounds == Array(0..<(row.key.backend == "single" ? 3 : 4)), "\(row.key)")
    }
    #expect(try Schema.samples.rows(inFolder: path) == record.samples)
    #expect(try Schema.workloads.rows(inFolder: path) == record.workloads)
  }

  @Test(
    "Interrupted at any block and resumed, a run has the rows of one that went through",
    arguments: [0, 2, 5, 9, 14, 20, 27, 35, 44, 54, 65, 77, 90, 10_000])
  func anywhere(blocks: Int) throws {
    try inFolder { parent in
      let path = try begin(in: parent, blocks: blocks)
      let before = try Schema.samples.rows(inFolder: path)
      let (record, earlier) = try goOn(path)
      try expectComplete(record, path)
      // Of each group at most one round is measured again.
      let kept = before.filter { earlier.keeps($0) }
      #expect(Array(record.samples.prefix(kept.count)) == kept)
      let lost = before.filter { !earlier.keeps($0) }
      #expect(Set(lost.map(\.round)).count <= 1)
      if blocks == 10_000 { #expect(record.samples == before) }
    }
  }

  @Test(
    "What was counted is kept, what was not is counted, and nothing twice",
    arguments: [2, 40, 54, 65, 77, 90, 10_000])
  func counters(blocks: Int) throws {
    try inFolder { parent in
      let events = ["rusage:wall-time,user-time"]
      let path = try begin(in: parent, blocks: blocks, counters: events)
      let before = try Schema.counters.rows(inFolder: path)
      // As a run that was interrupted leaves them.
      let derived = before.map {
        CounterRow(
          key: $0.key, source: CounterRow.derivedSource, event: $0.event, perCall: 1, status: "ok")
      }
      try Schema.counters.write(before + derived, inFolder: path)
      let record = try goOn(path, counters: events).record
      try expectComplete(record, path)
      #expect(Array(record.counters.prefix(before.count)) == before)
      let counted = record.workloads.filter { $0.key.pass != .inNet }.map(\.key)
      for key in counted {
        let rows = record.counters.filter { $0.key == key }
        #expect(rows.map(\.event) == ["wall-time", "user-time"])
      }
      #expect(record.counters.count == 2 * counted.count)
      // The command writes the derived ones anew.
      let written = try Schema.counters.rows(inFolder: path)
      #expect(written.filter { $0.source != CounterRow.derivedSource } == record.counters)
    }
  }

  @Test("A line that was cut off is left out, and the user told")
  func cutLine() throws {
    try inFolder { parent in
      let path = try begin(in: parent, blocks: 40)
      let file = URL(fileURLWithPath: path + "/samples.csv")
      let text = try String(contentsOf: file, encoding: .utf8)
      try Data(text.dropLast(30).utf8).write(to: file)
      let (record, earlier) = try goOn(path)
      #expect(earlier.notices.contains { $0.contains("cut off") })
      try expectComplete(record, path)
    }
  }

  @Test("Samples that the journal does not know are measured again")
  func unnoted() throws {
    try inFolder { parent in
      let path = try begin(in: parent, blocks: 10_000)
      let file = URL(fileURLWithPath: path + "/.journal")
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      // Of the last line only a part.
      let kept = lines.dropLast(6).joined(separator: "\n") + "\n" + lines[lines.count - 6].prefix(9)
      try Data(kept.utf8).write(to: file)
      let (record, earlier) = try goOn(path)
      #expect(earlier.notices.contains { $0.contains("not complete") })
      try expectComplete(record, path)
    }
  }

  @Test("The tiles that were chosen before are kept")
  func tiles() throws {
    try inFolder { parent in
      var options = RunOptions()
      options.networks = ["caffenet-mini"]
      options.layers = ["conv3"]
      options.passes = [.isolated]
      options.rounds = 3
      options.warmUpNanoseconds = 0
      let backends: [any Backend] = [WinogradBackend()]
      func measure(_ folder: RunFolder, _ earlier: RunProgress?, blocks: Int) throws -> RunRecord {
        var count = 0
        return try Runner(
          RunMatrix(options, backends: backends),
          makeHost: { _ in LocalHost { _ in backends } }, folder: folder, earlier: earlier,
          progress: .silent,
          isInterrupted: {
            count += 1
            return count > blocks
          }
        ).run()
      }
      func first() throws -> String {
        let folder = try RunFolder(parent: parent)
        #expect(try measure(folder, nil, blocks: 2).wasInterrupted)
        return folder.path
      }
      let path = try first()
      // Another choice than measuring would make is not what is asked for, but is obeyed.
      var rows = try Schema.plan.rows(inFolder: path)
      #expect(Set(rows.map(\.tile)).isSuperset(of: ["2", "4", "5", "6"]))
      for index in rows.indices { rows[index].isChosen = rows[index].tile == "2" }
      try Data(Schema.plan.text(rows).utf8).write(to: URL(fileURLWithPath: path + "/plan.csv"))
      let folder = try RunFolder(
        resuming: path, runID: (path as NSString).lastPathComponent)
      let record = try measure(folder, try RunProgress(folder: path), blocks: .max)
      #expect(record.workloads.map(\.facts.tile) == ["F(2x2,3x3)"])
      #expect(record.plan == rows)
    }
  }

  @Test("A folder that another process measures into is refused")
  func locked() throws {
    try inFolder { parent in
      let folder = try RunFolder(parent: parent)
      try folder.openJournal()
      #expect(throws: ResultsError.self) {
        try RunFolder(resuming: folder.path, runID: folder.runID)
      }
    }
  }

  /// Options of which none is the default.
  private func unusual() throws -> RunOptions {
    var options = RunOptions()
    options.command = "calibrate"
    options.networks = ["lenet"]
    options.isas = InstructionSet.allCases.reversed()
    options.problem = try Problem("c4 h9 k6 r3 p1")
    options.layers = ["conv"]
    options.backends = ["a", "a#2"]
    options.batches = [1, 7]
    options.threads = [2]
    options.passes = [.inNet]
    options.directions = [.backwardData, .backwardWeights]
    options.allGradients = true
    options.caches = [.warm, .coldWeights]
    options.measuresPhases = true
    options.counters = [
      CounterRequest(source: "rusage", events: ["wall-time", "user-time"]),
      CounterRequest(source: "callgrind", events: ["Ir"]),
    ]
    options.allowsMultiplexing = true
    options.tiles = ["conv": "3"]
    options.tile = "4"
    options.rounds = 9
    options.maximumRounds = 90
    options.precision = 0.015625
    options.slowBlocks = 2
    options.seed = .max
    options.description = DescriptionOptions(
      state: NetState(phase: .train, level: 3, stages: ["a", "b,c"]),
      shapes: [GivenShape(blob: "data", shape: Shape([2, 3]))])
    options.customBLAS = ["x": "/y"]
    options.programs = try [
      #require(CustomProgram("mine=python3 'a b.py' --x=1")), #require(CustomProgram("a=true")),
    ]
    options.cpus = [3, 1]
    options.launches = 4
    options.warmUpNanoseconds = 5
    options.budgetNanoseconds = 6
    options.slowDowns = [SlowDown(backend: "a", layer: "conv", percent: 2.5)]
    let key = WorkloadKey(
      runID: "r", network: "n", layerIndex: 0, layer: "conv", stage: "conv", kind: "convolution",
      direction: .forward, backend: "a", isa: "avx2", threads: 2, batch: 7, pass: .net, cache: .warm
    )
    options.plan = [
      PlanRow(key: key, tile: "simd:4", nanoseconds: 12, isChosen: true, origin: PlanOrigin())
    ]
    return options
  }

  @Test("Options are kept whole, whatever they are")
  func recorded() throws {
    let options = try unusual()
    let record = options.recorded()
    let text = try JSONEncoder().encode(record)
    let read = try JSONDecoder().decode([String: JSONValue].self, from: text)
    #expect(read == record)
    let again = try RunOptions(read, file: "f")
    #expect(again.recorded() == record)
    #expect(again.programs == options.programs)
    #expect(again.plan == options.plan)
    // Whatever is left out would be the same by default.
    let usual = RunOptions().recorded()
    for (key, value) in record { #expect(usual[key] != value, "\(key)") }
  }

  @Test("What an earlier version did not record has its default value, the rest is as recorded")
  func olderRecord() throws {
    let options = try unusual()
    let record = options.recorded()
    let usual = RunOptions().recorded()
    for key in record.keys {
      var older = record
      older[key] = nil
      let again = try RunOptions(older, file: "f").recorded()
      older[key] = usual[key]
      #expect(again == older, "\(key)")
    }
    #expect(try RunOptions([:], file: "f").recorded() == usual)
    // What a later version may say besides is nothing to this one.
    var newer = record
    newer["colour"] = .string("green")
    #expect(try RunOptions(newer, file: "f").recorded() == record)
  }

  @Test(
    "A recorded value that is none of this program is one sentence, which names it",
    arguments: [
      ("batches", .string("many"), "options.batches"), ("batches", .null, "options.batches"),
      ("rounds", .number(1.5), "options"), ("blas", .array([]), "options.blas"),
      ("passes", .array([.string("sideways")]), "options.passes.0"),
      ("seed", .whole(-1), "options"),
      ("isas", .array([.string("sse9")]), "sse9"), ("problem", .string("c3"), "problem 'c3'"),
      ("plan", .string("a,b"), "options.plan"), ("programs", .array([.string("mine")]), "'mine'"),
      ("handicaps", .array([.string("conv3")]), "slow-down 'conv3'"),
      ("description", .object(["shape": .array([.string("x=0")])]), "options.description.shape"),
    ] as [(String, JSONValue, String)])
  func wrongRecord(key: String, value: JSONValue, name: String) throws {
    var record = try unusual().recorded()
    record[key] = value
    let error = #expect(throws: ResultsError.self) { try RunOptions(record, file: "env.json") }
    let sentence = try #require(error).description
    #expect(sentence.contains("env.json") && !sentence.contains("\n"), "\(sentence)")
    #expect(sentence.contains(name), "\(sentence)")
    #expect(!sentence.contains("CodingKeys") && !sentence.contains("Swift."), "\(sentence)")
  }
}
