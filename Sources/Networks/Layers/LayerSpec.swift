import Tensors

/// What a layer computes, without weights and without a shape: the parameters of Caffe's layer.
public enum LayerSpec: Hashable, Sendable {
  case convolution(ConvolutionSpec)
  case relu(ReLUSpec)
  case pooling(PoolingSpec)
  case lrn(LRNSpec)
  case innerProduct(InnerProductSpec)
  case dropout(DropoutSpec)
  case softmax(SoftmaxSpec)
  case softmaxWithLoss(SoftmaxWithLossSpec)
  case euclideanLoss(EuclideanLossSpec)
  case accuracy(AccuracySpec)
  case concat(ConcatSpec)
  case eltwise(EltwiseSpec)
  case flatten(FlattenSpec)
  case power(PowerSpec)
  case sigmoid
  case tanh

  /// What is true of the layer's kind; the only place that knows the kinds.
  var definition: any LayerDefinition {
    switch self {
    case .convolution(let spec): spec
    case .relu(let spec): spec
    case .pooling(let spec): spec
    case .lrn(let spec): spec
    case .innerProduct(let spec): spec
    case .dropout(let spec): spec
    case .softmax(let spec): spec
    case .softmaxWithLoss(let spec): spec
    case .euclideanLoss(let spec): spec
    case .accuracy(let spec): spec
    case .concat(let spec): spec
    case .eltwise(let spec): spec
    case .flatten(let spec): spec
    case .power(let spec): spec
    case .sigmoid: SigmoidSpec()
    case .tanh: TanHSpec()
    }
  }
}

/// The kinds of rows there are: layers, and what a backend or a pass adds.
public enum LayerKind: String, Sendable, CaseIterable {
  case convolution, relu, pooling, lrn
  case innerProduct = "inner_product"
  case dropout, softmax
  case softmaxWithLoss = "softmax_with_loss"
  case euclideanLoss = "euclidean_loss"
  case accuracy, concat, eltwise, flatten, power, sigmoid, tanh
  /// A change of layout between two steps of a backend.
  case reorder
  /// The full forward (`layer=net`).
  case network
}

extension LayerSpec {
  /// Name in the `kind` column.
  public var kind: LayerKind { type(of: definition).kind }
  /// Whether what the layer makes of one image depends on other images.
  public var mixesImages: Bool { definition.mixesImages }
  /// Whether the layer multiplies with weights; such a layer starts a stage.
  package var hasWeights: Bool { definition.weightedOutputs != nil }
  /// What the first top's gradient starts with; nil for a layer that is no loss.
  package var weightInLoss: Float? { definition.weightInLoss }
  /// Where inference has nothing to compute; nil for a layer that computes.
  package var identity: Identity? { definition.identity }
  /// Size, stride (s), padding (p), dilation (d) and groups (g) of a window, as far as they are not
  /// the usual ones; empty for layers without a window.
  package var kernelText: String { definition.kernelText }
  /// The parameters by the names that programs get them under.
  package var parameters: [String: LayerParameter] { definition.parameters }
}

extension Layer {
  /// The shapes of the tops for bottoms of the given shapes, by Caffe's rules.
  public func outputShapes(of bottoms: [Shape]) throws(NetworkError) -> [Shape] {
    try resolved(on: bottoms).tops
  }

  /// The spec with all axes counted from the front, as it is in a ``Graph``, and the shapes of the
  /// tops.
  func resolved(on bottoms: [Shape]) throws(NetworkError) -> (spec: LayerSpec, tops: [Shape]) {
    do throws(ShapeRefusal) {
      let bottomCount = type(of: spec.definition).bottomCount
      guard bottomCount.allows(bottoms.count) else {
        throw ShapeRefusal("takes \(bottomCount.rawValue), not \(bottoms.count)")
      }
      let spec = try spec.definition.countingFromFront(bottoms[0]) ?? spec
      return (spec, try spec.definition.tops(of: bottoms, count: tops.count))
    } catch {
      throw .unusableShape(layer: name, reason: error.reason)
    }
  }
}

extension Graph {
  /// A node's parameters in the `problem` column.
  package func problem(of node: Node) -> String {
    node.layer.spec.definition.problem(on: inputShape(of: node))
  }
}
