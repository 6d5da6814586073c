import Networks
import Tensors

/// The float64 result of a layer, with what a float32 implementation may be off by.
package struct ReferenceResult: Sendable {
  /// Of the layer's output; the batch axis counts the images that were asked for.
  package var shape: Shape
  /// Row-major.
  package var values: [Double]
  /// Largest allowed |float32 result − value| of each output of a direct method; 0 where a result
  /// must be exact. Winograd may err by this times the amplification factor of its tile.
  package var bounds: [Double]

  package init(shape: Shape, values: [Double], bounds: [Double]) {
    self.shape = shape
    self.values = values
    self.bounds = bounds
  }

  /// Zeros, to be filled in.
  init(zeros shape: Shape, derivesBounds: Bool) {
    let zeros = [Double](repeating: 0, count: shape.count)
    self.init(shape: shape, values: zeros, bounds: derivesBounds ? zeros : [])
  }

  /// The bounds of an algorithm that computes squares of `tile`×`tile` outputs from shared sums:
  /// within a square the largest bound holds for all, times an amplification factor.
  ///
  /// - Parameters:
  ///   - amplification: see `StepInfo.errorAmplification`.
  ///   - tile: see `StepInfo.errorTile`; squares start at multiples of it.
  package func bounds(amplification: Double, tile: Int) -> [Double] {
    guard tile > 1 else { return bounds.map { $0 * amplification } }
    let (height, width) = (shape.h, shape.w)
    var result = bounds
    for plane in 0..<(shape.n * shape.c) {
      for top in stride(from: 0, to: height, by: tile) {
        for left in stride(from: 0, to: width, by: tile) {
          let indices = (top..<min(top + tile, height)).flatMap { row in
            (left..<min(left + tile, width)).map { (plane * height + row) * width + $0 }
          }
          let largest = indices.map { bounds[$0] }.max() ?? 0
          for index in indices { result[index] = largest * amplification }
        }
      }
    }
    return result
  }
}

