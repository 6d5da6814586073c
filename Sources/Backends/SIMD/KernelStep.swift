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

  /// - Parameter make: the argument block of a thread.
  init<Arguments>(
    _ function: @escaping KernelFunction, on pool: ThreadPool, make: (_ thread: Int) -> Arguments
  ) {
    let blocks = ArgumentBlocks(count: pool.threadCount, make: make)
    self.function = function
    self.pool = pool
    owner = blocks
    arguments = UnsafeRawPointer(blocks.pointer)
    stride = MemoryLayout<Arguments>.stride
  }

  func run() {
    pool.run(function, arguments: arguments, stride: stride)
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
  private var launches: [KernelLaunch] = []

  init(_ info: StepInfo, makeLaunches: @escaping (Bindings) -> [KernelLaunch]) {
    self.info = info
    self.makeLaunches = makeLaunches
  }

  func bind(_ bindings: Bindings) { launches = makeLaunches(bindings) }

  func run() {
    for launch in launches { launch.run() }
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
