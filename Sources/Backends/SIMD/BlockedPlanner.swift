import Execution
import KernelInterface
import Networks
import Tensors

/// Turns a graph into steps of our own kernels: blocked layout between them, reorders where a
/// step needs another one, ReLU fused into what it follows.
///
/// `simd` and `winograd` differ in how they do convolutions only; what `winograd` leaves to the
/// direct kernels carries that label.
struct BlockedPlanner {
  var graph: Graph
  let weights: any WeightSource
  var options: CompileOptions
  /// The backend's own way to do a convolution; nil hands it to the direct kernels.
  let makeConvolution: (ConvolutionContext) throws(BackendError) -> KernelStep?
  /// Name of the backend that the other layers are handed to, if that is another one.
  let delegate: String?

  /// A convolution to be planned.
  struct ConvolutionContext {
    var node: Graph.Node
    /// Graph nodes covered: the convolution, and a ReLU fused into it.
    var nodes: [Int]
    var outputValue: Graph.ValueID
    var spec: ConvolutionSpec
    var input: Shape
    var output: Shape
    var weights: LayerWeights
    /// Outputs below are raised to it.
    var floor: Float
    var options: CompileOptions

    /// The convolution by the direct kernels.
    func directStep() -> KernelStep {
      DirectConvolution(spec: spec, input: input, output: output, kernels: options.kernels)
        .makeStep(
          node: node, nodes: nodes, outputValue: outputValue, weights: weights, floor: floor,
          pool: options.pool)
    }
  }

  private struct Plan {
    var steps: [any Step] = []
    /// The layouts in which a value is there.
    var layouts: [Graph.ValueID: [Layout]] = [:]
    var done: Set<Int> = []
  }

  func steps() throws(BackendError) -> [any Step] {
    var plan = Plan()
    if options.boundary == .nchw {
      for input in graph.inputs { plan.layouts[input] = [.nchw] }
    }
    for index in graph.nodes.indices where !plan.done.contains(index) {
      try add(index, to: &plan)
    }
    if options.boundary == .nchw {
      for output in graph.outputs { require(output, .nchw, in: &plan) }
    }
    return plan.steps
  }

  private func add(_ index: Int, to plan: inout Plan) throws(BackendError) {
    let node = graph.nodes[index]
    if case .dropout = node.layer.spec {
      let input = node.inputs[0]
      let layout = plan.layouts[input]?.first ?? .native(for: graph.values[input].shape)
      append(ElidedStep(node: index, in: graph, layout: layout), to: &plan)
      return
    }
    var divided = try imageStage(index)
    if divided == nil { divided = try imageShares(index) }
    let step: any Step
    if let divided { step = divided } else { step = try makeStep(index) }
    for node in step.info.nodes { plan.done.insert(node) }
    append(step, to: &plan)
  }

  private func append(_ step: any Step, to plan: inout Plan) {
    for operand in step.info.inputs { require(operand.value, operand.layout, in: &plan) }
    for operand in step.info.outputs {
      plan.layouts[operand.value, default: []].append(operand.layout)
    }
    plan.steps.append(step)
  }

  /// Makes sure that a value is there in a layout.
  private func require(_ value: Graph.ValueID, _ layout: Layout, in plan: inout Plan) {
    guard let known = plan.layouts[value], let first = known.first else {
      // An input of a graph with native boundary comes as the first step wants it.
      plan.layouts[value] = [layout]
      return
    }
    if known.contains(layout) { return }
    plan.steps.append(layerSteps.reorder(value, from: first, to: layout))
    plan.layouts[value, default: []].append(layout)
  }

  private var layerSteps: LayerSteps {
    LayerSteps(graph: graph, kernels: options.kernels, pool: options.pool)
  }

  func makeStep(_ index: Int) throws(BackendError) -> KernelStep {
    let node = graph.nodes[index]
    switch node.layer.spec {
    case .convolution(let spec): return try convolution(index, spec)
    case .innerProduct(let spec): return labelled(try innerProduct(index, spec))
    case .relu(let spec): return labelled(layerSteps.relu(index, spec))
    case .pooling(let pooling):
      if let next = fusibleReader(of: index), case .lrn(let lrn) = graph.nodes[next].layer.spec,
        lrn.region == .acrossChannels
      {
        return labelled(try layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(layerSteps.pooling(index, pooling))
    case .lrn(let lrn):
      if let next = fusibleReader(of: index),
        case .pooling(let pooling) = graph.nodes[next].layer.spec
      {
        return labelled(try layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(try layerSteps.lrn(index, lrn))
    case .softmax(let spec): return labelled(try layerSteps.softmax(index, spec))
    case .dropout: preconditionFailure("dropout is elided")
    default:
      throw .unsupported(
        layer: node.layer.name, reason: "'\(node.layer.spec.kind)' is not implemented")
    }
  }

  private func labelled(_ step: KernelStep) -> KernelStep {
    step.info.delegatedTo = delegate
    return step
  }

  func convolution(_ index: Int, _ spec: ConvolutionSpec) throws(BackendError) -> KernelStep {
    let node = graph.nodes[index]
    let fused = fusedReLU(after: index)
    let context = ConvolutionContext(
      node: node, nodes: [index] + (fused.map { [$0] } ?? []),
      outputValue: fused.map { graph.nodes[$0].outputs[0] } ?? node.outputs[0], spec: spec,
      input: graph.inputShape(of: node), output: graph.outputShape(of: node),
      weights: try weights.required(for: node, in: graph),
      floor: fused == nil ? -.infinity : 0, options: options)
    if let step = try makeConvolution(context) { return step }
    return labelled(context.directStep())
  }

  private func innerProduct(_ index: Int, _ spec: InnerProductSpec) throws(BackendError)
    -> KernelStep
  {
    let node = graph.nodes[index]
    guard spec.axis == 1 else {
      throw .unsupported(layer: node.layer.name, reason: "inner product from axis \(spec.axis)")
    }
    let fused = fusedReLU(after: index)
    let input = graph.inputShape(of: node)
    let product = FullyConnected(
      spec: spec, input: input, layout: .native(for: input), kernels: options.kernels)
    return product.makeStep(
      node: node, nodes: [index] + (fused.map { [$0] } ?? []),
      outputValue: fused.map { graph.nodes[$0].outputs[0] } ?? node.outputs[0],
      weights: try weights.required(for: node, in: graph), floor: fused == nil ? -.infinity : 0,
      pool: options.pool)
  }

  /// The ReLU that alone reads the node's output, if it may be fused.
  func fusedReLU(after index: Int) -> Int? {
    guard let reader = fusibleReader(of: index),
      case .relu(let spec) = graph.nodes[reader].layer.spec, spec.negativeSlope == 0
    else { return nil }
    return reader
  }

  /// The node of the same stage that alone reads this one's output; nil where blobs are kept.
  func fusibleReader(of index: Int) -> Int? {
    guard !options.keepsAllBlobs else { return nil }
    let value = graph.nodes[index].outputs[0]
    let readers = graph.nodes.indices.filter { graph.nodes[$0].inputs.contains(value) }
    guard readers.count == 1, graph.nodes[readers[0]].stage == graph.nodes[index].stage else {
      return nil
    }
    return readers[0]
  }
}
