import KernelInterface

/// Output channels of a register tile: two vectors.
let outputTile = 2 * Vector.scalarCount

/// Sums of `width` output pixels by two vectors of output channels, meant to live in registers.
struct RegisterTile<let width: Int> {
  var low: InlineArray<width, Vector>
  var high: InlineArray<width, Vector>

  /// Every pixel starts with zero.
  @inline(__always)
  init() {
    low = vectors()
    high = vectors()
  }

  /// Every pixel starts with the bias of its channels.
  @inline(__always)
  init(bias: UnsafePointer<Float>) {
    self.init()
    for x in 0..<width {
      low[x] = loadVector(bias)
      high[x] = loadVector(bias + Vector.scalarCount)
    }
  }

  /// Adds `count` channels of one tap: pixel x reads `input[x · pixelStep + c]`, weights are
  /// [c][output tile]. The first `skipFirst` and the last `skipLast` pixels are left alone: for
  /// them the tap falls into the padding. Weights are asked for `ahead` floats before their use; 0
  /// leaves that to the processor.
  @inline(__always)
  mutating func add<let pixelStep: Int, let skipFirst: Int, let skipLast: Int>(
    _ geometry: Tap<pixelStep, skipFirst, skipLast>.Type, input: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, count: Int, ahead: Int = 0
  ) {
    var weights = weights
    var input = input
    let end = input + count
    while input != end {
      if ahead > 0 {
        for line in 0..<((outputTile + 15) / 16) { kernel_prefetch(weights + ahead + line * 16) }
      }
      addChannel(geometry, input, weights, SingleWeights.self)
      weights += outputTile
      input += 1
    }
  }

  /// As `add` of whole pixels 16 floats apart, and with every channel asks for a row of an output tile's
  /// weights at `next`, which moves on by `nextStep`. Those that are needed only after this call
  /// (`isFar`) go no nearer than the second-level cache: more would be on their way at once than the
  /// first can wait for.
  @inline(__always)
  mutating func add<Format: WeightFormat>(
    input: UnsafePointer<Float>, weights: UnsafePointer<Format.Element>, count: Int,
    next: UnsafePointer<Format.Element>, nextStep: Int, isFar: Bool, _ format: Format.Type
  ) {
    var weights = weights
    var input = input
    var next = next
    let end = input + count
    let line = 64 / MemoryLayout<Format.Element>.stride
    while input != end {
      for index in 0..<((outputTile + line - 1) / line) {
        if isFar {
          kernel_prefetch_far(next + index * line)
        } else {
          kernel_prefetch(next + index * line)
        }
      }
      addChannel(Tap<16, 0, 0>.self, input, weights, format)
      next += nextStep
      weights += outputTile
      input += 1
    }
  }

  @inline(__always)
  private mutating func addChannel<
    let pixelStep: Int, let skipFirst: Int, let skipLast: Int, Format: WeightFormat
  >(
    _ geometry: Tap<pixelStep, skipFirst, skipLast>.Type, _ input: UnsafePointer<Float>,
    _ weights: UnsafePointer<Format.Element>, _ format: Format.Type
  ) {
    let lowWeights = Format.load(weights)
    let highWeights = Format.load(weights + Vector.scalarCount)
    for x in skipFirst..<(width - skipLast) {
      let value = Vector(repeating: input[x * pixelStep])
      low[x] = multiplyAdd(low[x], lowWeights, value)
      high[x] = multiplyAdd(high[x], highWeights, value)
      // Else all values may be loaded before they are used, and where 16 registers have to do the
      // tile then moves to memory and back in every turn.
      kernel_keep_order()
    }
  }

  /// Stores all pixels, raised to `floor`, into blocked channels.
  ///
  /// - Parameters:
  ///   - output: channel 0 of the group, pixel 0 of the tile.
  ///   - channel: first channel of the tile within the group.
  ///   - channels: channels of the group; vectors beyond them, rounded up to a block, are dropped.
  @inline(__always)
  func store(
    floor: Float, at output: UnsafeMutablePointer<Float>, channel: Int, channels: Int,
    blockStride: Int, pixelStride: Int
  ) {
    let floor = Vector(repeating: floor)
    let second = channel + Vector.scalarCount
    let lowOutput = output + channel / 16 * blockStride + channel % 16
    for x in 0..<width {
      storeVector(maximum(low[x], floor), lowOutput + x * pixelStride)
    }
    guard second < (channels + 15) / 16 * 16 else { return }
    let highOutput = output + second / 16 * blockStride + second % 16
    for x in 0..<width {
      storeVector(maximum(high[x], floor), highOutput + x * pixelStride)
    }
  }
}

/// Something to do with a register tile whose width is only known at run time.
protocol TileTask {
  func run<let width: Int>(_ tile: RegisterTile<width>.Type)
}

/// Runs a task with the code for a width, at most ``maximumTileWidth``.
@inline(__always)
func runTile<Task: TileTask>(width: Int, _ task: Task) {
  switch width {
  #if WIDE_TILES
    case 14: task.run(RegisterTile<14>.self)
    case 13: task.run(RegisterTile<13>.self)
    case 12: task.run(RegisterTile<12>.self)
    case 11: task.run(RegisterTile<11>.self)
    case 10: task.run(RegisterTile<10>.self)
    case 9: task.run(RegisterTile<9>.self)
    case 8: task.run(RegisterTile<8>.self)
    case 7: task.run(RegisterTile<7>.self)
  #endif
  case 6: task.run(RegisterTile<6>.self)
  case 5: task.run(RegisterTile<5>.self)
  case 4: task.run(RegisterTile<4>.self)
  case 3: task.run(RegisterTile<3>.self)
  case 2: task.run(RegisterTile<2>.self)
  default: task.run(RegisterTile<1>.self)
  }
}

/// Compile-time numbers of one tap of a filter: see ``RegisterTile/add(_:input:weights:count:)``.
enum Tap<let pixelStep: Int, let skipFirst: Int, let skipLast: Int> {}

/// `count` zero vectors.
///
/// Not `InlineArray(repeating:)`: that is a function of its own where the compiler splits a module
/// for several threads, and an array that was passed to a function stays in memory.
@inline(__always)
func vectors<let count: Int>() -> InlineArray<count, Vector> {
  kernel_zeros().load(as: InlineArray<count, Vector>.self)
}

/// Loads a vector; no alignment needed.
@inline(__always)
func loadVector(_ pointer: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
}

/// Stores a vector; no alignment needed.
@inline(__always)
func storeVector(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
}

/// Lane-wise `a > b ? a : b`, one instruction on x86.
@inline(__always)
func maximum(_ a: Vector, _ b: Vector) -> Vector {
  b.replacing(with: a, where: a .> b)
}
