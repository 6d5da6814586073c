import KernelInterface
import Networks
import Tensors

/// How the products Y[rows × columns] = W[rows × depth] · X[depth × columns], one per group, are cut
/// into register tiles, depth blocks, and shares of threads.
struct PanelPlan {
  let groups: Int
  let rows: Int
  let depth: Int
  let columns: Int
  /// Rows of W that a register tile holds, from top to bottom.
  let rowPanels: [PixelTile]
  let columnPanelCount: Int
  let depthBlockCount: Int
  /// Columns of a column panel.
  let tile: Int
  private let lanes: Int

  /// Most depth of a block: its panel of X, 32 KB with AVX-512, lasts for all rows in the caches next
  /// to the processor, while sums are long enough for their way from and to Y to cost little.
  static let maximumDepth = 256
  /// What the depth of all blocks but the last is a multiple of.
  static let chunk = 16

  init(groups: Int, rows: Int, depth: Int, columns: Int, kernels: KernelTable) {
    self.groups = groups
    self.rows = rows
    self.depth = depth
    self.columns = columns
    rowPanels = PixelTiling.widths(of: rows, maximum: Int(kernels.pixel_tile))
    tile = Int(kernels.output_tile)
    lanes = Int(kernels.lanes)
    columnPanelCount = roundUp(columns, to: tile) / tile
    depthBlockCount = roundUp(depth, to: Self.maximumDepth) / Self.maximumDepth
  }

  /// `14x32`: the rows and columns of the largest tile.
  var tileName: String { "\(rowPanels.map(\.width).max() ?? 0)x\(tile)" }

  /// Sixteens of the depth, the last perhaps partly filled.
  var chunkCount: Int { roundUp(depth, to: Self.chunk) / Self.chunk }

  /// The sixteens of a depth block.
  func chunks(ofBlock block: Int) -> Range<Int> {
    chunkCount * block / depthBlockCount..<chunkCount * (block + 1) / depthBlockCount
  }

  /// Floats of the packed weights: whole sixteens.
  var weightCount: Int { groups * rows * chunkCount * Self.chunk }
  /// Floats of the packed columns of one image: whole panels.
  var packedColumnCount: Int { groups * depth * columnPanelCount * tile }
  /// Items of packing the columns: [group][column panel][depth block].
  var packingItemCount: Int { groups * columnPanelCount * depthBlockCount }

  /// Time of a tile in a column panel: 2, or 1 where one vector has all columns.
  private func cost(ofPanel panel: Int) -> Int { columns - panel * tile <= lanes ? 1 : 2 }

  /// A thread's tiles: neighbours, and equal work for all threads to within one tile.
  ///
  /// A thread keeps its tiles through all depth blocks, so that none waits for another in between.
  func strips(thread: Int, threadCount: Int) -> [PanelStrip] {
    let total =
      groups * rowPanels.count * (0..<columnPanelCount).reduce(0) { $0 + cost(ofPanel: $1) }
    let share = total * thread / threadCount..<total * (thread + 1) / threadCount
    var strips: [PanelStrip] = []
    var first = 0
    for group in 0..<groups {
      for panel in 0..<columnPanelCount {
        let cost = cost(ofPanel: panel)
        // The tiles whose work begins inside the share.
        func tiles(before bound: Int) -> Int {
          min(max(roundUp(bound - first, to: cost) / cost, 0), rowPanels.count)
        }
        let range = tiles(before: share.lowerBound)..<tiles(before: share.upperBound)
        if !range.isEmpty {
          strips.append(
            PanelStrip(
              group: Int32(group), column_panel: Int32(panel),
              first_row_panel: Int32(range.lowerBound), last_row_panel: Int32(range.upperBound)))
        }
        first += cost * rowPanels.count
      }
    }
    return strips
  }
}

/// The strips of all threads in memory that argument blocks can point to.
final class PanelStrips {
  private let pointer: UnsafeMutablePointer<PanelStrip>
  /// The strips of each thread.
  private let ranges: [Range<Int>]

  init(_ plan: PanelPlan, threadCount: Int) {
    var strips: [PanelStrip] = []
    ranges = (0..<threadCount).map { thread in
      let first = strips.count
      strips += plan.strips(thread: thread, threadCount: threadCount)
      return first..<strips.count
    }
    pointer = .allocate(capacity: max(strips.count, 1))
    for (index, strip) in strips.enumerated() { (pointer + index).initialize(to: strip) }
  }

  deinit { pointer.deallocate() }

  /// The strips of a thread.
  func of(_ share: ThreadShare) -> (start: UnsafePointer<PanelStrip>, count: Int) {
    let range = ranges[share.thread]
    return (UnsafePointer(pointer + range.lowerBound), range.count)
  }
}

/// The weights of a convolution as the rows of a product's left matrix, and its bias.
struct PackedPanels {
  /// [group][depth block][row panel][depth ∕ 16][row of the panel][16], filled up with zeros.
  let weights: AlignedBuffer
  /// [group][row]; zeros without a bias.
  let bias: AlignedBuffer

  var byteCount: Int { weights.byteCount + bias.byteCount }

  init(_ source: LayerWeights, plan: PanelPlan) {
    weights = AlignedBuffer(count: plan.weightCount)
    bias = AlignedBuffer(count: plan.groups * plan.rows)
    if let values = source.bias { bias.pointer.update(from: values.pointer, count: bias.count) }
    var target = weights.pointer
    for group in 0..<plan.groups {
      let rows = source.weight.pointer + group * plan.rows * plan.depth
      for block in 0..<plan.depthBlockCount {
        for panel in plan.rowPanels {
          for chunk in plan.chunks(ofBlock: block) {
            let first = chunk * PanelPlan.chunk
            let count = min(PanelPlan.chunk, plan.depth - first)
            for row in Int(panel.first)..<Int(panel.first + panel.width) {
              target.update(from: rows + row * plan.depth + first, count: count)
              target += PanelPlan.chunk
            }
          }
        }
      }
    }
  }
}
