import CSupport
import Foundation
import Measuring
import Results
import Synchronization
import Testing

/// A block of ten calls.
private func block(_ nanoseconds: Int, faults: Int = 0) -> BlockMeasurement {
  BlockMeasurement(
    iterations: 10, startNanoseconds: 0, wallNanoseconds: nanoseconds, cpuUserNanoseconds: 0,
    cpuSystemNanoseconds: 0, faults: faults, switches: 0, migrations: 0, stealNanoseconds: nil,
    clockGHz: 3, isContaminated: false, isSteady: true)
}

@Suite struct WarmUpTests {
  @Test("Level times without faults are steady; a drift or a fault is not")
  func steadiness() {
    #expect(WarmUp.isSteady([1000, 1003, 999, 1001, 1002].map { block($0) }))
    #expect(!WarmUp.isSteady([1000, 1010, 1020, 1030, 1040].map { block($0) }))
    #expect(!WarmUp.isSteady([1040, 1030, 1020, 1010, 1000].map { block($0) }))
    #expect(!WarmUp.isSteady([block(1000), block(1000, faults: 1), block(1000)]))
    // One wild block does not bend the trend.
    #expect(WarmUp.isSteady([1000, 1001, 5000, 1001, 1000].map { block($0) }))
  }

  @Test("Threads that come or go are no steady state")
  func threads() {
    var blocks = [1000, 1001, 1000, 1001, 1000].map { block($0) }
    for index in blocks.indices { blocks[index].threadCount = 4 }
    #expect(WarmUp.isSteady(blocks))
    blocks[2].threadCount = 5
    #expect(!WarmUp.isSteady(blocks))
  }

  @Test("A block tells how many threads the process has")
  func threadCount() throws {
    let host = LocalHost { _ in [] }
    defer { host.close() }
    let workload = try host.prepare(makeRequest("conv", on: WrappedBackend(name: "a"), threads: 3))
    let block = try workload.time(BlockRequest(iterations: 1, isPrimed: false))
    // The pool's own two at least, and the one that asks.
    #expect(try #require(block.threadCount) >= 3)
  }

  @Test("Warming up ends with the first five blocks that agree")
  func ends() {
    var times = [9000, 7000, 5000, 3000, 2000, 1000, 1001, 1000, 1001, 1000, 1000, 1000]
    let isSteady = WarmUp.run(capNanoseconds: .max) { block(times.removeFirst()) }
    #expect(isSteady)
    #expect(times.count <= 3)
  }

  @Test("Blocks that ran right before count")
  func earlier() {
    var count = 0
    let isSteady = WarmUp.run(capNanoseconds: .max, after: [1000, 1001, 1000].map { block($0) }) {
      count += 1
      return block(1000)
    }
    #expect(isSteady && count == 2)
  }

  @Test("At the cap the state is what it is")
  func cap() {
    var count = 0
    let isSteady = WarmUp.run(capNanoseconds: 0) {
      count += 1
      return block(1000 * count)
    }
    #expect(!isSteady)
    #expect(count == WarmUp.blockCount)
  }

  @Test("A thread that spins on is noticed", .enabled(if: allowedCPUs.count > 1))
  func quiescence() {
    // On CPUs of their own: on one, either runs only while the other waits.
    let cpus = allowedCPUs
    _ = alex_pin_thread(cpus[0])
    defer { _ = alex_set_affinity(cpus, Int32(cpus.count)) }
    let spinner = Spinner()
    Thread.detachNewThread {
      _ = alex_pin_thread(cpus[1])
      spinner.spin()
    }
    // The thread may need a while to start, and gets its CPU only now and then on a busy machine:
    // one look at a time, and many looks.
    var isQuiet = true
    for _ in 0..<50_000 where isQuiet { isQuiet = Quiescence.wait(capNanoseconds: 0) }
    #expect(!isQuiet)
    // From then on whenever it runs, not only where a tick of the scheduler falls into the look. This
    // thread may have been stopped before or after a look, hence not every time.
    var (running, noticed) = (0, 0)
    for _ in 0..<1000 {
      let start = spinner.nanoseconds.load(ordering: .relaxed)
      let isQuiet = Quiescence.wait(capNanoseconds: 0)
      guard spinner.nanoseconds.load(ordering: .relaxed) - start > 100_000 else { continue }
      running += 1
      if !isQuiet { noticed += 1 }
    }
    #expect(noticed * 10 >= running * 9, "\(noticed) of \(running) looks")
    spinner.isDone.store(true, ordering: .relaxed)
  }
}

/// The CPUs of the process; its first thread is never pinned.
private let allowedCPUs: [Int32] = {
  let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = text.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
  let list = line?.split(separator: "\t").last.map(String.init) ?? "0"
  return (parseCPUList(list) ?? [0]).map(Int32.init)
}()

/// A thread's work as a library leaves it behind.
private final class Spinner: Sendable {
  let isDone = Atomic(false)
  /// Its own processor time.
  let nanoseconds = Atomic<Int64>(0)
  func spin() {
    while !isDone.load(ordering: .relaxed) {
      alex_pause()
      nanoseconds.store(alex_thread_cpu_ns(), ordering: .relaxed)
    }
  }
}
