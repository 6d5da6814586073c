import KernelInterface

/// The one-dimensional transform y = A^T x to `outputs` pixels.
///
/// Column p of A^T holds the powers of the point p; those of a pair differ in the sign of the odd
/// ones. Coefficients: [output][pair, then single].
enum OutputTransform<let alpha: Int, let outputs: Int, let pairs: Int, let singles: Int> {
  @inline(__always)
  static func apply(
    _ x: InlineArray<alpha, Vector>, _ coefficients: UnsafePointer<Float>
  ) -> InlineArray<outputs, Vector> {
    var y: InlineArray<outputs, Vector> = vectors()
    var sums: InlineArray<pairs, Vector> = vectors()
    var differences: InlineArray<pairs, Vector> = vectors()
    for pair in 0..<pairs {
      sums[pair] = x[1 + 2 * pair] + x[2 + 2 * pair]
      differences[pair] = x[1 + 2 * pair] - x[2 + 2 * pair]
    }
    y[outputs - 1] = x[alpha - 1]
    y[0] = outputs == 1 ? x[0] + x[alpha - 1] : x[0]
    for pair in 0..<pairs { y[0] += sums[pair] }
    for single in 0..<singles { y[0] += x[1 + 2 * pairs + single] }
    for i in 1..<outputs {
      let row = coefficients + i * (pairs + singles)
      for pair in 0..<pairs {
        let term = i % 2 == 0 ? sums[pair] : differences[pair]
        y[i] = multiplyAdd(y[i], term, Vector(repeating: row[pair]))
      }
      for single in 0..<singles {
        y[i] = multiplyAdd(
          y[i], x[1 + 2 * pairs + single], Vector(repeating: row[pairs + single]))
      }
    }
    return y
  }
}

/// y = A^T M A of the products of one output tile, at `products` for the first of the tiles.
@inline(__always)
func transformOutput<let isOn: Int>(
  _ a: UnsafePointer<WinogradOutputArguments>, _ outputTileIndex: Int, _ firstTile: Int,
  _ count: Int, products: UnsafePointer<Float>, _ asking: AskingAhead<isOn>.Type
) {
  for number in 0..<4 {
    let run = winograd_class_tiles(a.pointee.tiles, Int32(number))
    let first = Int(run.first) > firstTile ? Int(run.first) : firstTile
    let end = Int(run.end) < firstTile + count ? Int(run.end) : firstTile + count
    if first < end {
      transformOutput(
        a, outputTileIndex, WinogradTileClass(a.pointee.tiles, number), first..<end,
        products: products + (first - firstTile) * outputTile, asking)
    }
  }
}

/// The tiles `run` of one class.
@inline(__always)
private func transformOutput<let isOn: Int>(
  _ a: UnsafePointer<WinogradOutputArguments>, _ outputTileIndex: Int,
  _ tileClass: WinogradTileClass, _ run: Range<Int>, products: UnsafePointer<Float>,
  _ asking: AskingAhead<isOn>.Type
) {
  let tilesPerGroup = Int(a.pointee.tiles_per_group)
  let blocksPerGroup = (Int(a.pointee.outputs_per_group) + 15) / 16
  let firstChannel = outputTileIndex % tilesPerGroup * outputTile
  let secondChannel = firstChannel + Vector.scalarCount
  let blockStride = Int(a.pointee.output_block_stride)
  let block = outputTileIndex / tilesPerGroup * blocksPerGroup + firstChannel / 16
  let output = a.pointee.output + block * blockStride + firstChannel % 16
  // The second half of a last tile may lie beyond the group's channels.
  let halves = secondChannel < blocksPerGroup * 16 ? 2 : 1
  let height = Int(a.pointee.output_h)
  let width = Int(a.pointee.output_w)
  let alpha = Int(a.pointee.tiles.alpha)
  let outputs = Int(a.pointee.tiles.outputs)
  let rowOutputs = tileClass.rowAlpha - (alpha - outputs)
  let columnOutputs = tileClass.columnAlpha - (alpha - outputs)
  let numbers = a.pointee.coefficients
  let columnPass = OutputColumns(
    stride: Int(a.pointee.products_frequency_stride), alpha: alpha,
    columns: tileClass.columnAlpha, columnTail: tileClass.columnTail,
    leftOut: alpha - tileClass.columnAlpha,
    coefficients: tileClass.isLastRow ? numbers.last_h : numbers.full, halves: halves,
    scratch: a.pointee.scratch)
  let rowPass = OutputRows(
    scratch: a.pointee.scratch, alpha: alpha,
    coefficients: tileClass.isLastColumn ? numbers.last_w : numbers.full, halves: halves,
    bias: a.pointee.bias + outputTileIndex * outputTile, floor: a.pointee.floor,
    rowStride: width * 16,
    secondHalf: (secondChannel / 16 - firstChannel / 16) * blockStride + secondChannel % 16
      - firstChannel % 16)
  OutputTiles(
    tileClass: tileClass, run: run, products: products, output: output,
    imageStride: Int(a.pointee.output_image_stride), height: height, width: width,
    outputs: outputs, rowOutputs: rowOutputs, columnOutputs: columnOutputs,
    columnPass: columnPass, rowPass: rowPass
  ).transform(alpha: alpha, asking)
}

