import Backends
import Execution
import Foundation
import Kernels
import Measuring
import Networks
import Reporting
import Results
import Testing

@Suite struct RunnerTests {
  @Test("A right backend is timed, in every round, and its error recorded")
  func exact() throws {
    let record = try run(
      smallOptions(), [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    #expect(record.workloads.map(\.status) == [.ok, .ok, .ok, .ok])
    #expect(record.workloads.map(\.key.layer) == ["conv", "conv", "net", "net"])
    #expect(record.workloads.allSatisfy { $0.check.maxAbsError != nil })
    #expect(record.workloads.allSatisfy { $0.check.errorBound != nil })
    #expect(record.hasAnyResult)
    #expect(record.incorrect.isEmpty)
    for row in record.workloads {
      let samples = record.samples.filter { $0.key == row.key }
      #expect(samples.map(\.round) == [0, 1])
    }
    #expect(record.layers.map(\.layer) == ["conv", "net"])
    let rows = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    #expect(rows.allSatisfy { $0.time.median != nil })
  }

  @Test(
    "A wrong backend fails, gets no time, and does not keep others from theirs",
    arguments: [WrappedBackend.Flaw.dropsLastTile, .writesZeros])
  func wrong(flaw: WrappedBackend.Flaw) throws {
    let record = try run(
      smallOptions(), [WrappedBackend(name: "good"), WrappedBackend(name: "bad", flaw: flaw)])
    let bad = record.workloads.filter { $0.key.backend == "bad" }
    #expect(bad.map(\.status) == [.failed, .failed])
    #expect(bad.allSatisfy { !$0.reason.isEmpty })
    #expect(record.incorrect.count == 2)
    #expect(!record.samples.contains { $0.key.backend == "bad" })
    let rows = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    for row in rows {
      #expect((row.time.median == nil) == (row.key.backend == "bad"))
    }
  }

  @Test("A library that takes fewer threads than were asked for is warned of, and its rows say so")
  func fewerThreads() throws {
    var options = try smallOptions()
    options.threads = [2]
    let record = try run(
      options, [WrappedBackend(name: "able"), WrappedBackend(name: "alone", largestThreadCount: 1)])
    #expect(
      record.warnings == [
        "alone computes on 1 thread where 2 were asked for, which is all that its library takes; its "
          + "kernel_id says so"
      ])
    #expect(record.workloads.count == 4)
    for row in record.workloads {
      #expect(row.status == .ok)
      #expect(row.key.threads == 2)
      #expect(row.facts.kernelID.hasSuffix(" (1 thread)") == (row.key.backend == "alone"))
    }
  }

  @Test("What goes wrong while it is timed is found after, and the time is withheld")
  func failsLater() throws {
    let record = try run(
      smallOptions(passes: [.isolated]),
      [WrappedBackend(name: "late", flaw: .failsLater(call: 20))])
    let row = try #require(record.workloads.first)
    #expect(row.status == .failed)
    #expect(row.reason.hasPrefix("after timing: "))
    let rows = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    #expect(rows.allSatisfy { $0.time.median == nil })
  }

  @Test("Refusals, missing libraries and single-threaded backends are rows with a reason")
  func reasons() throws {
    var options = try smallOptions(passes: [.isolated])
    options.threads = [2]
    let missing = Unavailability(reason: "libx cannot be opened", hint: "apt-get install libx")
    let record = try run(
      options,
      [
        WrappedBackend(name: "refusing", flaw: .refuses),
        WrappedBackend(name: "missing", unavailability: missing),
        WrappedBackend(name: "single", threading: .single),
      ])
    #expect(record.workloads.map(\.status) == [.unsupported, .unavailable, .skipped])
    #expect(
      record.workloads.map(\.reason) == [
        "it refuses everything", "libx cannot be opened; apt-get install libx",
        "single runs on one thread by definition",
      ])
    #expect(!record.hasAnyResult)
  }

