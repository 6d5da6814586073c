import KernelInterface
import Networks
import Tensors

/// Weights and bias in the order in which a kernel reads them.
struct PackedWeights {
  let weights: AlignedBuffer
  let bias: AlignedBuffer
  /// What weights and bias are to be multiplied with; a power of two.
  let scale: Float

  var byteCount: Int { weights.byteCount + bias.byteCount }

  init(weights: AlignedBuffer, bias: AlignedBuffer, scale: Float = 1) {
    self.weights = weights
    self.bias = bias
    self.scale = scale
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
    self.init(
      weights: buffer,
      bias: Self.pack(bias: weights.bias, groups: spec.groups, outputs: outputs, tiles: tiles))
  }

  /// For matrix products: [output tile][input][output tile], inputs in the order in which the
  /// bottom blob lies in memory.
  ///
  /// - Parameters:
  ///   - order: for each float of an image of the bottom its feature, or nil for fill.
  ///   - precision: of the weights.
  init(
    innerProduct weights: LayerWeights, outputs: Int, tile: Int, order: [Int?],
    precision: Precision
  ) {
    let tiles = OutputTiles(outputs: outputs, tile: tile)
    let bias = Self.pack(bias: weights.bias, groups: 1, outputs: outputs, tiles: tiles)
    let count = tiles.count * tile * order.count
    switch precision {
    case .single:
      let buffer = AlignedBuffer(count: count)
      Self.arrange(weights, outputs: outputs, tiles, order, into: buffer.pointer) { $0 }
      self.init(weights: buffer, bias: bias)
    case .halfWeights:
      let exponent = HalfScale(of: weights).exponent
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      let buffer = AlignedBuffer(count: (count + 1) / 2)
      buffer.pointer.withMemoryRebound(to: Float16.self, capacity: count) {
        Self.arrange(weights, outputs: outputs, tiles, order, into: $0) { Float16($0 * factor) }
      }
      for index in 0..<bias.count { bias.pointer[index] *= factor }
      self.init(weights: buffer, bias: bias, scale: 1 / factor)
    }
  }

  private static func arrange<Element>(
    _ weights: LayerWeights, outputs: Int, _ tiles: OutputTiles, _ order: [Int?],
    into target: UnsafeMutablePointer<Element>, _ convert: (Float) -> Element
  ) {
    let features = weights.weight.shape.dimensions[1]
    let source = weights.weight.pointer
    let width = tiles.width
    for index in 0..<tiles.count {
      let target = target + index * width * order.count
      let rows = min(width, outputs - index * width)
      for (input, feature) in order.enumerated() {
        guard let feature else { continue }
        for lane in 0..<max(rows, 0) {
          target[input * width + lane] = convert(
            source[(index * width + lane) * features + feature])
        }
      }
    }
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

/// The power of two that brings a layer's largest weight below the largest half, 65504, so that what is too
/// small for a half is less than 2⁻²⁹ of it.
private struct HalfScale {
  let exponent: Int

  init(of weights: LayerWeights) {
    func largest(_ tensor: Tensor?) -> Float {
      tensor?.buffer.elements.reduce(0) { max($0, abs($1)) } ?? 0
    }
    let weight = largest(weights.weight)
    guard weight > 0, weight.isFinite else {
      exponent = 0
      return
    }
    // The bias, times the same, must stay a float.
    let room = Int(Float.greatestFiniteMagnitude.exponent) - 1
    let bias = largest(weights.bias)
    exponent = min(
      14 - Int(weight.exponent), bias > 0 && bias.isFinite ? room - Int(bias.exponent) : room)
  }
}