/// The tiles of one class and output tile.
private struct OutputTiles {
  let tileClass: WinogradTileClass
  let run: Range<Int>
  /// Of the first of the tiles.
  let products: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let imageStride: Int
  let height: Int
  let width: Int
  /// Distance between tiles, and what one of this class has of them.
  let outputs: Int
  let rowOutputs: Int
  let columnOutputs: Int
  let columnPass: OutputColumns
  let rowPass: OutputRows

  /// Full tiles, which are most, have a loop of their own for each size.
  @inline(__always)
  func transform<let isOn: Int>(alpha: Int, _ asking: AskingAhead<isOn>.Type) {
    if tileClass.isLastRow || tileClass.isLastColumn {
      transformShort(asking)
      return
    }
    switch (alpha, outputs) {
    case (4, 2): transformFull(OutputTransform<4, 2, 1, 0>.self, asking)
    case (6, 2): transformFull(OutputTransform<6, 2, 2, 0>.self, asking)
    case (6, 4): transformFull(OutputTransform<6, 4, 2, 0>.self, asking)
    case (7, 3): transformFull(OutputTransform<7, 3, 2, 1>.self, asking)
    case (7, 5): transformFull(OutputTransform<7, 5, 2, 1>.self, asking)
    case (8, 4): transformFull(OutputTransform<8, 4, 3, 0>.self, asking)
    default: transformFull(OutputTransform<8, 6, 3, 0>.self, asking)
    }
  }

  @inline(never)
  private func transformFull<
    let size: Int, let outputs: Int, let pairs: Int, let singles: Int, let isOn: Int
  >(
    _ transform: OutputTransform<size, outputs, pairs, singles>.Type,
    _ asking: AskingAhead<isOn>.Type
  ) {
    for tile in run {
      let place = place(of: tile)
      columnPass.apply(
        transform, products + (tile - run.lowerBound) * outputTile, isFull: true, asking)
      rowPass.apply(transform, place.output, place.rows, place.columns, pitch: size)
    }
  }

  @inline(never)
  private func transformShort<let isOn: Int>(_ asking: AskingAhead<isOn>.Type) {
    for tile in run {
      let place = place(of: tile)
      columnPass.run(
        products + (tile - run.lowerBound) * outputTile, size: tileClass.rowAlpha,
        outputs: rowOutputs, asking)
      rowPass.run(
        place.output, place.rows, place.columns, size: tileClass.columnAlpha,
        outputs: columnOutputs)
    }
  }

  /// A tile's first pixel, and how many rows and columns of it lie inside the output.
  @inline(__always)
  private func place(
    of tile: Int
  ) -> (output: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
    let place = tileClass.place(of: tile)
    let top = place.row * outputs
    let left = place.column * outputs
    return (
      output + place.image * imageStride + (top * width + left) * 16,
      top + rowOutputs <= height ? rowOutputs : height - top,
      left + columnOutputs <= width ? columnOutputs : width - left
    )
  }
}

/// scratch[half][i][j] = Σ_l A^T[i][l] · products[l][j].
private struct OutputColumns {
  /// Between frequencies of products.
  let stride: Int
  /// Of a full tile.
  let alpha: Int
  let columns: Int
  /// From this column on the frequency is `leftOut` further.
  let columnTail: Int
  let leftOut: Int
  let coefficients: UnsafePointer<Float>
  let halves: Int
  let scratch: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let isOn: Int>(
    _ products: UnsafePointer<Float>, size: Int, outputs: Int, _ asking: AskingAhead<isOn>.Type
  ) {
    switch (size, outputs) {
    case (4, 2): run(OutputTransform<4, 2, 1, 0>.self, products, asking)
    case (5, 1): run(OutputTransform<5, 1, 1, 1>.self, products, asking)
    case (5, 3): run(OutputTransform<5, 3, 1, 1>.self, products, asking)
    case (6, 2): run(OutputTransform<6, 2, 2, 0>.self, products, asking)
    case (6, 4): run(OutputTransform<6, 4, 2, 0>.self, products, asking)
    case (7, 3): run(OutputTransform<7, 3, 2, 1>.self, products, asking)
    case (7, 5): run(OutputTransform<7, 5, 2, 1>.self, products, asking)
    case (8, 4): run(OutputTransform<8, 4, 3, 0>.self, products, asking)
    default: run(OutputTransform<8, 6, 3, 0>.self, products, asking)
    }
  }

