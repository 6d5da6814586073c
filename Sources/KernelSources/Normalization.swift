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

/// The normalisation of a few pixels: their squares are laid out channel after channel, with zeros
/// around, so that the window of a vector of channels is a few unaligned loads.
struct ChannelWindow {
  static var pixelCount: Int { Int(LRN_PIXELS) }

  let blocks: Int
  private let half: Int
  private let pitch: Int
  private let scratch: UnsafeMutablePointer<Float>
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
    scratch = a.pointee.scratch
    scale = Vector(repeating: a.pointee.alpha_over_size)
    k = Vector(repeating: a.pointee.k)
    beta = Vector(repeating: a.pointee.beta)
    isThreeQuarters = a.pointee.beta == 0.75
    for row in 0..<Self.pixelCount {
      for i in 0..<half {
        scratch[row * pitch + i] = 0
        scratch[row * pitch + half + blocks * 16 + i] = 0
      }
    }
  }

  /// Normalises neighbouring pixels, at most ``pixelCount``, in all channels.
  @inline(__always)
  func normalize(
    _ input: UnsafePointer<Float>, blockStride inputStride: Int,
    to output: UnsafeMutablePointer<Float>, blockStride outputStride: Int, pixels: Int
  ) {
    for block in 0..<blocks {
      for row in 0..<pixels {
        let source = input + block * inputStride + row * 16
        let target = scratch + row * pitch + half + block * 16
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
          let squares = scratch + row * pitch + block * 16 + offset
          var sum = loadVector(squares)
          for i in 0..<(2 * half) { sum += loadVector(squares + i + 1) }
          let x = loadVector(input + block * inputStride + row * 16 + offset)
          let base = multiplyAdd(k, scale, sum)
          let power = isThreeQuarters ? inverseThreeQuarterPower(base) : negativePower(base, beta)
          storeVector(x * power, output + block * outputStride + row * 16 + offset)
        }
      }
    }
  }
}
