import KernelInterface

/// Local response normalisation across blocked channels:
/// out = in · (k + (α ∕ n) · Σ in²)^−β.
func normalization(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: NormalizationArguments.self)
  let window = ChannelWindow(a)
  let pixels = Int(a.pointee.pixels)
  let groups = (pixels + ChannelWindow.pixelCount - 1) / ChannelWindow.pixelCount
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let image = item / groups
    let first = item % groups * ChannelWindow.pixelCount
    let base = (image * window.blocks * pixels + first) * 16
    window.normalize(
      a.pointee.input + base, blockStride: pixels * 16, to: a.pointee.output + base,
      blockStride: pixels * 16, pixels: smaller(ChannelWindow.pixelCount, pixels - first))
  }
}

@inline(__always)
func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }

/// The normalisation of a few pixels in all channels, in two passes over memory that stays in the
/// first-level cache: the sums of squares, and their powers.
struct ChannelWindow {
  static var pixelCount: Int { Int(LRN_PIXELS) }
  /// How far ahead pixels are asked for: channel blocks are too far apart for the processor to fetch so many
  /// streams in time by itself.
  private static var pixelsAhead: Int { 2 * Int(LRN_PIXELS) }

  let blocks: Int
  private let half: Int
  private let pitch: Int
  /// k + (α ∕ n) · Σ in², [block][pixel][16].
  private let bases: UnsafeMutablePointer<Float>
  /// Squares channel after channel, with zeros around; not for windows of five channels.
  private let squares: UnsafeMutablePointer<Float>
  private let scale: Vector
  private let k: Vector
  private let beta: Vector
  /// β = ¾, as in AlexNet, has a shorter way.
  private let isThreeQuarters: Bool

  @inline(__always)
  init(_ a: UnsafePointer<NormalizationArguments>) {
    blocks = (Int(a.pointee.channels) + 15) / 16
    half = Int(a.pointee.half_window)
    pitch = blocks * 16 + 2 * half
    bases = a.pointee.scratch
    squares = bases + blocks * Self.pixelCount * 16
    scale = Vector(repeating: a.pointee.alpha_over_size)
    k = Vector(repeating: a.pointee.k)
    beta = Vector(repeating: a.pointee.beta)
    isThreeQuarters = a.pointee.beta == 0.75
    for row in 0..<Self.pixelCount {
      for i in 0..<half {
        squares[row * pitch + i] = 0
        squares[row * pitch + half + blocks * 16 + i] = 0
      }
    }
  }

  /// Normalises neighbouring pixels, at most ``pixelCount``, in all channels.
  @inline(__always)
  func normalize(
    _ input: UnsafePointer<Float>, blockStride inputStride: Int,
    to output: UnsafeMutablePointer<Float>, blockStride outputStride: Int, pixels: Int
  ) {
    if half == 2 {
      for row in 0..<pixels {
        sumFive(input + row * 16, blockStride: inputStride, to: bases + row * 16)
      }
    } else {
      sumWindow(input, blockStride: inputStride, pixels: pixels)
    }
    for block in 0..<blocks {
      let target = output + block * outputStride
      for row in 0..<pixels { kernel_prefetch(target + (Self.pixelCount + row) * 16) }
      scaleBlock(
        input + block * inputStride, by: bases + block * Self.pixelCount * 16, to: target,
        count: pixels * 16)
    }
  }

  /// The bases of one pixel with a window of five channels, AlexNet's: the squares of three neighbouring
  /// vectors are in registers, and move on.
  @inline(__always)
  private func sumFive(
    _ input: UnsafePointer<Float>, blockStride: Int, to bases: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var source = input
    var target = bases
    var before = Vector()
    var x = loadVector(source)
    var here = x * x
    for block in 0..<blocks {
      kernel_prefetch(source + Self.pixelsAhead * 16)
      for part in 0..<(16 / lanes) {
        var after = Vector()
        if part + 1 < 16 / lanes {
          x = loadVector(source + (part + 1) * lanes)
          after = x * x
        } else if block + 1 < blocks {
          x = loadVector(source + blockStride)
          after = x * x
        }
        let sum = here + neighbours(before, here, after)
        storeVector(multiplyAdd(k, scale, sum), target + part * lanes)
        before = here
        here = after
      }
      source += blockStride
      target += Self.pixelCount * 16
    }
  }

  /// The bases with any window: in a row of squares it is a few unaligned loads.
  @inline(__always)
  private func sumWindow(_ input: UnsafePointer<Float>, blockStride: Int, pixels: Int) {
    for block in 0..<blocks {
      for row in 0..<pixels {
        let source = input + block * blockStride + row * 16
        let target = squares + row * pitch + half + block * 16
        for lane in 0..<(16 / Vector.scalarCount) {
          let x = loadVector(source + lane * Vector.scalarCount)
          storeVector(x * x, target + lane * Vector.scalarCount)
        }
      }
    }
    for block in 0..<blocks {
      for row in 0..<pixels {
        for lane in 0..<(16 / Vector.scalarCount) {
          let offset = lane * Vector.scalarCount
          let squares = squares + row * pitch + block * 16 + offset
          var sum = loadVector(squares)
          for i in 0..<(2 * half) { sum += loadVector(squares + i + 1) }
          storeVector(
            multiplyAdd(k, scale, sum),
            bases + (block * Self.pixelCount + row) * 16 + offset)
        }
      }
    }
  }

  /// in · base^−β for `count` neighbouring floats.
  @inline(__always)
  private func scaleBlock(
    _ input: UnsafePointer<Float>, by bases: UnsafePointer<Float>,
    to output: UnsafeMutablePointer<Float>, count: Int
  ) {
    var i = 0
    if isThreeQuarters {
      while i + vectorsInStep * Vector.scalarCount <= count {
        scale(input + i, by: bases + i, to: output + i, MostInStep.self)
        i += vectorsInStep * Vector.scalarCount
      }
      while i < count {
        scale(input + i, by: bases + i, to: output + i, InStep<1>.self)
        i += Vector.scalarCount
      }
      return
    }
    while i < count {
      storeVector(
        loadVector(input + i) * negativePower(loadVector(bases + i), beta), output + i)
      i += Vector.scalarCount
    }
  }

  /// in · base^−¾ for some vectors.
  @inline(__always)
  private func scale<let count: Int>(
    _ input: UnsafePointer<Float>, by bases: UnsafePointer<Float>,
    to output: UnsafeMutablePointer<Float>, _: InStep<count>.Type
  ) {
    var x: InlineArray<count, Vector> = vectors()
    for i in 0..<count { x[i] = loadVector(bases + i * Vector.scalarCount) }
    let power = inverseThreeQuarterPower(x)
    for i in 0..<count {
      let offset = i * Vector.scalarCount
      storeVector(loadVector(input + offset) * power[i], output + offset)
    }
  }
}

/// How many vectors go through a chain of operations together.
private enum InStep<let count: Int> {}
#if WIDE_TILES
  private typealias MostInStep = InStep<8>
  private let vectorsInStep = 8
#else
  // Three values of each are at work, in 16 registers.
  private typealias MostInStep = InStep<4>
  private let vectorsInStep = 4
#endif
