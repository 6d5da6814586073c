import KernelInterface
import Tensors

/// How a row of output pixels is cut into register tiles, and which taps fall into the padding.
struct PixelTiling {
  let tiles: [PixelTile]
  /// [tile][s]: offset in floats of tap s for the tile's first pixel.
  let tapOffsets: [Int32]
  /// [tile][s]: see `ConvolutionArguments.tap_edges`.
  let tapEdges: [Int32]

  /// Nearly equal widths, so that no narrow rest keeps the multipliers waiting.
  static func widths(of count: Int, maximum: Int) -> [PixelTile] {
    let runs = (count + maximum - 1) / maximum
    return (0..<runs).map { run in
      let first = count * run / runs
      let width = Int32(count * (run + 1) / runs - first)
      return PixelTile(first: Int32(first), width: width)
    }
  }

  /// For rows whose padding is not stored: taps that fall into it are skipped.
  /// - Returns: nil when a tap would have to skip pixels in a way that no kernel is built for.
  init?(
    skipping kernels: KernelTable, outputs: Int, inputs: Int, taps: Int, dilation: Int, pad: Int
  ) {
    tiles = Self.widths(of: outputs, maximum: Int(kernels.pixel_tile))
    var offsets: [Int32] = []
    var edges: [Int32] = []
    for tile in tiles {
      for s in 0..<taps {
        let first = Int(tile.first) - pad + s * dilation
        let last = first + Int(tile.width) - 1
        let edge: Int32
        switch (max(0, -first), max(0, last - (inputs - 1))) {
        case (0, 0): edge = 0
        case (let skip, 0) where skip <= 2: edge = Int32(skip)
        case (0, let skip) where skip <= 2: edge = Int32(2 + skip)
        default: return nil
        }
        if edge != 0, tile.width < kernels.edge_pixel_tile { return nil }
        offsets.append(Int32(first * Layout.channelBlock))
        edges.append(edge)
      }
    }
    tapOffsets = offsets
    tapEdges = edges
  }

  /// For rows that hold their padding, columns split into `phases` of `phaseWidth`.
  init(
    padded kernels: KernelTable, outputs: Int, taps: Int, dilation: Int, phases: Int,
    phaseWidth: Int
  ) {
    tiles = Self.widths(of: outputs, maximum: Int(kernels.pixel_tile))
    tapOffsets = tiles.flatMap { tile in
      (0..<taps).map { s in
        let column = s * dilation
        let position = column % phases * phaseWidth + column / phases + Int(tile.first)
        return Int32(position * Layout.channelBlock)
      }
    }
    tapEdges = Array(repeating: 0, count: tapOffsets.count)
  }

  /// For row-major input without padding: one tap, whose channels are the filter's columns.
  init(planar kernels: KernelTable, outputs: Int, stride: Int) {
    tiles = Self.widths(of: outputs, maximum: Int(kernels.pixel_tile))
    tapOffsets = tiles.map { $0.first * Int32(stride) }
    tapEdges = Array(repeating: 0, count: tiles.count)
  }

  /// For matrix products: pixels follow each other, one tap.
  init(product kernels: KernelTable, pixels: Int) {
    tiles = Self.widths(of: pixels, maximum: Int(kernels.pixel_tile))
    tapOffsets = tiles.map { $0.first * Int32(Layout.channelBlock) }
    tapEdges = Array(repeating: 0, count: tiles.count)
  }

  /// The widest tile, for the `implementation` column.
  var width: Int { Int(tiles.map(\.width).max() ?? 0) }
}

/// The tiling in memory that argument blocks can point to.
final class PixelTilingStorage {
  let tiles: UnsafeMutablePointer<PixelTile>
  let tapOffsets: UnsafeMutablePointer<Int32>
  let tapEdges: UnsafeMutablePointer<Int32>
  let tileCount: Int32

  init(_ tiling: PixelTiling) {
    func copy<Element>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
      for (index, value) in values.enumerated() { (pointer + index).initialize(to: value) }
      return pointer
    }
    tiles = copy(tiling.tiles)
    tapOffsets = copy(tiling.tapOffsets)
    tapEdges = copy(tiling.tapEdges)
    tileCount = Int32(tiling.tiles.count)
  }

  deinit {
    tiles.deallocate()
    tapOffsets.deallocate()
    tapEdges.deallocate()
  }
}
