import Foundation
import Kernels
import Measuring
import Results
import Testing

struct RoofTests {
  @Test("Every usable instruction set and level is probed", arguments: [1, 2])
  func readings(threads: Int) throws {
    let host = LocalHost { _ in [] }
    defer { host.close() }
    for _ in 0..<2 {
      let readings = try host.roofs(RoofRequest(threads: threads))
      let peaks = readings.filter { $0.level == .multiplyAdd }
      #expect(peaks.map(\.isa) == InstructionSet.usable.map(\.rawValue))
      #expect(peaks.allSatisfy { $0.workingSetBytes == nil && $0.capacityBytes == nil })
      let reads = readings.filter { $0.level != .multiplyAdd }
      #expect(reads.allSatisfy { peaks.map(\.isa).contains($0.isa) })
      let loops = try reads.map { try #require($0.loop) }
      #expect(loops.allSatisfy { $0.contains("stream") && $0.contains("prefetch") })
      #expect(
        zip(reads, loops).allSatisfy { ($0.level == .memory) == $1.hasSuffix(" pages") })
      for (inner, outer) in zip(reads, reads.dropFirst()) {
        let set = try #require(outer.workingSetBytes)
        guard let capacity = outer.capacityBytes else { continue }
        #expect(set > (inner.capacityBytes ?? 0) && set < capacity)
      }
      for memory in reads where memory.level == .memory { #expect(memory.capacityBytes == nil) }
      #expect(readings.allSatisfy { $0.value.isFinite && $0.value > 0 })
    }
    #expect(throws: MeasuringError.self) { try host.roofs(RoofRequest(threads: 0)) }
    #expect(throws: MeasuringError.self) {
      try host.roofs(RoofRequest(threads: 1, cpus: [100_000]))
    }
  }

