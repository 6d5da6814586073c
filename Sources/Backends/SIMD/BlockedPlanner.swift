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
    switch node.layer.spec {
    case .dropout:
      let input = node.inputs[0]
      let layout = plan.layouts[input]?.first ?? .native(for: graph.values[input].shape)
      append(ElidedStep(node: index, in: graph, layout: layout), to: &plan)
      return
    case .flatten:
      append(ElidedStep(node: index, in: graph, layout: .nchw), to: &plan)
      return
    default: break
    }
    if let step = stepWithoutKernel(index) {
      append(step, to: &plan)
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
      if let next = fusibleReader(of: index), case .lrn(let lrn) = graph.nodes[next].layer.spec {
        return labelled(layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(layerSteps.pooling(index, pooling))
    case .lrn(let lrn):
      if let next = fusibleReader(of: index),
        case .pooling(let pooling) = graph.nodes[next].layer.spec
      {
        return labelled(layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(layerSteps.lrn(index, lrn))
    case .softmax(let spec): return labelled(layerSteps.softmax(index, spec))
    default: preconditionFailure("'\(node.layer.spec.kind)' has no kernel")
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
    let fused = fusedReLU(after: index)
    let weights = try weights.required(for: node, in: graph)
    var input = graph.inputShape(of: node)
    var layout = Layout.native(for: input)
    if spec.axis != 1 {
      // The kernels know one batch axis: axes before the product's count as images.
      input = Shape([input.count(of: 0..<spec.axis), input.count(of: spec.axis..<input.rank)])
      layout = .nchw
    }
    let product = FullyConnected(
      spec: spec, input: input, layout: layout, kernels: options.kernels)
    return product.makeStep(
      node: node, nodes: [index] + (fused.map { [$0] } ?? []),
      outputValue: fused.map { graph.nodes[$0].outputs[0] } ?? node.outputs[0],
      weights: weights, floor: fused == nil ? -.infinity : 0,
      pool: options.pool)
  }

  /// A layer that there is no kernel for: by the plain code, and labelled so. Blobs in channel blocks
  /// that can be joined as they are stay in them.
  /// - Returns: nil where there is a kernel.
  private func stepWithoutKernel(_ index: Int) -> (any Step)? {
    let node = graph.nodes[index]
    guard !hasKernel(node) else { return nil }
    let step: (any Step)?
    switch node.layer.spec {
    case .concat(let spec) where canConcatBlocked(spec, node, in: graph):
      let blocks = plainConcat(spec, index, in: graph, layout: .blocked, pool: options.pool)
      return delegate.map { DelegatedStep(blocks, to: $0) } ?? blocks
    case .eltwise(let spec):
      step = plainEltwise(
        spec, index, in: graph, layout: .native(for: graph.inputShape(of: node)),
        pool: options.pool)
    default: step = plainStep(index, in: graph, pool: options.pool)
    }
    return step.map { DelegatedStep($0, to: "plain") }
  }

  /// Whether our kernels do such a layer, with these parameters.
  private func hasKernel(_ node: Graph.Node) -> Bool {
    switch node.layer.spec {
    case .convolution, .innerProduct, .relu: true
    case .pooling: node.outputs.count == 1
    case .lrn(let spec): spec.region == .acrossChannels
    case .softmax(let spec): spec.axis == graph.inputShape(of: node).rank - 1
    default: false
    }
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
    guard readers.count == 1, graph.nodes[readers[0]].stage == graph.nodes[index].stage,
      hasKernel(graph.nodes[readers[0]])
    else { return nil }
    return readers[0]
  }
}
