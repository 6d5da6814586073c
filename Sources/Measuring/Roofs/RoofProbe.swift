import CSupport
import Execution
import KernelInterface
import Kernels
import Results
import Tensors

/// Probes what the processor can do at most: multiply-adds with each instruction set, and reading
/// from each level of memory with the best one. One probing takes a few milliseconds.
final class RoofProbe {
  /// Multiply-adds of one timed call, per lane: some tens of microseconds.
  private static let multiplyAddsPerLane = 250_000
  /// Bytes that a thread reads from a cache in one timed call.
  private static let cacheReadBytes = 4 << 20
  /// Timed calls; the fastest counts.
  private static let repeats = 3

  private let kernels = InstructionSet.usable.map { ($0, $0.kernels) }
  private let files: SystemFiles
  private var setups: [Setup.Key: Setup] = [:]
  private var memory: MemoryWindow?
  private var isMemoryScarce = false

  init(files: SystemFiles = SystemFiles()) { self.files = files }

  /// Waits until foreign threads are quiet, then probes every roof once.
  /// - Parameter cpus: that the pool's threads run on, in order.
  func readings(pool: ThreadPool, cpus: [Int]) -> [RoofReading] {
    let setup = setup(threads: pool.threadCount, cpus: cpus)
    prepareMemory(setup)
    _ = Quiescence.wait()
    var readings = kernels.map { isa, table in
      multiplyAdds(isa, table, setup: setup, pool: pool)
    }
    guard let (isa, table) = kernels.first else { return readings }
    for probe in setup.caches {
      let passes = max(1, Self.cacheReadBytes / MemoryLayout<Float>.stride / probe.floatsPerThread)
      readings.append(
        RoofReading(
          level: probe.share.level, isa: isa.rawValue,
          value: bandwidth(
            table, setup: setup, pool: pool, input: UnsafePointer(setup.cached.pointer),
            floatsPerThread: probe.floatsPerThread, passes: passes, repeats: Self.repeats,
            isPrefetching: false),
          workingSetBytes: setup.byteCount(floatsPerThread: probe.floatsPerThread),
          capacityBytes: probe.share.capacityBytes))
    }
    if let memory {
      let floats = setup.memoryFloatsPerThread
      readings.append(
        RoofReading(
          level: .memory, isa: isa.rawValue,
          // What is read once is cached: a second time would tell something else.
          value: bandwidth(
            table, setup: setup, pool: pool, input: memory.take(), floatsPerThread: floats,
            passes: 1, repeats: 0, isPrefetching: true),
          workingSetBytes: setup.byteCount(floatsPerThread: floats)))
    }
    return readings
  }

  /// FLOP per nanosecond of all threads.
  private func multiplyAdds(
    _ isa: InstructionSet, _ table: KernelTable, setup: Setup, pool: ThreadPool
  ) -> RoofReading {
    let rounds = Self.multiplyAddsPerLane / Int(table.probe_accumulators)
    let arguments = (0..<pool.threadCount).map { thread in
      // The accumulators go to 2 and stay there: no value is special.
      MultiplyAddProbeArguments(
        values: setup.accumulators.pointer + thread * setup.accumulatorStride, factor: 0.5,
        addend: 1, rounds: Int64(rounds))
    }
    let nanoseconds = Self.time(table.multiply_add_probe, arguments, pool, repeats: Self.repeats)
    let multiplyAdds = rounds * Int(table.probe_accumulators) * Int(table.lanes)
    return RoofReading(
      level: .multiplyAdd, isa: isa.rawValue,
      value: Double(2 * multiplyAdds * pool.threadCount) / nanoseconds)
  }

  /// Bytes per nanosecond of all threads.
  private func bandwidth(
    _ table: KernelTable, setup: Setup, pool: ThreadPool, input: UnsafePointer<Float>,
    floatsPerThread: Int, passes: Int, repeats: Int, isPrefetching: Bool
  ) -> Double {
    let sums = UnsafeMutableRawPointer(setup.sums.pointer).assumingMemoryBound(to: Int32.self)
    let arguments = (0..<pool.threadCount).map { thread in
      ReadProbeArguments(
        input: input + thread * floatsPerThread, count: Int64(floatsPerThread),
        passes: Int64(passes), is_prefetching: isPrefetching ? 1 : 0,
        sums: sums + thread * Setup.sumStride)
    }
    let nanoseconds = Self.time(table.read_probe, arguments, pool, repeats: repeats)
    return Double(passes * setup.byteCount(floatsPerThread: floatsPerThread)) / nanoseconds
  }

  /// The fastest of some calls after an untimed one; of a single call without repeats.
  private static func time<Arguments>(
    _ kernel: KernelFunction, _ arguments: [Arguments], _ pool: ThreadPool, repeats: Int
  ) -> Double {
    arguments.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return 1 }
      func call() -> Int64 {
        let start = alex_monotonic_ns()
        pool.run(kernel, arguments: base, stride: MemoryLayout<Arguments>.stride)
        return alex_monotonic_ns() - start
      }
      let first = call()
      return Double(max((0..<repeats).map { _ in call() }.min() ?? first, 1))
    }
  }

  private func prepareMemory(_ setup: Setup) {
    let cache = setup.lastCacheBytes
    guard !isMemoryScarce, memory?.suits(cacheBytes: cache) != true else { return }
    memory = nil
    let available = files.text("/proc/meminfo").flatMap {
      parseMemoryInfo($0, field: "MemAvailable")
    }
    memory = MemoryWindow(cacheBytes: cache, availableBytes: available)
    isMemoryScarce = memory == nil
  }

  private func setup(threads: Int, cpus: [Int]) -> Setup {
    let key = Setup.Key(threads: threads, cpus: cpus)
    if let setup = setups[key] { return setup }
    let accumulators = kernels.map { Int($0.1.probe_accumulators * $0.1.lanes) }.max() ?? 0
    let setup = Setup(key, accumulatorStride: accumulators, files: files)
    setups[key] = setup
    return setup
  }
}

/// What the probes of some threads read and write.
private final class Setup {
  struct Key: Hashable {
    var threads: Int
    var cpus: [Int]
  }

  /// Numbers of one thread's sums: a cache line.
  static let sumStride = 16

  let threads: Int
  let caches: [CacheProbe]
  let lastCacheBytes: Int?
  /// Floats of one thread's accumulators, as many as any instruction set has.
  let accumulatorStride: Int
  let accumulators: AlignedBuffer
  let sums: AlignedBuffer
  /// What is read from the caches; a smaller level's set is the beginning of a larger one's.
  let cached: AlignedBuffer

  init(_ key: Key, accumulatorStride: Int, files: SystemFiles) {
    threads = key.threads
    self.accumulatorStride = accumulatorStride
    let shares = CacheShare.list(threads: key.threads, cpus: key.cpus, files: files)
    caches = CacheProbe.list(shares, step: Int(READ_PROBE_FLOATS))
    lastCacheBytes = shares.last?.capacityBytes
    accumulators = AlignedBuffer(count: threads * accumulatorStride)
    sums = AlignedBuffer(count: threads * Self.sumStride)
    cached = AlignedBuffer(count: threads * (caches.map(\.floatsPerThread).max() ?? 0))
  }

  /// A thread's share of a window.
  var memoryFloatsPerThread: Int {
    let step = Int(READ_PROBE_FLOATS)
    return MemoryWindow.byteCount / MemoryLayout<Float>.stride / threads / step * step
  }

  /// Of all threads.
  func byteCount(floatsPerThread: Int) -> Int {
    floatsPerThread * threads * MemoryLayout<Float>.stride
  }
}