  @Test("A missing backend that is asked for by name ends the run")
  func askedFor() throws {
    var options = try smallOptions()
    options.backends = ["missing"]
    let missing = Unavailability(reason: "libx cannot be opened", hint: "apt-get install libx")
    #expect {
      try run(options, [WrappedBackend(name: "missing", unavailability: missing)])
    } throws: {
      "\($0)".contains("apt-get install libx")
        && ($0 as? MeasuringError).map { if case .unavailable = $0 { true } else { false } } == true
    }
  }

  @Test("Single-threaded backends stay outside the square")
  func single() throws {
    let record = try run(
      smallOptions(passes: [.isolated]),
      [WrappedBackend(name: "pool"), WrappedBackend(name: "single", threading: .single)])
    let single = record.samples.filter { $0.key.backend == "single" }
    #expect(single.map(\.round) == [0, 1, 2])
    #expect(Set(single.map(\.position)) == [1])
  }

  @Test("Layers of a net that are no steps of their own have rows with reasons, once")
  func coverage() throws {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.passes = [.net]
    options.isCheckOnly = true
    options.backends = ["im2col-openblas"]
    let backends = BackendCatalog.all()
    guard backends.first(where: { $0.name == "im2col-openblas" })?.unavailability == nil else {
      return
    }
    let record = try run(options, backends)
    #expect(record.samples.isEmpty)
    let elided = record.workloads.filter { $0.status == .elided }
    #expect(elided.map(\.key.layer) == ["drop6", "drop7"])
    #expect(elided.allSatisfy { $0.key.pass == .net && $0.reason == "identity in inference" })
    #expect(record.workloads.filter { $0.key.layer == "net" }.map(\.status) == [.ok])
  }

  @Test("An interruption keeps what is complete and says what is not", arguments: [0, 5, 60])
  func interruption(blocks: Int) throws {
    var options = try smallOptions()
    options.rounds = 100
    let parent = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folder = try RunFolder(parent: parent)
    var count = 0
    let record = try run(options, [WrappedBackend(name: "a")], folder: folder) {
      count += 1
      return count > blocks
    }
    #expect(record.wasInterrupted)
    #expect(record.workloads.allSatisfy { $0.status == .skipped && !$0.reason.isEmpty })
    let samples = try Schema.samples.rows(inFolder: folder.path)
    #expect(samples == record.samples)
    #expect(try Schema.workloads.rows(inFolder: folder.path).count == record.workloads.count)
    if blocks == 60 { #expect(!samples.isEmpty) }
  }

  @Test("Instruction sets give own kernels a row each, and others one")
  func instructionSets() throws {
    var options = try smallOptions(passes: [.isolated])
    options.isas = InstructionSet.usable
    options.isCheckOnly = true
    let record = try run(options, [WrappedBackend(name: "own"), NaiveBackend()])
    let own = record.workloads.filter { $0.key.backend == "own" }
    #expect(own.map(\.key.isa) == options.isas.map(\.rawValue))
    #expect(record.workloads.count { $0.key.backend == "naive" } == 1)
  }

  @Test("Bad options are refused before anything runs")
  func validation() throws {
    func refuse(_ change: (inout RunOptions) -> Void) throws {
      var options = try smallOptions()
      change(&options)
      #expect(throws: MeasuringError.self) {
        try RunMatrix(options, backends: [WrappedBackend(name: "a")])
      }
    }
    try refuse { $0.batches = [0] }
    try refuse { $0.threads = [0] }
    try refuse { $0.rounds = 0 }
    try refuse { $0.launches = 0 }
    try refuse { $0.backends = ["b"] }
    try refuse { $0.layers = ["conv9"] }
    try refuse { $0.cpus = [100_000] }
    try refuse {
      $0.problem = nil
      $0.networks = ["alexnut"]
    }
    try refuse { $0.tiles = ["conv9": "4"] }
    #expect(throws: Never.self) {
      try RunMatrix(smallOptions(), backends: [WrappedBackend(name: "a")])
    }
  }
}