  @inline(never)
  private func run<
    let size: Int, let outputs: Int, let pairs: Int, let singles: Int, let isOn: Int
  >(
    _ transform: OutputTransform<size, outputs, pairs, singles>.Type,
    _ products: UnsafePointer<Float>, _ asking: AskingAhead<isOn>.Type
  ) {
    apply(transform, products, isFull: false, asking)
  }

  /// - Parameter isFull: whether the tile is, known to the compiler.
  @inline(__always)
  func apply<let size: Int, let outputs: Int, let pairs: Int, let singles: Int, let isOn: Int>(
    _ transform: OutputTransform<size, outputs, pairs, singles>.Type,
    _ products: UnsafePointer<Float>, isFull: Bool, _ asking: AskingAhead<isOn>.Type
  ) {
    let pitch = isFull ? size : alpha
    // What the last frequencies lie further than those before them.
    let tail = isFull ? 0 : (alpha - size) * alpha * stride
    for half in 0..<halves {
      for j in 0..<(isFull ? size : columns) {
        let column =
          products + half * Vector.scalarCount
          + (isFull || j < columnTail ? j : j + leftOut) * stride
        var x: InlineArray<size, Vector> = vectors()
        for i in 0..<size {
          let product = column + i * pitch * stride + (i > 2 * pairs ? tail : 0)
          x[i] = loadVector(product)
          // Too many streams for the processor to follow.
          if isOn == 1 { kernel_prefetch(product + outputTile) }
        }
        let y = transform.apply(x, coefficients)
        for i in 0..<outputs {
          storeVector(y[i], scratch + ((half * pitch + i) * pitch + j) * Vector.scalarCount)
        }
      }
    }
  }
}

/// output[i][j] = Σ_l scratch[half][i][l] · A^T[j][l] + bias, raised to `floor`.
private struct OutputRows {
  let scratch: UnsafePointer<Float>
  /// Of a full tile.
  let alpha: Int
  let coefficients: UnsafePointer<Float>
  let halves: Int
  let bias: UnsafePointer<Float>
  let floor: Float
  let rowStride: Int
  /// Distance of the second half's channels in the output.
  let secondHalf: Int

  @inline(__always)
  func run(
    _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, size: Int, outputs: Int
  ) {
    switch (size, outputs) {
    case (4, 2): run(OutputTransform<4, 2, 1, 0>.self, output, rows, columns)
    case (5, 1): run(OutputTransform<5, 1, 1, 1>.self, output, rows, columns)
    case (5, 3): run(OutputTransform<5, 3, 1, 1>.self, output, rows, columns)
    case (6, 2): run(OutputTransform<6, 2, 2, 0>.self, output, rows, columns)
    case (6, 4): run(OutputTransform<6, 4, 2, 0>.self, output, rows, columns)
    case (7, 3): run(OutputTransform<7, 3, 2, 1>.self, output, rows, columns)
    case (7, 5): run(OutputTransform<7, 5, 2, 1>.self, output, rows, columns)
    case (8, 4): run(OutputTransform<8, 4, 3, 0>.self, output, rows, columns)
    default: run(OutputTransform<8, 6, 3, 0>.self, output, rows, columns)
    }
  }

  @inline(never)
  private func run<let size: Int, let outputs: Int, let pairs: Int, let singles: Int>(
    _ transform: OutputTransform<size, outputs, pairs, singles>.Type,
    _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
  ) {
    apply(transform, output, rows, columns, pitch: alpha)
  }

  /// - Parameter pitch: α of a full tile, perhaps known to the compiler.
  @inline(__always)
  func apply<let size: Int, let outputs: Int, let pairs: Int, let singles: Int>(
    _ transform: OutputTransform<size, outputs, pairs, singles>.Type,
    _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, pitch: Int
  ) {
    let floor = Vector(repeating: floor)
    for half in 0..<halves {
      let bias = loadVector(bias + half * Vector.scalarCount)
      for i in 0..<rows {
        var x: InlineArray<size, Vector> = vectors()
        for j in 0..<size {
          x[j] = loadVector(scratch + ((half * pitch + i) * pitch + j) * Vector.scalarCount)
        }
        let y = transform.apply(x, coefficients)
        let row = output + half * secondHalf + i * rowStride
        for j in 0..<outputs where j < columns {
          storeVector(maximum(y[j] + bias, floor), row + j * 16)
        }
      }
    }
  }
}
