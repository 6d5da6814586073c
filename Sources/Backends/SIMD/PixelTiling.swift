import KernelInterface
import Tensors

/// How a row of output pixels is cut into register tiles, and which taps fall into the padding.
struct PixelTiling {
  /// With the taps of each in ``runs``.
  private(set) var tiles: [PixelTile]
  private(set) var runs: [TapRun] = []

  /// One tap as a tile meets it: see `TapRun`.
  private struct TileTap {
    var offset: Int
    var edge = 0
  }

  /// Nearly equal widths, so that no narrow rest keeps the multipliers waiting.
  static func widths(of count: Int, maximum: Int) -> [PixelTile] {
    let tileCount = (count + maximum - 1) / maximum
    return (0..<tileCount).map { tile in
      let first = count * tile / tileCount
      let width = Int32(count * (tile + 1) / tileCount - first)
      return PixelTile(first: Int32(first), width: width, first_run: 0, run_count: 0)
    }
  }

  /// - Parameters:
  ///   - spacing: floats between the channels of two taps that one loop can run over.
  ///   - taps: of a tile, in order; nil when there is no kernel for what it would have to skip.
  private init?(
    _ kernels: KernelTable, outputs: Int, spacing: Int, taps: (PixelTile) -> [TileTap]?
  ) {
    tiles = Self.widths(of: outputs, maximum: Int(kernels.pixel_tile))
    for index in tiles.indices {
      guard let taps = taps(tiles[index]) else { return nil }
      tiles[index].first_run = Int32(runs.count)
      for (s, tap) in taps.enumerated() {
        if s > 0, tap.edge == taps[s - 1].edge, tap.offset == taps[s - 1].offset + spacing {
          runs[runs.count - 1].taps += 1
        } else {
          runs.append(TapRun(offset: Int32(tap.offset), taps: 1, edge: Int32(tap.edge)))
        }
      }
      tiles[index].run_count = Int32(runs.count) - tiles[index].first_run
    }
  }

  /// For rows whose padding is not stored: taps that fall into it are skipped.
  /// - Returns: nil when a tap would have to skip pixels in a way that no kernel is built for.
  init?(
    skipping kernels: KernelTable, outputs: Int, inputs: Int, taps: Int, dilation: Int, pad: Int
  ) {
    self.init(kernels, outputs: outputs, spacing: Layout.channelBlock) { tile in
      var result: [TileTap] = []
      for s in 0..<taps {
        let first = Int(tile.first) - pad + s * dilation
        let last = first + Int(tile.width) - 1
        let edge: Int
        switch (max(0, -first), max(0, last - (inputs - 1))) {
        case (0, 0): edge = 0
        case (let skip, 0) where skip <= 2: edge = skip
        case (0, let skip) where skip <= 2: edge = 2 + skip
        default: return nil
        }
        if edge != 0, tile.width < kernels.edge_pixel_tile { return nil }
        result.append(TileTap(offset: first * Layout.channelBlock, edge: edge))
      }
      return result
    }
  }

  /// For rows that hold their padding, columns split into `phases` of `phaseWidth`.
  init(
    padded kernels: KernelTable, outputs: Int, taps: Int, dilation: Int, phases: Int,
    phaseWidth: Int
  ) {
    self.init(kernels, outputs: outputs, spacing: Layout.channelBlock) { tile in
      (0..<taps).map { s in
        let column = s * dilation
        let position = column % phases * phaseWidth + column / phases + Int(tile.first)
        return TileTap(offset: position * Layout.channelBlock)
      }
    }!
  }

  /// For row-major input without padding: one tap, whose channels are the filter's columns.
  init(planar kernels: KernelTable, outputs: Int, stride: Int) {
    self.init(kernels, outputs: outputs, spacing: 0) { tile in
      [TileTap(offset: Int(tile.first) * stride)]
    }!
  }

  /// For matrix products, whose pixels are images: no taps.
  init(product kernels: KernelTable, images: Int) {
    tiles = Self.widths(of: images, maximum: Int(kernels.pixel_tile))
  }

  /// The widest tile, for the `implementation` column.
  var width: Int { Int(tiles.map(\.width).max() ?? 0) }
}

/// The tiling in memory that argument blocks can point to.
final class PixelTilingStorage {
  let tiles: UnsafeMutablePointer<PixelTile>
  let runs: UnsafeMutablePointer<TapRun>
  let tileCount: Int32

  init(_ tiling: PixelTiling) {
    func copy<Element>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
      for (index, value) in values.enumerated() { (pointer + index).initialize(to: value) }
      return pointer
    }
    tiles = copy(tiling.tiles)
    runs = copy(tiling.runs)
    tileCount = Int32(tiling.tiles.count)
  }

  deinit {
    tiles.deallocate()
    runs.deallocate()
  }
}
