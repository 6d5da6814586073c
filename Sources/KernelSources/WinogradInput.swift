import KernelInterface

/// First part of a Winograd convolution: tiles of α×α input pixels, B^T d B, for 16 channels at a
/// time. Source: Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015),
/// equation 8.
func winogradInput(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradInputArguments.self)
  for number in 0..<4 {
    let run = winograd_class_tiles(a.pointee.tiles, Int32(number))
    if run.first < run.end {
      transformInput(a, WinogradTileClass(a.pointee.tiles, number), Int(run.first)..<Int(run.end))
    }
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

/// A thread's items of [channel block][tile] whose tiles are in `run`, of one class.
@inline(__always)
private func transformInput(
  _ a: UnsafePointer<WinogradInputArguments>, _ tileClass: WinogradTileClass, _ run: Range<Int>
) {
  let tileCount = Int(a.pointee.tiles.tile_count)
  let alpha = Int(a.pointee.tiles.alpha)
  let firstItem = Int(a.pointee.first_item)
  let lastItem = Int(a.pointee.last_item)
  let width = Int(a.pointee.input_w)
  let height = Int(a.pointee.input_h)
  let numbers = a.pointee.coefficients
  let columnPass = InputColumns(
    rowStride: width * 16, columns: tileClass.columnAlpha, alpha: alpha,
    coefficients: tileClass.isLastRow ? numbers.last_h : numbers.full, scratch: a.pointee.scratch)
  let rowPass = InputRows(
    scratch: a.pointee.scratch, rows: tileClass.rowAlpha, rowTail: tileClass.rowTail,
    leftOut: alpha - tileClass.rowAlpha, alpha: alpha,
    coefficients: tileClass.isLastColumn ? numbers.last_w : numbers.full,
    stride: Int(a.pointee.frequency_stride))
  var block = firstItem / tileCount
  while block * tileCount < lastItem {
    let first = block * tileCount
    let start = first + run.lowerBound < firstItem ? firstItem - first : run.lowerBound
    let end = first + run.upperBound > lastItem ? lastItem - first : run.upperBound
    let input = a.pointee.input + block * Int(a.pointee.input_block_stride)
    let output = a.pointee.output + block * Int(a.pointee.block_stride)
    var tile = start
    while tile < end {
      let place = tileClass.place(of: tile)
      let top = place.row * Int(a.pointee.tiles.outputs) - Int(a.pointee.pad_h)
      let left = place.column * Int(a.pointee.tiles.outputs) - Int(a.pointee.pad_w)
      columnPass.run(
        input + place.image * Int(a.pointee.input_image_stride) + (top * width + left) * 16,
        rows: (top < 0 ? -top : 0, height - top), columns: (left < 0 ? -left : 0, width - left),
        alpha: tileClass.rowAlpha)
      rowPass.run(output + tile * 16, alpha: tileClass.columnAlpha)
      tile += 1
    }
    block += 1
  }
}

/// Vectors in 16 channels.
private let lanes = 16 / Vector.scalarCount

/// scratch[lane][i][j] = Σ_l B^T[i][l] · d[l][j].
private struct InputColumns {
  let rowStride: Int
  let columns: Int
  /// Of a full tile.
  let alpha: Int
  let coefficients: UnsafePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - plane: the tile's first pixel; outside the input where that is padding.
  ///   - inputRows: the tile's rows that lie inside the input: the first, and the one after the last.
  ///   - inputColumns: likewise.
  @inline(__always)
  func run(
    _ plane: UnsafePointer<Float>, rows inputRows: (first: Int, end: Int),
    columns inputColumns: (first: Int, end: Int), alpha: Int
  ) {
    switch alpha {
    case 4: run(plane, inputRows, inputColumns, InputTransform<4, 1, 0>.self)
    case 5: run(plane, inputRows, inputColumns, InputTransform<5, 1, 1>.self)
    case 6: run(plane, inputRows, inputColumns, InputTransform<6, 2, 0>.self)
    case 7: run(plane, inputRows, inputColumns, InputTransform<7, 2, 1>.self)
    default: run(plane, inputRows, inputColumns, InputTransform<8, 3, 0>.self)
    }
  }

  /// Loops of whole tiles inside the input are unrolled.
  @inline(never)
  private func run<let size: Int, let pairs: Int, let singles: Int>(
    _ plane: UnsafePointer<Float>, _ inputRows: (first: Int, end: Int),
    _ inputColumns: (first: Int, end: Int), _ transform: InputTransform<size, pairs, singles>.Type
  ) {
    let hasAllRows = inputRows.first == 0 && inputRows.end >= size
    let isWhole =
      columns == size && hasAllRows && inputColumns.first == 0 && inputColumns.end >= size
    for lane in 0..<lanes {
      let plane = plane + lane * Vector.scalarCount
      let scratch = scratch + lane * alpha * alpha * Vector.scalarCount
      if isWhole {
        for j in 0..<size {
          var x: InlineArray<size, Vector> = vectors()
          for i in 0..<size { x[i] = loadVector(plane + j * 16 + i * rowStride) }
          store(transform.apply(x, coefficients), scratch + j * Vector.scalarCount)
        }
      } else {
        for j in 0..<columns {
          var x: InlineArray<size, Vector> = vectors()
          if j >= inputColumns.first && j < inputColumns.end {
            let column = plane + j * 16
            if hasAllRows {
              for i in 0..<size { x[i] = loadVector(column + i * rowStride) }
            } else {
              for i in 0..<size where i >= inputRows.first && i < inputRows.end {
                x[i] = loadVector(column + i * rowStride)
              }
            }
          }
          store(transform.apply(x, coefficients), scratch + j * Vector.scalarCount)
        }
      }
    }
  }

  @inline(__always)
  private func store<let size: Int>(
    _ y: InlineArray<size, Vector>, _ target: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<size { storeVector(y[i], target + i * alpha * Vector.scalarCount) }
  }
}

/// output[i][j] = Σ_l scratch[lane][i][l] · B^T[j][l].
private struct InputRows {
  let scratch: UnsafePointer<Float>
  let rows: Int
  /// From this row on the frequency is `leftOut` further.
  let rowTail: Int
  let leftOut: Int
  /// Of a full tile.
  let alpha: Int
  let coefficients: UnsafePointer<Float>
  /// Between frequencies of the output.
  let stride: Int

  @inline(__always)
  func run(_ output: UnsafeMutablePointer<Float>, alpha: Int) {
    switch alpha {
    case 4: run(output, InputTransform<4, 1, 0>.self)
    case 5: run(output, InputTransform<5, 1, 1>.self)
    case 6: run(output, InputTransform<6, 2, 0>.self)
    case 7: run(output, InputTransform<7, 2, 1>.self)
    default: run(output, InputTransform<8, 3, 0>.self)
    }
  }

  /// Loops of whole tiles are unrolled.
  @inline(never)
  private func run<let size: Int, let pairs: Int, let singles: Int>(
    _ output: UnsafeMutablePointer<Float>, _ transform: InputTransform<size, pairs, singles>.Type
  ) {
    let tail = (alpha - size) * stride
    for lane in 0..<lanes {
      let scratch = scratch + lane * alpha * alpha * Vector.scalarCount
      let output = output + lane * Vector.scalarCount
      if rows == size && alpha == size {
        for i in 0..<size {
          transformRow(
            scratch + i * size * Vector.scalarCount, output + i * size * stride, tail: 0, transform)
        }
      } else {
        for i in 0..<rows {
          transformRow(
            scratch + i * alpha * Vector.scalarCount,
            output + (i < rowTail ? i : i + leftOut) * alpha * stride, tail: tail, transform)
        }
      }
    }
  }

  /// - Parameter tail: what the last frequencies lie further than those before them.
  @inline(__always)
  private func transformRow<let size: Int, let pairs: Int, let singles: Int>(
    _ scratch: UnsafePointer<Float>, _ row: UnsafeMutablePointer<Float>, tail: Int,
    _ transform: InputTransform<size, pairs, singles>.Type
  ) {
    var x: InlineArray<size, Vector> = vectors()
    for j in 0..<size { x[j] = loadVector(scratch + j * Vector.scalarCount) }
    let y = transform.apply(x, coefficients)
    for j in 0..<size { storeVector(y[j], row + j * stride + (j > 2 * pairs ? tail : 0)) }
  }
}
