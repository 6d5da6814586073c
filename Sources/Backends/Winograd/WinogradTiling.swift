import Execution
import KernelInterface
import Tensors

/// How the outputs of a Winograd convolution are cut into tiles: full ones, and in the last row and
/// the last column short ones where fewer outputs are left. Those do without some of the points
/// (``WinogradTransform/shortened(to:)``), and so without the products of some frequencies.
///
/// 13×13 outputs in tiles of 5×5 are 361 products per pair of channels in place of 441.
struct WinogradTiling {
  let transform: WinogradTransform
  /// Of the tiles in the last row and column, where there is a shorter one for what is left.
  let lastRow: WinogradTransform?
  let lastColumn: WinogradTransform?
  let images: Int
  /// Per image.
  let rows: Int
  let columns: Int

  init(_ transform: WinogradTransform, output: Shape) {
    self.transform = transform
    images = output.n
    rows = roundUp(output.h, to: transform.outputs) / transform.outputs
    columns = roundUp(output.w, to: transform.outputs) / transform.outputs
    lastRow = transform.shortened(to: output.h - (rows - 1) * transform.outputs)
    lastColumn = transform.shortened(to: output.w - (columns - 1) * transform.outputs)
  }

  var count: Int { images * rows * columns }

  /// Of one input with one output channel, all tiles together.
  var products: Int {
    let size = transform.size
    let height = (rows - 1) * size + (lastRow?.size ?? size)
    let width = (columns - 1) * size + (lastColumn?.size ?? size)
    return images * height * width
  }

  /// Operations of the input transform of one channel: all columns of each tile, then all rows.
  var inputFLOPs: Int {
    sum { vertical, horizontal, _ in
      horizontal.size * vertical.inputFLOPs + vertical.size * horizontal.inputFLOPs
    }
  }

  /// Operations of the output transform of one channel: all columns of each tile, then the rows that
  /// lie inside the output.
  func outputFLOPs(height: Int) -> Int {
    sum { vertical, horizontal, row in
      horizontal.size * vertical.outputFLOPs
        + min(vertical.outputs, height - row * transform.outputs) * horizontal.outputFLOPs
    }
  }

  /// Over all tiles, given their transforms along columns and rows and their row in the image.
  private func sum(_ flops: (WinogradTransform, WinogradTransform, Int) -> Int) -> Int {
    images
      * (0..<rows).reduce(0) { sum, row in
        let vertical = (row == rows - 1 ? lastRow : nil) ?? transform
        return sum + (columns - 1) * flops(vertical, transform, row)
          + flops(vertical, lastColumn ?? transform, row)
      }
  }

  /// Some tiles as the kernels know them.
  func block(_ tiles: Range<Int>) -> WinogradTiles {
    WinogradTiles(
      alpha: Int32(transform.size), outputs: Int32(transform.outputs), tiles_h: Int32(rows),
      tiles_w: Int32(columns), last_h: Int32(lastRow?.size ?? transform.size),
      last_w: Int32(lastColumn?.size ?? transform.size), images: Int32(images),
      first_tile: Int32(tiles.lowerBound), tile_count: Int32(tiles.count))
  }

  /// Tiles for each thread that have the same number of products, as nearly as whole tiles can.
  func shares(of pool: ThreadPool) -> [Range<Int>] {
    let all = block(0..<count)
    var costs = [Int](repeating: 0, count: count)
    for number in Int32(0)..<4 {
      let run = winograd_class_tiles(all, number)
      let height = (number >= 2 ? lastRow : nil) ?? transform
      let width = (number == 0 || number == 3 ? lastColumn : nil) ?? transform
      for tile in run.first..<run.end { costs[Int(tile)] = height.size * width.size }
    }
    return pool.shares(ofCosts: costs)
  }

  /// Shares of the items [frequency][output tile] of a block, with the same number of products.
  func shares(of pool: ThreadPool, block tiles: Range<Int>, outputTiles: Int) -> [Range<Int>] {
    let block = block(tiles)
    let frequencies = Int32(transform.size * transform.size)
    return pool.shares(
      ofCosts: (0..<frequencies).flatMap { frequency in
        let run = winograd_frequency_tiles(block, frequency)
        return [Int](repeating: Int(run.end - run.first), count: outputTiles)
      })
  }
}

extension ThreadPool {
  /// Each thread's share of items that follow each other and do not cost the same: a share ends with
  /// the item that brings the costs so far nearest to an equal part.
  fileprivate func shares(ofCosts costs: [Int]) -> [Range<Int>] {
    let total = costs.reduce(0, +)
    var ends: [Int] = []
    var sum = 0
    for (index, cost) in costs.enumerated() {
      // The middle of an item decides on which side it is.
      while ends.count < threadCount - 1,
        (2 * sum + cost) * threadCount > 2 * total * (ends.count + 1)
      { ends.append(index) }
      sum += cost
    }
    while ends.count < threadCount { ends.append(costs.count) }
    return (0..<threadCount).map { ($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0] }
  }
}
