import Networks
import Tensors

/// The float64 result of a layer, with what a float32 implementation may be off by.
public struct ReferenceResult: Sendable {
  /// Of the layer's output; the batch axis counts the images that were asked for.
  public var shape: Shape
  /// Row-major.
  public var values: [Double]
  /// Largest allowed |float32 result − value| of each output of a direct method; 0 where a result
  /// must be exact. Winograd may err by this times the amplification factor of its tile.
  public var bounds: [Double]

  public init(shape: Shape, values: [Double], bounds: [Double]) {
    self.shape = shape
    self.values = values
    self.bounds = bounds
  }

  /// The bounds of an algorithm that computes squares of `tile`×`tile` outputs from shared sums:
  /// within a square the largest bound holds for all, times an amplification factor.
  ///
  /// - Parameters:
  ///   - amplification: see `StepInfo.errorAmplification`.
  ///   - tile: see `StepInfo.errorTile`; squares start at multiples of it.
  public func bounds(amplification: Double, tile: Int) -> [Double] {
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
public enum Reference {
  /// One layer on float32 inputs.
  /// - Parameters:
  ///   - node: a layer of `graph`, with one output.
  ///   - inputs: row-major values of the node's inputs, all images.
  ///   - weights: those of the node; nil for a kind that has none.
  ///   - images: which images to compute, in this order; nil for all. A layer that mixes images
  ///     (an axis of 0) is always computed whole.
  public static func forward(
    _ node: Graph.Node, in graph: Graph, inputs: [[Float]], weights: LayerWeights?,
    images: [Int]? = nil
  ) -> ReferenceResult {
    precondition(inputs.count == node.inputs.count, "one array per input of \(node.layer.name)")
    let shape = graph.inputShape(of: node)
    precondition(inputs[0].count == shape.count, "\(inputs[0].count) values for shape \(shape)")
    let selection = mixesImages(node.layer.spec) ? nil : images
    var output = graph.outputShape(of: node)
    if let selection { output = output.withBatch(selection.count) }
    let operand = Operand(
      shape: selection.map { shape.withBatch($0.count) } ?? shape,
      values: select(selection, of: inputs[0], shape: shape))
    return compute(node, operand, weights, output, derivesBounds: true)
  }

  /// A whole graph, float64 all the way: only the inputs and the weights are float32.
  /// - Parameters:
  ///   - inputs: row-major values of `graph.inputs`, all images.
  ///   - images: which images to compute, in this order; nil for all. Precondition: no layer mixes
  ///     images.
  /// - Returns: the row-major values of each of `graph.values`, in that order.
  /// - Throws: what the source of the weights throws.
  public static func forward(
    _ graph: Graph, inputs: [[Float]], weights: any WeightSource, images: [Int]? = nil
  ) throws(NetworkError) -> [[Double]] {
    precondition(inputs.count == graph.inputs.count, "one array per input of the graph")
    precondition(images == nil || !graph.nodes.contains { mixesImages($0.layer.spec) })
    func selected(_ shape: Shape) -> Shape { images.map { shape.withBatch($0.count) } ?? shape }
    var values = [[Double]](repeating: [], count: graph.values.count)
    for (id, input) in zip(graph.inputs, inputs) {
      values[id] = select(images, of: input, shape: graph.values[id].shape)
    }
    for node in graph.nodes {
      let operand = Operand(
        shape: selected(graph.inputShape(of: node)), values: values[node.inputs[0]])
      let result = compute(
        node, operand, try weights.weights(of: node, in: graph),
        selected(graph.outputShape(of: node)), derivesBounds: false)
      values[node.outputs[0]] = result.values
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
    _ node: Graph.Node, _ input: Operand, _ weights: LayerWeights?, _ output: Shape,
    derivesBounds: Bool
  ) -> ReferenceResult {
    var result = ReferenceResult(
      shape: output, values: [Double](repeating: 0, count: output.count),
      bounds: derivesBounds ? [Double](repeating: 0, count: output.count) : [])
    switch node.layer.spec {
    case .convolution(let spec):
      convolution(spec, input, required(weights, by: node), derivesBounds, &result)
    case .innerProduct(let spec):
      innerProduct(spec, input, required(weights, by: node), derivesBounds, &result)
    case .pooling(let spec): pooling(spec, input, derivesBounds, &result)
    case .lrn(let spec): lrn(spec, input, derivesBounds, &result)
    case .softmax(let spec): softmax(spec, input, derivesBounds, &result)
    case .relu(let spec): relu(spec, input, derivesBounds, &result)
    case .dropout: result.values = input.values
    default: preconditionFailure("'\(node.layer.spec.kind)' has no reference yet")
    }
    return result
  }

  private static func required(_ weights: LayerWeights?, by node: Graph.Node) -> LayerWeights {
    guard let weights else { preconditionFailure("layer '\(node.layer.name)' needs weights") }
    return weights
  }

  /// Whether one image's output depends on other images.
  private static func mixesImages(_ spec: LayerSpec) -> Bool {
    spec.mixesImages
  }

  private static func select(_ images: [Int]?, of values: [Float], shape: Shape) -> [Double] {
    guard let images else { return values.map(Double.init) }
    let count = shape.countPerImage
    return images.flatMap { image in
      values[image * count..<(image + 1) * count].map(Double.init)
    }
  }

  /// out = max(x, 0) + slope · min(x, 0). Exact, but for the rounding of the product.
  private static func relu(
    _ spec: ReLUSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let slope = Double(spec.negativeSlope)
    for (index, x) in input.values.enumerated() {
      result.values[index] = max(x, 0) + slope * min(x, 0)
      if derivesBounds, slope != 0 { result.bounds[index] = u * abs(slope * min(x, 0)) }
    }
  }
}
