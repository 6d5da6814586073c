import KernelInterface
import Networks
import Tensors

/// Weights and bias in the order in which a kernel reads them.
struct PackedWeights {
  let weights: AlignedBuffer
  let bias: AlignedBuffer

  var byteCount: Int { weights.byteCount + bias.byteCount }

  init(weights: AlignedBuffer, bias: AlignedBuffer) {
    self.weights = weights
    self.bias = bias
  }

  /// For direct convolution: [group][output tile][channel block][r][s][channel][output tile].
  ///
  /// - Parameter planar: the kernel reads row-major input: a "block" is a channel, its "channels"
  ///   are the columns of the filter.
  init(
    convolution weights: LayerWeights, spec: ConvolutionSpec, tile: Int, planar: Bool
  ) {
    let shape = weights.weight.shape.dimensions
    let (channels, tapsR, tapsS) = (shape[1], shape[2], shape[3])
    let outputs = spec.outputs / spec.groups
    let tiles = OutputTiles(outputs: outputs, tile: tile)
    let inner = planar ? tapsS : Layout.channelBlock
    let blocks = planar ? channels : roundUp(channels, to: inner) / inner
    let innerTaps = planar ? 1 : tapsS
    let buffer = AlignedBuffer(
      count: spec.groups * tiles.count * blocks * tapsR * innerTaps * inner * tile)
    var source = weights.weight.pointer
    for output in 0..<spec.outputs {
      let within = output % outputs
      let tileIndex = output / outputs * tiles.count + within / tile
      for c in 0..<channels {
        for r in 0..<tapsR {
          for s in 0..<tapsS {
            let (block, lane, tap) =
              planar ? (c, s, 0) : (c / Layout.channelBlock, c % Layout.channelBlock, s)
            let row = ((tileIndex * blocks + block) * tapsR + r) * innerTaps + tap
            buffer.pointer[(row * inner + lane) * tile + within % tile] = source[0]
            source += 1
          }
        }
      }
    }
    self.weights = buffer
    bias = Self.pack(bias: weights.bias, groups: spec.groups, outputs: outputs, tiles: tiles)
  }

  /// For matrix products: [output tile][input][output tile], inputs in the order in which the
  /// bottom blob lies in memory.
  ///
  /// - Parameter order: for each float of an image of the bottom its feature, or nil for fill.
  init(innerProduct weights: LayerWeights, outputs: Int, tile: Int, order: [Int?]) {
    let features = weights.weight.shape.dimensions[1]
    let inputs = order.count
    let tiles = OutputTiles(outputs: outputs, tile: tile)
    let buffer = AlignedBuffer(count: tiles.count * tile * inputs)
    let source = weights.weight.pointer
    for index in 0..<tiles.count {
      let target = buffer.pointer + index * tile * inputs
      let rows = min(tile, outputs - index * tile)
      for (input, feature) in order.enumerated() {
        guard let feature else { continue }
        for lane in 0..<max(rows, 0) {
          target[input * tile + lane] = source[(index * tile + lane) * features + feature]
        }
      }
    }
    self.weights = buffer
    bias = Self.pack(bias: weights.bias, groups: 1, outputs: outputs, tiles: tiles)
  }

  /// [group][output tile][output tile]; zeros without a bias and beyond the last output.
  static func pack(bias: Tensor?, groups: Int, outputs: Int, tiles: OutputTiles) -> AlignedBuffer {
    let buffer = AlignedBuffer(count: groups * tiles.count * tiles.width)
    guard let bias else { return buffer }
    for output in 0..<(groups * outputs) {
      let offset = output / outputs * tiles.count * tiles.width + output % outputs
      buffer.pointer[offset] = bias.pointer[output]
    }
    return buffer
  }
}

/// The tiles that cover one group's output channels, whole blocks included.
struct OutputTiles {
  let count: Int
  let width: Int

  init(outputs: Int, tile: Int) {
    count = roundUp(roundUp(outputs, to: Layout.channelBlock), to: tile) / tile
    width = tile
  }
}
