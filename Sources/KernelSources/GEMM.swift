import KernelInterface

/// Copies column panels of a matrix, one depth block of a panel after the other, so that a product
/// reads it as it lies. Columns beyond the last are zero.
func packColumns(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PackColumnsArguments.self)
  let columns = Int(a.pointee.columns)
  let blocks = Int(a.pointee.depth_blocks)
  let panels = (columns + outputTile - 1) / outputTile
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let panel = item / blocks % panels
    let group = item / (blocks * panels)
    let block = DepthBlock(item % blocks, of: blocks, depth: Int(a.pointee.depth))
    let firstRow = group * Int(a.pointee.depth) + block.first
    let firstColumn = panel * outputTile
    var source = a.pointee.input + firstRow * columns + firstColumn
    var target =
      a.pointee.output + (firstRow * panels + panel * block.count) * outputTile
    let width = columns - firstColumn
    for _ in 0..<block.count {
      if width >= outputTile {
        storeVector(loadVector(source), target)
        storeVector(loadVector(source + Vector.scalarCount), target + Vector.scalarCount)
      } else {
        for lane in 0..<outputTile { target[lane] = lane < width ? source[lane] : 0 }
      }
      source += columns
      target += outputTile
    }
  }
}

/// This thread's tiles of Y = W · X + bias, block by block of the depth: a block of W stays in the
/// second-level cache while the panels of X pass by, each staying in the first-level cache for all
/// rows. Source: Goto and van de Geijn (2008), with the roles of the two matrices exchanged, since
/// the columns of a row-major Y are what a vector holds.
func panelProduct(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PanelProductArguments.self)
  let blocks = Int(a.pointee.depth_blocks)
  for index in 0..<blocks {
    let block = DepthBlock(index, of: blocks, depth: Int(a.pointee.depth))
    for strip in 0..<Int(a.pointee.strip_count) {
      multiplyStrip(a, a.pointee.strips[strip], block)
    }
  }
}

/// Rows of X, and columns of W, that are multiplied before the next ones: whole sixteens but for
/// the last, nearly equal.
private struct DepthBlock {
  let first: Int
  let count: Int

  @inline(__always)
  init(_ index: Int, of blocks: Int, depth: Int) {
    let chunks = (depth + 15) / 16
    first = chunks * index / blocks * 16
    let end = chunks * (index + 1) / blocks * 16
    count = (end < depth ? end : depth) - first
  }
}

/// One depth block of some row panels by one column panel.
@inline(__always)
private func multiplyStrip(
  _ a: UnsafePointer<PanelProductArguments>, _ strip: PanelStrip, _ block: DepthBlock
) {
  let rows = Int(a.pointee.rows)
  let rowPanels = Int(a.pointee.row_panels)
  let columns = Int(a.pointee.columns)
  let depth = Int(a.pointee.depth)
  let columnPanels = (columns + outputTile - 1) / outputTile
  let group = Int(strip.group)
  let firstColumn = Int(strip.column_panel) * outputTile
  let width = columns - firstColumn
  let panel =
    a.pointee.packed_columns + (group * depth + block.first) * columnPanels * outputTile
    + Int(strip.column_panel) * block.count * outputTile
  let chunks = (block.count + 15) / 16
  let weights =
    a.pointee.weights + 16 * rows * (group * ((depth + 15) / 16) + block.first / 16)
  for index in Int(strip.first_row_panel)..<Int(strip.last_row_panel) {
    let row = rows * index / rowPanels
    let height = rows * (index + 1) / rowPanels - row
    let output = a.pointee.output + (group * rows + row) * columns + firstColumn
    let isRagged = width < outputTile
    var product = PanelProduct(
      weights: weights + 16 * row * chunks, columns: panel, depth: block.count,
      bias: a.pointee.bias + group * rows + row, startsWithBias: block.first == 0,
      isHalf: width <= Vector.scalarCount, output: output, outputStride: columns)
    if isRagged {
      product.output = a.pointee.scratch
      product.outputStride = outputTile
      if block.first != 0 {
        copyTile(output, columns, a.pointee.scratch, outputTile, rows: height, columns: width)
      }
    }
    runTile(width: height, product)
    if isRagged {
      copyTile(a.pointee.scratch, outputTile, output, columns, rows: height, columns: width)
    }
  }
}

/// Copies the part of a tile that lies inside the output.
@inline(__always)
private func copyTile(
  _ source: UnsafePointer<Float>, _ sourceStride: Int, _ target: UnsafeMutablePointer<Float>,
  _ targetStride: Int, rows: Int, columns: Int
) {
  for row in 0..<rows {
    for column in 0..<columns {
      target[row * targetStride + column] = source[row * sourceStride + column]
    }
  }
}

/// A register tile of the product: its "pixels" are rows of W, its "channels" columns of X.
private struct PanelProduct: TileTask {
  /// [k ∕ 16][row of the tile][16].
  let weights: UnsafePointer<Float>
  /// [k][output tile].
  let columns: UnsafePointer<Float>
  let depth: Int
  /// One per row.
  let bias: UnsafePointer<Float>
  /// Whether sums start with the bias; with what the output holds otherwise.
  let startsWithBias: Bool
  /// Whether only the first vector of columns is wanted.
  let isHalf: Bool
  var output: UnsafeMutablePointer<Float>
  var outputStride: Int

  @inline(never)
  func run<let width: Int>(_ tile: RegisterTile<width>.Type) {
    if isHalf { multiplyHalf(tile) } else { multiply(tile) }
  }

  @inline(__always)
  private func multiply<let width: Int>(_ tile: RegisterTile<width>.Type) {
    var sums = RegisterTile<width>()
    for x in 0..<width {
      sums.low[x] = start(x, 0)
      sums.high[x] = start(x, Vector.scalarCount)
    }
    var k = 0
    while k < depth {
      sums.add(
        Tap<16, 0, 0>.self, input: weights + k * width, weights: columns + k * outputTile,
        count: chunk(k))
      k += 16
    }
    for x in 0..<width {
      storeVector(sums.low[x], output + x * outputStride)
      storeVector(sums.high[x], output + x * outputStride + Vector.scalarCount)
    }
  }

  @inline(__always)
  private func multiplyHalf<let width: Int>(_ tile: RegisterTile<width>.Type) {
    var sums = RegisterTile<width>()
    for x in 0..<width { sums.low[x] = start(x, 0) }
    var k = 0
    while k < depth {
      sums.addLow(
        input: weights + k * width, weights: columns + k * outputTile, count: chunk(k))
      k += 16
    }
    for x in 0..<width { storeVector(sums.low[x], output + x * outputStride) }
  }

  /// What a sum starts with.
  @inline(__always)
  private func start(_ row: Int, _ column: Int) -> Vector {
    startsWithBias
      ? Vector(repeating: bias[row]) : loadVector(output + row * outputStride + column)
  }

  /// How many of the sixteen from `k` on there are.
  @inline(__always)
  private func chunk(_ k: Int) -> Int { depth - k < 16 ? depth - k : 16 }
}

extension RegisterTile {
  /// As `add`, for the low vectors only: `input` is [x][16], `weights` [c][output tile].
  @inline(__always)
  fileprivate mutating func addLow(
    input: UnsafePointer<Float>, weights: UnsafePointer<Float>, count: Int
  ) {
    var weights = weights
    for c in 0..<count {
      let lowWeights = loadVector(weights)
      for x in 0..<width {
        low[x] = multiplyAdd(low[x], lowWeights, Vector(repeating: input[x * 16 + c]))
      }
      weights += outputTile
    }
  }
}
