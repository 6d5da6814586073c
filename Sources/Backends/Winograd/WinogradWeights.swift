import Execution
import KernelInterface
import Networks
import Tensors

extension PackedWeights {
  /// For Winograd convolution: G g G^T in float64, rounded once,
  /// [group][output tile][frequency][channel][output tile].
  ///
  /// - Parameters:
  ///   - spec: of the convolution with stride 1.
  ///   - tile: output channels of a register tile.
  init(
    winograd weights: LayerWeights, spec: ConvolutionSpec, transform: WinogradTransform,
    tile: Int, pool: ThreadPool
  ) {
    let outputs = spec.outputs / spec.groups
    let channels = weights.weight.shape.dimensions[1]
    let tiles = OutputTiles(outputs: outputs, tile: tile)
    let count = spec.groups * tiles.count
    let buffer = AlignedBuffer(
      count: count * transform.size * transform.size * channels * tile)
    let matrix = transform.filterMatrix.flatMap { $0.map(\.value) }
    let scratch = FilterScratch.count(transform, tile: tile)
    let scratches = (0..<pool.threadCount).map { _ in
      UnsafeMutablePointer<Double>.allocate(capacity: scratch)
    }
    defer { for scratch in scratches { scratch.deallocate() } }
    matrix.withUnsafeBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { return }
      PoolJob(pool: pool, function: transformFilters) { _, share in
        let range = share.range(of: count)
        return FilterArguments(
          filters: UnsafePointer(weights.weight.pointer), target: buffer.pointer, matrix: matrix,
          scratch: scratches[share.thread], alpha: transform.size, taps: transform.taps,
          outputs: outputs, channels: channels, tile: tile, tilesPerGroup: tiles.count,
          firstTile: range.lowerBound, lastTile: range.upperBound)
      }.run()
    }
    self.init(
      weights: buffer,
      bias: Self.pack(bias: weights.bias, groups: spec.groups, outputs: outputs, tiles: tiles))
  }
}

/// One thread's output tiles.
private struct FilterArguments: BitwiseCopyable {
  /// K×C×r×r.
  let filters: UnsafePointer<Float>
  let target: UnsafeMutablePointer<Float>
  /// G, α×r.
  let matrix: UnsafePointer<Double>
  let scratch: UnsafeMutablePointer<Double>
  let alpha: Int
  let taps: Int
  /// Output channels of one group.
  let outputs: Int
  let channels: Int
  let tile: Int
  let tilesPerGroup: Int
  let firstTile: Int
  let lastTile: Int
}

/// The filters of an output tile for one channel, [tap][output], and G times them, [α·r][output].
private enum FilterScratch {
  static func count(_ transform: WinogradTransform, tile: Int) -> Int {
    (transform.taps + transform.size) * transform.taps * tile
  }
}

/// All filters of an output tile at once, so that the sums run over neighbouring numbers.
private func transformFilters(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: FilterArguments.self)
  let (alpha, r, width) = (a.alpha, a.taps, a.tile)
  let gathered = a.scratch
  let rows = a.scratch + r * r * width
  for index in a.firstTile..<a.lastTile {
    let first = index % a.tilesPerGroup * width
    let lanes = min(width, a.outputs - first)
    let firstOutput = index / a.tilesPerGroup * a.outputs + first
    for c in 0..<a.channels {
      for lane in 0..<max(lanes, 0) {
        let filter = a.filters + ((firstOutput + lane) * a.channels + c) * r * r
        for tap in 0..<(r * r) { gathered[tap * width + lane] = Double(filter[tap]) }
      }
      for tap in 0..<(r * r) {
        for lane in max(lanes, 0)..<width { gathered[tap * width + lane] = 0 }
      }
      for i in 0..<alpha {
        for s in 0..<r {
          combine(
            gathered + s * width, step: r * width, factors: a.matrix + i * r, count: r,
            into: rows + (i * r + s) * width, width: width)
        }
      }
      for i in 0..<alpha {
        for j in 0..<alpha {
          let row = (index * alpha * alpha + i * alpha + j) * a.channels + c
          combine(
            rows + i * r * width, step: width, factors: a.matrix + j * r, count: r,
            into: a.target + row * width, width: width)
        }
      }
    }
  }
}

/// into[lane] = Σ_t factors[t] · source[t · step + lane], rounded if the target is float32.
@inline(__always)
private func combine<Value: BinaryFloatingPoint>(
  _ source: UnsafePointer<Double>, step: Int, factors: UnsafePointer<Double>, count: Int,
  into target: UnsafeMutablePointer<Value>, width: Int
) {
  for lane in 0..<width {
    var sum = 0.0
    for t in 0..<count { sum += factors[t] * source[t * step + lane] }
    target[lane] = Value(sum)
  }
}