/// Every layer in float64, as plain loops: the judge of all backends.
///
/// Written for reading, and to share no code with what it judges. Each layer also derives a bound
/// on the error of a float32 implementation, whatever its order of summation; u below is 2⁻²⁴, the
/// largest relative error of one float32 rounding. Float64's own errors are 2⁻²⁹ of that and are
/// left out.
package enum Reference {
  /// One layer on float32 inputs; of a layer with two outputs the first.
  /// - Parameters: as for ``outputs(of:in:inputs:weights:images:)``.
  package static func forward(
    _ node: Graph.Node, in graph: Graph, inputs: [[Float]], weights: LayerWeights?,
    images: [Int]? = nil
  ) -> ReferenceResult {
    outputs(of: node, in: graph, inputs: inputs, weights: weights, images: images)[0]
  }

  /// All outputs of one layer on float32 inputs.
  /// - Parameters:
  ///   - node: a layer of `graph`.
  ///   - inputs: row-major values of the node's inputs, all images.
  ///   - weights: those of the node; nil for a kind that has none.
  ///   - images: which images to compute, in this order; nil for all. A layer that mixes images
  ///     (an axis of 0, a loss) is always computed whole.
  package static func outputs(
    of node: Graph.Node, in graph: Graph, inputs: [[Float]], weights: LayerWeights?,
    images: [Int]? = nil
  ) -> [ReferenceResult] {
    precondition(inputs.count == node.inputs.count, "one array per input of \(node.layer.name)")
    // The gradient of weights is a sum over images.
    let mixes = node.layer.spec.mixesImages || node.direction == .backwardWeights
    let selection = mixes ? nil : images
    let operands = zip(node.inputs, inputs).map { id, values in
      let shape = graph.values[id].shape
      precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
      return Operand(
        shape: selected(selection, of: shape),
        values: select(selection, of: values, shape: shape))
    }
    let shapes = node.outputs.map { selected(selection, of: graph.values[$0].shape) }
    return compute(node, operands, weights, shapes, derivesBounds: true)
  }

  /// A whole graph, float64 all the way: only the inputs and the weights are float32.
  /// - Parameters:
  ///   - inputs: row-major values of `graph.inputs`, all images.
  ///   - images: which images to compute, in this order; nil for all. Precondition: the graph does
  ///     not mix images.
  /// - Returns: the row-major values of each of `graph.values`, in that order.
  /// - Throws: what the source of the weights throws.
  package static func forward(
    _ graph: Graph, inputs: [[Float]], weights: any WeightSource, images: [Int]? = nil
  ) throws(NetworkError) -> [[Double]] {
    precondition(inputs.count == graph.inputs.count, "one array per input of the graph")
    precondition(images == nil || !graph.mixesImages)
    var values = [[Double]](repeating: [], count: graph.values.count)
    for (id, input) in zip(graph.inputs, inputs) {
      values[id] = select(images, of: input, shape: graph.values[id].shape)
    }
    for node in graph.nodes {
      let operands = node.inputs.map {
        Operand(shape: selected(images, of: graph.values[$0].shape), values: values[$0])
      }
      let results = compute(
        node, operands, try weights.weights(of: node, in: graph),
        node.outputs.map { selected(images, of: graph.values[$0].shape) }, derivesBounds: false)
      for (id, result) in zip(node.outputs, results) { values[id] = result.values }
    }
    return values
  }

  /// Unit roundoff of float32: the largest relative error of one rounding.
  static let u = 0x1p-24
  /// Largest absolute error of a float32 result that underflows, flushed to zero or not.
  static let underflow = 0x1p-126

  /// A layer's input.
  struct Operand {
    var shape: Shape
    var values: [Double]
  }

  private static func compute(
    _ node: Graph.Node, _ inputs: [Operand], _ weights: LayerWeights?, _ outputs: [Shape],
    derivesBounds: Bool
  ) -> [ReferenceResult] {
    var results = outputs.map { ReferenceResult(zeros: $0, derivesBounds: derivesBounds) }
    if node.direction != .forward {
      backward(node, inputs, weights, derivesBounds, &results)
      return results
    }
    let input = inputs[0]
    switch node.layer.spec {
    case .convolution(let spec):
      convolution(spec, input, required(weights, by: node), derivesBounds, &results[0])
    case .innerProduct(let spec):
      innerProduct(spec, input, required(weights, by: node), derivesBounds, &results[0])
    case .pooling(let spec): pooling(spec, input, derivesBounds, &results)
    case .lrn(let spec): lrn(spec, input, derivesBounds, &results[0])
    case .softmax(let spec): softmax(spec, input, derivesBounds, &results[0])
    case .relu(let spec): relu(spec, input, derivesBounds, &results[0])
    case .power(let spec): power(spec, input, derivesBounds, &results[0])
    case .sigmoid: sigmoid(input, derivesBounds, &results[0])
    case .tanh: tanh(input, derivesBounds, &results[0])
    case .concat(let spec): concat(spec, inputs, &results[0])
    case .eltwise(let spec): eltwise(spec, inputs, derivesBounds, &results[0])
    case .softmaxWithLoss(let spec):
      softmaxWithLoss(spec, input, inputs[1], derivesBounds, &results)
    case .euclideanLoss: euclideanLoss(input, inputs[1], derivesBounds, &results[0])
    case .accuracy(let spec): accuracy(spec, input, inputs[1], derivesBounds, &results)
    case .dropout, .flatten: results[0].values = input.values
    }
    return results
  }

  private static func required(_ weights: LayerWeights?, by node: Graph.Node) -> LayerWeights {
    guard let weights else { preconditionFailure("layer '\(node.layer.name)' needs weights") }
    return weights
  }

  private static func selected(_ images: [Int]?, of shape: Shape) -> Shape {
    images.map { shape.withBatch($0.count) } ?? shape
  }

  private static func select(_ images: [Int]?, of values: [Float], shape: Shape) -> [Double] {
    guard let images else { return values.map(Double.init) }
    let count = shape.countPerImage
    return images.flatMap { image in
      values[image * count..<(image + 1) * count].map(Double.init)
    }
  }
}
