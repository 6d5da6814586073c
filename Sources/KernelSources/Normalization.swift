import KernelInterface

/// Local response normalisation across blocked channels:
/// out = in · (k + (α ∕ n) · Σ in²)^−β.
///
/// Squares of a few pixels are laid out channel after channel, with zeros around, so that the
/// window of a vector of channels is a few unaligned loads.
func normalization(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: NormalizationArguments.self)
  let blocks = (Int(a.pointee.channels) + 15) / 16
  let pixels = Int(a.pointee.pixels)
  let half = Int(a.pointee.half_window)
  let groups = (pixels + Int(LRN_PIXELS) - 1) / Int(LRN_PIXELS)
  let pitch = blocks * 16 + 2 * half
  let scratch = a.pointee.scratch
  let scale = Vector(repeating: a.pointee.alpha_over_size)
  let k = Vector(repeating: a.pointee.k)
  let beta = Vector(repeating: a.pointee.beta)
  for row in 0..<Int(LRN_PIXELS) {
    for i in 0..<half {
      scratch[row * pitch + i] = 0
      scratch[row * pitch + half + blocks * 16 + i] = 0
    }
  }
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let image = item / groups
    let first = item % groups * Int(LRN_PIXELS)
    let count = first + Int(LRN_PIXELS) <= pixels ? Int(LRN_PIXELS) : pixels - first
    let base = (image * blocks * pixels + first) * 16
    for block in 0..<blocks {
      for row in 0..<count {
        let source = a.pointee.input + base + (block * pixels + row) * 16
        let target = scratch + row * pitch + half + block * 16
        for lane in 0..<(16 / Vector.scalarCount) {
          let x = loadVector(source + lane * Vector.scalarCount)
          storeVector(x * x, target + lane * Vector.scalarCount)
        }
      }
    }
    for block in 0..<blocks {
      for row in 0..<count {
        for lane in 0..<(16 / Vector.scalarCount) {
          let offset = lane * Vector.scalarCount
          let squares = scratch + row * pitch + block * 16 + offset
          var sum = loadVector(squares)
          for i in 0..<(2 * half) { sum += loadVector(squares + i + 1) }
          let at = base + (block * pixels + row) * 16 + offset
          let power = negativePower(multiplyAdd(k, scale, sum), beta)
          storeVector(loadVector(a.pointee.input + at) * power, a.pointee.output + at)
        }
      }
    }
  }
}
