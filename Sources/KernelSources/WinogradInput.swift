import KernelInterface

/// First part of a Winograd convolution: tiles of α×α input pixels, B^T d B, for 16 channels at a
/// time. Source: Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015),
/// equation 8.
func winogradInput(_ raw: UnsafeRawPointer) {
  switch raw.assumingMemoryBound(to: WinogradInputArguments.self).pointee.alpha {
  case 4: transformInput(raw, InputTransform<4, 1, 0>.self)
  case 6: transformInput(raw, InputTransform<6, 2, 0>.self)
  case 7: transformInput(raw, InputTransform<7, 2, 1>.self)
  default: transformInput(raw, InputTransform<8, 3, 0>.self)
  }
}

/// The one-dimensional transform y = B^T x for the points 0, ±p₁ … ±p_pairs, singles, ∞.
///
/// The rows of a pair are P + R and P − R. Coefficients: the row of 0, then P and R of each pair,
/// the rows of the singles, the row of ∞; `alpha` numbers each. Without singles P and the row of 0
/// have even terms only, R and the row of ∞ odd ones.
enum InputTransform<let alpha: Int, let pairs: Int, let singles: Int> {
  @inline(__always)
  static func apply(
    _ x: InlineArray<alpha, Vector>, _ coefficients: UnsafePointer<Float>
  ) -> InlineArray<alpha, Vector> {
    var y: InlineArray<alpha, Vector> = vectors()
    let step = singles == 0 ? 2 : 1
    y[0] = dot(x, coefficients, from: 0, to: alpha - 1, step: step)
    for pair in 0..<pairs {
      // A term of P below the second, and with singles the last one of R, is always 0.
      let even = dot(x, coefficients + (1 + 2 * pair) * alpha, from: 2, to: alpha - 1, step: step)
      let odd = dot(
        x, coefficients + (2 + 2 * pair) * alpha, from: 1, to: alpha - 1 - singles, step: step)
      y[1 + 2 * pair] = even + odd
      y[2 + 2 * pair] = even - odd
    }
    for single in 0..<singles {
      y[1 + 2 * pairs + single] = dot(
        x, coefficients + (1 + 2 * pairs + single) * alpha, from: 1, to: alpha - 1, step: 1)
    }
    y[alpha - 1] = dot(x, coefficients + (alpha - 1) * alpha, from: 1, to: alpha, step: step)
    return y
  }

  @inline(__always)
  private static func dot(
    _ x: InlineArray<alpha, Vector>, _ row: UnsafePointer<Float>, from: Int, to: Int, step: Int
  ) -> Vector {
    var sum = x[from] * Vector(repeating: row[from])
    var j = from + step
    while j < to {
      sum = multiplyAdd(sum, x[j], Vector(repeating: row[j]))
      j += step
    }
    return sum
  }
}

@inline(never)
private func transformInput<let alpha: Int, let pairs: Int, let singles: Int>(
  _ raw: UnsafeRawPointer, _ transform: InputTransform<alpha, pairs, singles>.Type
) {
  let a = raw.assumingMemoryBound(to: WinogradInputArguments.self)
  let tileCount = Int(a.pointee.tile_count)
  let tilesH = Int(a.pointee.tiles_h)
  let tilesW = Int(a.pointee.tiles_w)
  let scratch = a.pointee.scratch
  let coefficients = a.pointee.coefficients
  let width = Int(a.pointee.input_w)
  let height = Int(a.pointee.input_h)
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let block = item / tileCount
    let tile = item % tileCount
    let index = tile + Int(a.pointee.first_tile)
    let image = index / (tilesH * tilesW)
    let top = index / tilesW % tilesH * Int(a.pointee.tile_step) - Int(a.pointee.pad_h)
    let left = index % tilesW * Int(a.pointee.tile_step) - Int(a.pointee.pad_w)
    let plane =
      a.pointee.input + image * Int(a.pointee.input_image_stride)
      + block * Int(a.pointee.input_block_stride)
    let output = a.pointee.output + block * Int(a.pointee.block_stride) + tile * 16
    let isInside = top >= 0 && left >= 0 && top + alpha <= height && left + alpha <= width
    for lane in 0..<(16 / Vector.scalarCount) {
      let offset = lane * Vector.scalarCount
      // Columns first: scratch[i][j] = Σ_l B^T[i][l] · d[l][j].
      for j in 0..<alpha {
        var x: InlineArray<alpha, Vector> = vectors()
        let column = left + j
        if isInside {
          for i in 0..<alpha {
            x[i] = loadVector(plane + ((top + i) * width + column) * 16 + offset)
          }
        } else if column >= 0 && column < width {
          for i in 0..<alpha where top + i >= 0 && top + i < height {
            x[i] = loadVector(plane + ((top + i) * width + column) * 16 + offset)
          }
        }
        let y = transform.apply(x, coefficients)
        for i in 0..<alpha {
          storeVector(y[i], scratch + (i * alpha + j) * Vector.scalarCount)
        }
      }
      for i in 0..<alpha {
        var x: InlineArray<alpha, Vector> = vectors()
        for j in 0..<alpha {
          x[j] = loadVector(scratch + (i * alpha + j) * Vector.scalarCount)
        }
        let y = transform.apply(x, coefficients)
        let row = output + i * alpha * Int(a.pointee.frequency_stride) + offset
        for j in 0..<alpha { storeVector(y[j], row + j * Int(a.pointee.frequency_stride)) }
      }
    }
  }
}
