import CSupport
import Execution
import KernelInterface
import Kernels
import Results
import Synchronization
import Tensors

/// Probes what the processor can do at most: multiply-adds with each instruction set, and reading
/// from each level of memory with the loops that read it fastest. At its first probing with some
/// threads it looks for these loops, which takes up to 0.3 s; after that one takes some 10 ms.
final class RoofProbe {
  /// One for the whole process: what it found and its memory serve all hosts, one at a time.
  static let shared = Mutex(RoofProbe())

  /// Multiply-adds of one timed call, per lane: a tenth of a millisecond.
  private static let multiplyAddsPerLane = 1_000_000
  /// A timed call that reads from a cache lasts about so long: starting the threads is a
  /// hundredth of it.
  private static let cacheNanoseconds = 200_000.0
  /// Timed calls; the fastest counts.
  private static let repeats = 3
  /// Windows that are read to compare sizes of pages; the fastest counts.
  private static let windows = 3

  private let kernels = InstructionSet.usable.map { ($0, $0.kernels) }
  private let files: SystemFiles
  private var setups: [Setup.Key: Setup] = [:]
  private var memory: MemoryWindow?
  private var isMemoryScarce = false
  private var hasComparedPages = false

  init(files: SystemFiles = SystemFiles()) { self.files = files }

  /// Waits until foreign threads are quiet, then probes every roof once.
  /// - Parameter cpus: that the pool's threads run on, in order.
  func readings(pool: ThreadPool, cpus: [Int]) -> [RoofReading] {
    let setup = setup(threads: pool.threadCount, cpus: cpus)
    prepareMemory(setup)
    _ = Quiescence.wait()
    search(setup, pool)
    return kernels.map { multiplyAdds($0, $1, setup: setup, pool: pool) }
      + setup.caches.compactMap { cache($0, setup, pool) }
      + [memory.flatMap { window(of: $0, setup, pool) }].compactMap(\.self)
  }

  private func cache(_ probe: CacheProbe, _ setup: Setup, _ pool: ThreadPool) -> RoofReading? {
    let byteCount = setup.byteCount(floatsPerThread: probe.floatsPerThread)
    return best(of: setup.fastest[probe.share.level] ?? []) { loop, rate in
      let passes = Int(min(max(rate * Self.cacheNanoseconds / Double(byteCount), 1), 1e6))
      return RoofReading(
        level: probe.share.level, isa: loop.isa.rawValue,
        value: bandwidth(
          loop, setup, pool, setup.cached.pointer, probe.floatsPerThread, passes: passes,
          repeats: Self.repeats),
        workingSetBytes: byteCount, capacityBytes: probe.share.capacityBytes, loop: loop.text)
    }
  }

  /// One window for each loop.
  private func window(of memory: MemoryWindow, _ setup: Setup, _ pool: ThreadPool) -> RoofReading? {
    let floats = setup.floatsPerThread(ofBytes: MemoryWindow.byteCount)
    return best(of: setup.fastest[.memory] ?? []) { loop, _ in
      RoofReading(
        level: .memory, isa: loop.isa.rawValue,
        value: bandwidth(loop, setup, pool, memory.take(), floats),
        workingSetBytes: setup.byteCount(floatsPerThread: floats),
        loop: "\(loop.text); \(memory.pages.rawValue) pages")
    }
  }

