import Backends
import Execution
import Kernels
import Measuring
import Reporting
import Results
import Testing

private let hasValgrind = CallgrindSource().unavailability(of: "Ir") == nil
private let hasSoftwareEvents = PerfSource(.software).unavailability(of: "task-clock") == nil

@Suite(.serialized) struct CounterPassTests {
  private func options(_ counters: [String]) throws -> RunOptions {
    var options = try smallOptions()
    options.counters = try CounterRequest.parse(counters)
    return options
  }

  private func count(_ options: RunOptions, _ backends: [any Backend]) throws -> RunRecord {
    try run(options, backends, workerCommand: [WorkerTests.program, "worker"])
  }

  @Test("Every workload has a row for every event asked for: a value, or a reason and no value")
  func auto() throws {
    let options = try options(["auto"])
    let record = try count(options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    let events = options.counters?.flatMap { request in
      request.events.map { "\(request.source):\($0)" }
    }
    for workload in record.workloads {
      let rows = record.counters.filter { $0.key == workload.key }
      #expect(rows.map { "\($0.source):\($0.event)" } == events)
      for row in rows {
        let hasValue = ["ok", "scaled", "advisory"].contains(row.status)
        #expect((row.value != nil) == hasValue, "\(row)")
        #expect((row.perCall != nil) == hasValue)
        #expect((row.status == "ok") == row.reason.isEmpty, "\(row)")
      }
      let wall = rows.first { $0.source == "rusage" && $0.event == "wall-time" }
      #expect(try #require(wall?.value) > 0)
    }
    // What was counted was in calls of its own: the samples know nothing of it.
    #expect(record.samples.count == 8)
  }

  @Test("Without being asked for nothing is counted")
  func off() throws {
    #expect(try run(smallOptions(), [WrappedBackend(name: "a")]).counters.isEmpty)
  }

  @Test("A worker counts as this process does")
  func worker() throws {
    var options = try options(["rusage", "auto"])
    options.launches = 2
    let record = try run(
      options, inWorkers: [WrappedBackend(name: "naive", threading: .single)])
    #expect(record.workloads.map(\.status) == [.ok, .ok])
    // Of the first launch only.
    let wall = record.counters.filter { $0.event == "wall-time" }
    #expect(wall.count == 2 && wall.allSatisfy { $0.value ?? 0 > 0 })
  }

  @Test(
    "Two threads are both counted: their processor time is the system's account of it",
    .enabled(if: hasSoftwareEvents))
  func threads() throws {
    let worker = try WorkerHost(command: [WorkerTests.program, "worker"])
    defer { worker.close() }
    let workload = try worker.prepare(
      makeRequest("conv", problem: "c32 h40 k64 r3 p1", on: SIMDBackend(), threads: 2))
    // The two are counted in different calls, of which a busy machine makes some longer; so there are
    // several of each, whose ranges must meet. What a missing thread would do is a factor of two.
    var clocks: [Int] = []
    var accounts: [Int] = []
    for _ in 0..<5 {
      let readings = try workload.counters(
        [
          CounterRequest(source: "perf-software", events: ["task-clock"]),
          CounterRequest(source: "rusage", events: ["user-time", "system-time"]),
        ], calls: 100, allowsMultiplexing: false)
      let clock = readings[0]
      #expect(clock.status == .ok && clock.reason.isEmpty)
      #expect(try #require(clock.threadsSeen) >= 2)
      #expect(clock.threadsCounted == clock.threadsSeen)
      clocks.append(Int(try #require(clock.value)))
      accounts.append(Int(try #require(readings[1].value) + #require(readings[2].value)))
    }
    let clock = try Double(#require(clocks.min()))...Double(#require(clocks.max()))
    let account = try Double(#require(accounts.min()))...Double(#require(accounts.max()))
    #expect(clock.upperBound > 0.7 * account.lowerBound, "\(clocks), \(accounts)")
    #expect(clock.lowerBound < 1.4 * account.upperBound, "\(clocks), \(accounts)")
  }

  @Test(
    "Callgrind counts the same each time, and fewer instructions for wider kernels",
    .enabled(if: hasValgrind))
  func callgrind() throws {
    var options = try options(["callgrind:Ir"])
    options.problem = try Problem("c16 h14 k32 r3 p1")
    options.passes = [.isolated]
    options.isas = [.baseline]
    let backends = [NaiveBackend(), SIMDBackend()] as [any Backend]
    func counts() throws -> [String: Int] {
      let record = try count(options, backends)
      #expect(record.counters.count == 2)
      for row in record.counters {
        #expect(row.status == "ok" && row.scope == "simulated" && row.callCount == 1, "\(row)")
      }
      return Dictionary(
        uniqueKeysWithValues: try record.counters.map { ($0.key.backend, try #require($0.value)) })
    }
    let first = try counts()
    let second = try counts()
    for (backend, count) in first {
      let other = try #require(second[backend])
      #expect(abs(other - count) * 10_000 <= count, "\(backend): \(count), then \(other)")
    }
    // Four lanes; the plain loops have loads and index arithmetic for each product besides.
    #expect(try 3 * #require(first["simd"]) < #require(first["naive"]))
  }

  @Test(
    "Where callgrind runs another kernel than the processor, its counts are advisory",
    .enabled(if: hasValgrind && InstructionSet.avx512.isUsable))
  func advisory() throws {
    var options = try options(["callgrind:Ir"])
    options.passes = [.isolated]
    options.isas = [.avx512]
    let record = try count(options, [SIMDBackend()])
    let row = try #require(record.counters.first)
    #expect(row.status == "advisory" && row.value ?? 0 > 0)
    #expect(row.reason.contains("avx2") && row.reason.contains("avx512"))
  }

  @Test("Several threads are not counted by callgrind, with the reason", .enabled(if: hasValgrind))
  func callgrindThreads() throws {
    var options = try options(["callgrind:Ir"])
    options.passes = [.isolated]
    options.threads = [2]
    let row = try #require(try count(options, [SIMDBackend()]).counters.first)
    #expect(row.status == "unavailable" && row.value == nil)
    #expect(row.reason.contains("--threads 1"))
  }
}
