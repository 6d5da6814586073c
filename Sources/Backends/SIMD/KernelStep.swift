import Execution
import KernelInterface
import Networks
import Tensors

/// One call of a kernel on every thread of a pool, with the argument blocks it reads.
struct KernelLaunch {
  private let function: KernelFunction
  private let arguments: UnsafeRawPointer
  private let stride: Int
  /// Keeps the argument blocks alive.
  private let owner: AnyObject
  private let pool: ThreadPool
  private let phase: Phase
  /// Where a kernel does two phases in turns.
  private let split: PhaseSplit?

  /// - Parameters:
  ///   - phase: what the kernel does, for the phase pass.
  ///   - make: the argument block of a thread.
  init<Arguments>(
    _ function: @escaping KernelFunction, on pool: ThreadPool, phase: Phase,
    make: (_ thread: Int) -> Arguments
  ) {
    self.init(function, on: pool, phase: phase, split: nil, make: make)
  }

  /// A kernel that does two phases in turns and, if told to, counts its ticks in each.
  /// - Parameter make: the argument block of a thread that counts where the pointer is not nil.
  init<Arguments>(
    _ function: @escaping KernelFunction, on pool: ThreadPool, phases: (Phase, Phase),
    make: (_ thread: Int, _ ticks: UnsafeMutablePointer<Int64>?) -> Arguments
  ) {
    let ticks = TickCounters(threadCount: pool.threadCount)
    let counting = ArgumentBlocks(count: pool.threadCount) { make($0, ticks.pointer(thread: $0)) }
    self.init(
      function, on: pool, phase: phases.0,
      split: PhaseSplit(
        second: phases.1, arguments: UnsafeRawPointer(counting.pointer), owner: counting,
        ticks: ticks)
    ) { make($0, nil) }
  }

  private init<Arguments>(
    _ function: @escaping KernelFunction, on pool: ThreadPool, phase: Phase, split: PhaseSplit?,
    make: (_ thread: Int) -> Arguments
  ) {
    let blocks = ArgumentBlocks(count: pool.threadCount, make: make)
    self.function = function
    self.pool = pool
    self.phase = phase
    self.split = split
    owner = blocks
    arguments = UnsafeRawPointer(blocks.pointer)
    stride = MemoryLayout<Arguments>.stride
  }

  func run() {
    pool.run(function, arguments: arguments, stride: stride)
  }

  /// This launch as a part of a sequence. Precondition: made for a pool of one thread.
  var sequenceEntry: SequenceEntry {
    precondition(pool.threadCount == 1)
    return SequenceEntry(
      function: function, arguments: arguments, phase: phase.index,
      secondPhase: (split?.second ?? phase).index, countingArguments: split?.arguments,
      ticks: split?.ticks.pointer(thread: 0))
  }

  func run(timing clock: PhaseClock) {
    let start = clock.now
    guard let split else {
      run()
      return clock.add(phase, since: start)
    }
    split.ticks.reset()
    pool.run(function, arguments: split.arguments, stride: stride)
    let elapsed = clock.now - start
    let second = Int64(Double(elapsed) * split.ticks.shareOfSecond)
    clock.add(phase, nanoseconds: elapsed - second)
    clock.add(split.second, nanoseconds: second)
  }
}

/// The second phase of a kernel, and the argument blocks with which it counts ticks.
private struct PhaseSplit {
  let second: Phase
  let arguments: UnsafeRawPointer
  let owner: AnyObject
  let ticks: TickCounters
}

/// Ticks of two phases for each thread, on a cache line of its own.
private final class TickCounters {
  private let threadCount: Int
  private let counters: UnsafeMutablePointer<Int64>
  private static let stride = 16

  init(threadCount: Int) {
    self.threadCount = threadCount
    counters = .allocate(capacity: threadCount * Self.stride)
    reset()
  }

  deinit { counters.deallocate() }

  func pointer(thread: Int) -> UnsafeMutablePointer<Int64> { counters + thread * Self.stride }

  func reset() { counters.update(repeating: 0, count: threadCount * Self.stride) }

  /// Of both phases' ticks over all threads.
  var shareOfSecond: Double {
    let sums = (0..<threadCount).reduce(into: (0.0, 0.0)) { sums, thread in
      sums.0 += Double(pointer(thread: thread)[0])
      sums.1 += Double(pointer(thread: thread)[1])
    }
    return sums.0 + sums.1 > 0 ? sums.1 / (sums.0 + sums.1) : 0
  }
}

/// Argument blocks of one type, one per thread.
private final class ArgumentBlocks<Arguments> {
  let pointer: UnsafeMutablePointer<Arguments>
  private let count: Int

  init(count: Int, make: (Int) -> Arguments) {
    self.count = count
    pointer = .allocate(capacity: count)
    for thread in 0..<count { (pointer + thread).initialize(to: make(thread)) }
  }

  deinit {
    pointer.deinitialize(count: count)
    pointer.deallocate()
  }
}

/// A step that is a list of kernel launches, made when the memory is known.
final class KernelStep: Step {
  var info: StepInfo
  private let makeLaunches: (Bindings) -> [KernelLaunch]
  private let makeSequences: ((Bindings) -> LaunchSequences)?
  private var launches: [KernelLaunch] = []
  private var sequences: LaunchSequences?

  /// - Parameter makeSequences: what each thread does alone after the launches of all.
  init(
    _ info: StepInfo, makeLaunches: @escaping (Bindings) -> [KernelLaunch],
    makeSequences: ((Bindings) -> LaunchSequences)? = nil
  ) {
    self.info = info
    self.makeLaunches = makeLaunches
    self.makeSequences = makeSequences
  }

