import Execution
import KernelInterface
import Tensors

/// One thread's part of a job.
struct ThreadShare {
  let thread: Int
  let threadCount: Int

  /// This thread's part of `0 ..< count`; parts differ by at most one.
  func range(of count: Int) -> Range<Int> {
    count * thread / threadCount..<count * (thread + 1) / threadCount
  }
}

/// A kernel with its argument blocks, one per thread, filled once so that a call allocates nothing.
final class PoolJob<Arguments: BitwiseCopyable> {
  private let pool: ThreadPool
  private let function: KernelFunction
  private let blocks: UnsafeMutablePointer<Arguments>

  /// - Parameters:
  ///   - function: reads an `Arguments` from the address it is given.
  ///   - callCount: how many different calls there are, for example one per image.
  ///   - arguments: the block of a call and a thread.
  init(
    pool: ThreadPool, function: KernelFunction, callCount: Int = 1,
    arguments: (_ call: Int, _ share: ThreadShare) -> Arguments
  ) {
    self.pool = pool
    self.function = function
    blocks = .allocate(capacity: callCount * pool.threadCount)
    for call in 0..<callCount {
      for thread in 0..<pool.threadCount {
        let share = ThreadShare(thread: thread, threadCount: pool.threadCount)
        (blocks + call * pool.threadCount + thread).initialize(to: arguments(call, share))
      }
    }
  }

  deinit { blocks.deallocate() }

  func run(call: Int = 0) {
    pool.run(
      function, arguments: blocks + call * pool.threadCount,
      stride: MemoryLayout<Arguments>.stride)
  }
}

/// A step that is one job, or several one after the other, over row-major blobs, compiled for the
/// baseline.
///
/// Gives the library backends the layers that no BLAS has: plain, but efficient and vectorisable by
/// the compiler, so that a comparison of whole nets is not decided by them.
final class PlainStep<Arguments: BitwiseCopyable>: Step {
  let info: StepInfo
  private let pool: ThreadPool
  private let function: KernelFunction
  private let callCount: Int
  private let arguments: (Bindings, Int, ThreadShare) -> Arguments
  private var job: PoolJob<Arguments>?

  convenience init(
    info: StepInfo, pool: ThreadPool, function: KernelFunction,
    arguments: @escaping (Bindings, ThreadShare) -> Arguments
  ) {
    self.init(info: info, pool: pool, function: function, callCount: 1) { bindings, _, share in
      arguments(bindings, share)
    }
  }

  /// - Parameter callCount: jobs, each seeing what the ones before have written.
  init(
    info: StepInfo, pool: ThreadPool, function: KernelFunction, callCount: Int,
    arguments: @escaping (_ bindings: Bindings, _ call: Int, _ share: ThreadShare) -> Arguments
  ) {
    self.info = info
    self.pool = pool
    self.function = function
    self.callCount = callCount
    self.arguments = arguments
  }

  func bind(_ bindings: Bindings) {
    job = PoolJob(pool: pool, function: function, callCount: callCount) { call, share in
      arguments(bindings, call, share)
    }
  }

  func run() {
    guard let job else { preconditionFailure("\(info.implementation) is not bound") }
    for call in 0..<callCount { job.run(call: call) }
  }
}

/// A scratch row of floats for each thread, each on cache lines of its own.
struct ScratchRows {
  private let rowCount: Int

  /// - Parameter count: floats per thread.
  init(count: Int) { rowCount = (count + 31) / 32 * 32 }

  func byteCount(threadCount: Int) -> Int {
    rowCount * threadCount * MemoryLayout<Float>.stride
  }

  func row(_ share: ThreadShare, in workspace: UnsafeMutableRawPointer) -> UnsafeMutablePointer<
    Float
  > {
    workspace.assumingMemoryBound(to: Float.self) + share.thread * rowCount
  }
}