  private func best(
    of loops: [(loop: ReadingLoop, rate: Double)], _ read: (ReadingLoop, Double) -> RoofReading
  ) -> RoofReading? {
    loops.map { read($0.loop, $0.rate) }.max { $0.value < $1.value }
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
  /// - Parameters:
  ///   - floats: of a thread.
  ///   - repeats: as of ``time(_:_:_:repeats:)``. What is read once from memory is cached: a second
  ///     time would tell something else.
  private func bandwidth(
    _ loop: ReadingLoop, _ setup: Setup, _ pool: ThreadPool, _ input: UnsafePointer<Float>,
    _ floats: Int, passes: Int = 1, repeats: Int = 0
  ) -> Double {
    let sums = UnsafeMutableRawPointer(setup.sums.pointer).assumingMemoryBound(to: Int32.self)
    let arguments = (0..<pool.threadCount).map { thread in
      ReadProbeArguments(
        input: input + thread * floats, count: Int64(floats), passes: Int64(passes),
        streams: Int32(loop.streams),
        prefetch_distance: Int32(loop.prefetchBytes / MemoryLayout<Float>.stride),
        sums: sums + thread * Setup.sumStride)
    }
    let nanoseconds = Self.time(
      loop.isa.kernels.read_probe, arguments, pool, repeats: repeats)
    return Double(passes * setup.byteCount(floatsPerThread: floats)) / nanoseconds
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

  /// Finds out how each level of memory is read fastest, once per setup.
  private func search(_ setup: Setup, _ pool: ThreadPool) {
    guard setup.fastest.isEmpty else { return }
    let loops = ReadingLoop.all(kernels.map(\.0))
    for probe in setup.caches {
      let byteCount = setup.byteCount(floatsPerThread: probe.floatsPerThread)
      let passes = max(1, Self.searchBytes / byteCount)
      setup.fastest[probe.share.level] = ReadingLoop.fastest(
        Self.finalists, of: loops, rounds: Self.searchRounds, budgetNanoseconds: 30_000_000
      ) { loop in
        bandwidth(
          loop, setup, pool, setup.cached.pointer, probe.floatsPerThread, passes: passes,
          repeats: 1)
      }
    }
    guard let memory else { return }
    let floats = setup.floatsPerThread(ofBytes: Self.searchBytes)
    setup.fastest[.memory] = ReadingLoop.fastest(
      Self.finalists, of: loops, rounds: Self.searchRounds, budgetNanoseconds: 100_000_000
    ) { loop in
      bandwidth(loop, setup, pool, memory.take(byteCount: Self.searchBytes), floats)
    }
    comparePages(of: memory, setup, pool)
  }

  /// What one turn of a search reads.
  private static let searchBytes = 4 << 20
  private static let searchRounds = 5
  /// Loops of each level that probings use: which of them is the fastest may differ by the minute.
  private static let finalists = 3

  /// Takes small pages where memory is read faster in them, once for all setups.
  private func comparePages(of memory: MemoryWindow, _ setup: Setup, _ pool: ThreadPool) {
    guard !hasComparedPages, let (loop, _) = setup.fastest[.memory]?.first else { return }
    hasComparedPages = true
    let small = AlignedBuffer(
      count: MemoryWindow.byteCount / MemoryLayout<Float>.stride, pages: .small)
    let floats = setup.floatsPerThread(ofBytes: MemoryWindow.byteCount)
    var rates = (huge: 0.0, small: 0.0)
    for _ in 0..<Self.windows {
      memory.sweep { rates.huge = max(rates.huge, bandwidth(loop, setup, pool, $0, floats)) }
      rates.small = max(rates.small, bandwidth(loop, setup, pool, small.pointer, floats))
    }
    guard rates.small > rates.huge else { return }
    self.memory = nil
    self.memory = makeMemory(setup, pages: .small)
  }

  private func prepareMemory(_ setup: Setup) {
    let cache = setup.lastCacheBytes
    guard !isMemoryScarce, memory?.suits(cacheBytes: cache) != true else { return }
    let pages = memory?.pages ?? .huge
    memory = nil
    memory = makeMemory(setup, pages: pages)
    isMemoryScarce = memory == nil
  }

  private func makeMemory(_ setup: Setup, pages: AlignedBuffer.Pages) -> MemoryWindow? {
    let available = files.text("/proc/meminfo").flatMap {
      parseMemoryInfo($0, field: "MemAvailable")
    }
    return MemoryWindow(
      cacheBytes: setup.lastCacheBytes, availableBytes: available, pages: pages)
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
  /// How each level is read fastest, and how fast that was; empty until it is known.
  var fastest: [RoofLevel: [(loop: ReadingLoop, rate: Double)]] = [:]

  /// Every loop can read a multiple of it.
  static let step = ReadingLoop.mostStreams * Int(READ_PROBE_FLOATS)

  init(_ key: Key, accumulatorStride: Int, files: SystemFiles) {
    threads = key.threads
    self.accumulatorStride = accumulatorStride
    let shares = CacheShare.list(threads: key.threads, cpus: key.cpus, files: files)
    caches = CacheProbe.list(shares, step: Self.step)
    lastCacheBytes = shares.last?.capacityBytes
    accumulators = AlignedBuffer(count: threads * accumulatorStride)
    sums = AlignedBuffer(count: threads * Self.sumStride)
    cached = AlignedBuffer(count: threads * (caches.map(\.floatsPerThread).max() ?? 0))
  }

  /// A thread's share of so many bytes.
  func floatsPerThread(ofBytes byteCount: Int) -> Int {
    byteCount / MemoryLayout<Float>.stride / threads / Self.step * Self.step
  }

  /// Of all threads.
  func byteCount(floatsPerThread: Int) -> Int {
    floatsPerThread * threads * MemoryLayout<Float>.stride
  }
}