  func bind(_ bindings: Bindings) {
    launches = makeLaunches(bindings)
    sequences = makeSequences.map { $0(bindings) }
  }

  /// The launches on some memory, for a step that consists of others. Precondition: made for one
  /// thread, for which there is nothing else.
  func launches(_ bindings: Bindings) -> [KernelLaunch] {
    precondition(makeSequences == nil)
    return makeLaunches(bindings)
  }

  func run() {
    for launch in launches { launch.run() }
    sequences?.run()
  }

  func run(timing clock: PhaseClock) {
    for launch in launches { launch.run(timing: clock) }
    sequences?.run(timing: clock)
  }
}

extension ThreadPool {
  /// This thread's share of `count` items that follow each other: all shares differ by one at most.
  func share(of count: Int, thread: Int) -> Range<Int> {
    (count * thread / threadCount)..<(count * (thread + 1) / threadCount)
  }
}

extension Layout {
  /// The layout of our kernels' image blobs: 16 channels, one AVX-512 register or two AVX2 ones,
  /// the same for all instruction sets.
  static let blocked = Layout.blockedChannels(block: channelBlock)
  /// Channels next to each other.
  static let channelBlock = 16

  /// What our kernels keep a blob in: images in channel blocks, everything else as it is.
  static func native(for shape: Shape) -> Layout { shape.rank == 4 ? .blocked : .nchw }
}

/// `value` rounded up to a multiple of `step`.
func roundUp(_ value: Int, to step: Int) -> Int { (value + step - 1) / step * step }

/// Lists of kernel launches, one for each thread of a pool, that run without a meeting in between.
final class LaunchSequences {
  private let pool: ThreadPool
  /// Keeps argument blocks alive.
  private let launches: [[KernelLaunch]]
  private let entries: UnsafeMutablePointer<SequenceEntry>
  private let arguments: UnsafeMutablePointer<SequenceArguments>
  /// [thread][phase].
  private let ticks: UnsafeMutablePointer<Int64>
  /// Phases of a thread, rounded up to whole cache lines.
  private static let tickStride = (Phase.allCases.count + 15) / 16 * 16

  /// - Parameter make: the launches of a thread, made for a pool of one thread.
  init(on pool: ThreadPool, make: (_ thread: Int) -> [KernelLaunch]) {
    self.pool = pool
    launches = (0..<pool.threadCount).map(make)
    let tickCount = pool.threadCount * Self.tickStride
    ticks = .allocate(capacity: tickCount)
    ticks.initialize(repeating: 0, count: tickCount)
    entries = .allocate(capacity: max(launches.reduce(0) { $0 + $1.count }, 1))
    arguments = .allocate(capacity: pool.threadCount)
    var next = entries
    for (thread, own) in launches.enumerated() {
      (arguments + thread).initialize(
        to: SequenceArguments(
          entries: next, count: own.count, ticks: ticks + thread * Self.tickStride))
      for launch in own {
        next.initialize(to: launch.sequenceEntry)
        next += 1
      }
    }
  }

  deinit {
    entries.deallocate()
    arguments.deallocate()
    ticks.deallocate()
  }

  func run() {
    pool.run(
      { runSequence($0) }, arguments: arguments, stride: MemoryLayout<SequenceArguments>.stride)
  }

  /// The time of the whole, divided among the phases as the threads' ticks are.
  func run(timing clock: PhaseClock) {
    ticks.update(repeating: 0, count: pool.threadCount * Self.tickStride)
    let start = clock.now
    pool.run(
      { countSequence($0) }, arguments: arguments, stride: MemoryLayout<SequenceArguments>.stride)
    let elapsed = Double(clock.now - start)
    let sums = Phase.allCases.indices.map { phase in
      (0..<pool.threadCount).reduce(0.0) { $0 + Double(ticks[$1 * Self.tickStride + phase]) }
    }
    let total = max(sums.reduce(0, +), 1)
    for (phase, sum) in zip(Phase.allCases, sums) where sum > 0 {
      clock.add(phase, nanoseconds: Int64(elapsed * sum / total))
    }
  }
}

/// One launch on one thread.
struct SequenceEntry {
  let function: KernelFunction
  let arguments: UnsafeRawPointer
  /// Positions in `Phase.allCases`.
  let phase: Int
  let secondPhase: Int
  /// Of a kernel that does two phases: the block with which it counts ticks, and where.
  let countingArguments: UnsafeRawPointer?
  let ticks: UnsafeMutablePointer<Int64>?
}

private struct SequenceArguments {
  let entries: UnsafePointer<SequenceEntry>
  let count: Int
  let ticks: UnsafeMutablePointer<Int64>
}

private func runSequence(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: SequenceArguments.self)
  for index in 0..<a.pointee.count {
    a.pointee.entries[index].function(a.pointee.entries[index].arguments)
  }
}

private func countSequence(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: SequenceArguments.self)
  for index in 0..<a.pointee.count {
    let entry = a.pointee.entries[index]
    if let counting = entry.countingArguments, let ticks = entry.ticks {
      (ticks[0], ticks[1]) = (0, 0)
      entry.function(counting)
      a.pointee.ticks[entry.phase] += ticks[0]
      a.pointee.ticks[entry.secondPhase] += ticks[1]
    } else {
      let start = kernel_ticks()
      entry.function(entry.arguments)
      a.pointee.ticks[entry.phase] += kernel_ticks() - start
    }
  }
}