  @Test("Probes of all rounds and launches become one row: the largest and the median")
  func log() {
    var log = RoofLog()
    func probe(_ peak: Double, _ bandwidth: Double, threads: Int) {
      log.add(
        [
          RoofReading(level: .multiplyAdd, isa: "avx2", value: peak),
          RoofReading(
            level: .level1, isa: "avx2", value: bandwidth, workingSetBytes: 16, capacityBytes: 32),
        ], threads: threads)
    }
    probe(10, 5, threads: 2)
    probe(30, 7, threads: 2)
    probe(20, 4, threads: 2)
    probe(15, 6, threads: 2)
    probe(9, 2, threads: 1)
    log.add([], threads: 1)
    func row(
      _ level: RoofLevel, _ threads: Int, _ value: Double, _ median: Double, _ count: Int
    ) -> RoofRow {
      let isRead = level != .multiplyAdd
      return RoofRow(
        runID: "r", level: level, isa: "avx2", threads: threads, value: value, median: median,
        probeCount: count, workingSetBytes: isRead ? 16 : nil, capacityBytes: isRead ? 32 : nil)
    }
    #expect(
      log.rows(runID: "r") == [
        row(.multiplyAdd, 2, 30, 15, 4), row(.level1, 2, 7, 5, 4), row(.multiplyAdd, 1, 9, 9, 1),
        row(.level1, 1, 2, 2, 1),
      ])
  }

  @Test("Where processes found different loops, the fastest reading names the row's")
  func loops() {
    var log = RoofLog()
    for (isa, value, loop) in [("avx2", 5.0, "a"), ("avx512", 7, "b"), ("avx2", 6, "c")] {
      log.add(
        [RoofReading(level: .memory, isa: isa, value: value, workingSetBytes: 16, loop: loop)],
        threads: 1)
    }
    #expect(
      log.rows(runID: "r") == [
        RoofRow(
          runID: "r", level: .memory, isa: "avx512", threads: 1, value: 7, median: 6, probeCount: 3,
          workingSetBytes: 16, loop: "b")
      ])
  }

  @Test("Reading loops are all combinations once, the simplest first")
  func candidates() {
    let all = ReadingLoop.all(InstructionSet.usable)
    #expect(Set(all).count == all.count && all.count == 24 * InstructionSet.usable.count)
    #expect(all.first?.text == "1 stream; no prefetch")
    #expect(all.last?.text == "8 streams; prefetch 8192 bytes ahead")
    #expect(all.allSatisfy { $0.streams <= ReadingLoop.mostStreams })
  }

  @Test("The medians of its turns decide on the fastest loops")
  func fastest() throws {
    let loops = ReadingLoop.all([.baseline])
    var turns: [ReadingLoop] = []
    // One loop is fast once, in the second of three rounds, two are always.
    let found = ReadingLoop.fastest(
      3, of: loops, rounds: 3, budgetNanoseconds: 100, clock: { 0 },
      rate: { loop in
        turns.append(loop)
        if turns.count == loops.count + 5 { return 9 }
        return loop == loops[7] ? 3 : loop == loops[20] ? 4 : 1
      })
    #expect(turns == loops + loops + loops)
    // Of equals the first.
    #expect(found.map(\.loop) == [loops[20], loops[7], loops[0]])
    #expect(found.map(\.rate) == [4, 3, 1])
  }

  @Test("A search ends with its budget, but not before everything had a turn")
  func budget() {
    let loops = ReadingLoop.all([.baseline])
    for (budget, rounds) in [(0, 1), (1, 1), (25, 2), (49, 3)] as [(Int64, Int)] {
      var now: Int64 = 0
      let found = ReadingLoop.fastest(
        1, of: loops, rounds: 3, budgetNanoseconds: budget, clock: { now },
        rate: { _ in
          now += 1
          return Double(now)
        })
      #expect(now == Int64(rounds * loops.count))
      #expect(found.map(\.loop) == [loops[loops.count - 1]])
    }
    #expect(
      ReadingLoop.fastest(1, of: [], rounds: 3, budgetNanoseconds: 1, rate: { _ in 1 }).isEmpty)
  }

  /// A run that takes note of what it asks for.
  private func probings(
    _ options: RunOptions, _ backends: [WrappedBackend], folder: RunFolder? = nil
  ) throws -> (record: RunRecord, requests: [[RoofRequest]]) {
    var hosts: [RecordingHost] = []
    let runner = try Runner(
      RunMatrix(options, backends: backends),
      makeHost: { _ in
        hosts.append(RecordingHost(LocalHost { _ in backends }))
        return hosts[hosts.count - 1]
      }, folder: folder, progress: .silent, isInterrupted: { false })
    let record = try runner.run()
    return (record, hosts.map(\.requests))
  }

  @Test("Roofs are probed once in a while for each number of threads, in every launch")
  func rounds() throws {
    let parent = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folder = try RunFolder(parent: parent)
    var options = try smallOptions(passes: [.isolated])
    options.threads = [1, 2]
    options.launches = 2
    let (record, requests) = try probings(
      options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")], folder: folder)
    let one = RoofRequest(threads: 1)
    let two = RoofRequest(threads: 2)
    #expect(requests == [[one, two], [one, two]])
    #expect(record.roofs.map(\.probeCount) == [2, 2])
    #expect(record.roofs.map(\.threads) == [1, 2])
    // Each answer of a host is larger than the one before.
    #expect(record.roofs.map(\.value) == [1, 2])
    #expect(record.roofs.map(\.median) == [1, 2])
    #expect(try Schema.roofs.rows(inFolder: folder.path) == record.roofs)
  }

  @Test("A probe is due after ten seconds, for each number of threads on its own")
  func clock() {
    var now = 0
    let clock = RoofClock { now }
    #expect(clock.isDue(1) && clock.isDue(2))
    now += RoofClock.intervalNanoseconds - 1
    #expect(!clock.isDue(1) && !clock.isDue(2))
    now += 1
    #expect(clock.isDue(1))
    #expect(!clock.isDue(1) && clock.isDue(2))
  }

  @Test("Without rounds there is one probing, without timing none")
  func noRounds() throws {
    var options = try smallOptions(passes: [.isolated])
    let single = WrappedBackend(name: "single", threading: .single)
    #expect(try probings(options, [single]).requests.map(\.count) == [1])
    let refusing = WrappedBackend(name: "refusing", flaw: .refuses)
    #expect(try probings(options, [refusing]).requests.map(\.count) == [0])
    options.isCheckOnly = true
    let (record, requests) = try probings(options, [single, WrappedBackend(name: "a")])
    #expect(requests.map(\.count) == [0])
    #expect(record.roofs.isEmpty)
  }

  @Test("A host that cannot probe has no roofs")
  func cannot() throws {
    let host: any WorkloadHost = PlainHost()
    #expect(try host.roofs(RoofRequest(threads: 1)).isEmpty)
  }
}

/// Another host's workloads, with made-up roofs: 1, 2, 3, …
private final class RecordingHost: WorkloadHost {
  private let host: any WorkloadHost
  private(set) var requests: [RoofRequest] = []

  init(_ host: any WorkloadHost) { self.host = host }

  func prepare(_ request: WorkloadRequest) throws -> any Workload { try host.prepare(request) }
  func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    requests.append(request)
    return [RoofReading(level: .multiplyAdd, isa: "avx2", value: Double(requests.count))]
  }
  func close() { host.close() }
}

/// A host without roofs.
private final class PlainHost: WorkloadHost {
  func prepare(_ request: WorkloadRequest) throws -> any Workload {
    throw MeasuringError.usage("not here")
  }
  func close() {}
}
