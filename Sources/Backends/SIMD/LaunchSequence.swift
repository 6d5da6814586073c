import Execution
import KernelInterface

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
