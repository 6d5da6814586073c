import CSupport
import Execution
import Networks
import Tensors

/// Turns a graph into steps of oneDNN's primitives: each layer with weights by the fastest that there
/// is, in the layouts it wants, and the others in the layout they find; ReLU is fused into what it
/// follows.
struct OneDNNPlanner {
  let graph: Graph
  let weights: any WeightSource
  let options: CompileOptions
  let library: OneDNNLibrary

  private var layers: OneDNNLayers { OneDNNLayers(library: library) }
  private var threadCount: Int { options.pool.threadCount }

  func steps() throws(BackendError) -> [any Step] {
    // Primitives are made for the number of threads that is set by then.
    library.useThreads(threadCount)
    var list = StepList(graph: graph, boundary: options.boundary) { value, from, to in
      OneDNNStep(
        reordering: value, layers.reorder(graph.values[value].shape, from: from, to: to),
        in: graph, threadCount: threadCount)
    }
    for index in graph.nodes.indices where !list.covers(index) {
      if list.elide(index) { continue }
      switch graph.nodes[index].layer.spec {
      case .convolution, .innerProduct: list.append(try weightedStep(index, in: list))
      case .relu, .lrn, .softmax: list.append(try unweightedStep(index, in: list))
      case .pooling where graph.nodes[index].outputs.count == 1:
        list.append(try unweightedStep(index, in: list))
      default: list.append(try delegated(index))
      }
    }
    return list.finish()
  }

  // MARK: Layers with weights

  private func weightedStep(_ index: Int, in list: StepList) throws(BackendError) -> any Step {
    let node = graph.nodes[index]
    let fused = options.keepsAllBlobs ? nil : graph.soleReLU(after: index)
    let last = fused ?? index
    let (input, output) = (graph.inputShape(of: node), graph.outputShape(of: node))
    let candidates: [OneDNNCandidate]
    switch node.layer.spec {
    case .convolution(let spec):
      candidates = layers.convolution(
        spec, input: input, output: output, rectifies: fused != nil)
    case .innerProduct(let spec):
      candidates = layers.innerProduct(spec, input: input, rectifies: fused != nil)
    default: preconditionFailure("\(node.layer.name) has no weights")
    }
    guard !candidates.isEmpty else { throw refusal(node, "oneDNN has no primitive for it") }
    let weights = try weights.required(for: node, in: graph)
    let choice = OneDNNChoice(options: options, graph: graph, layer: node.layer.name)
    return try choice.step(among: candidates) { candidate in
      OneDNNStep(
        candidate, nodes: [index] + (fused.map { [$0] } ?? []), in: graph, weights: weights,
        threadCount: threadCount)
    } way: { candidate, step in
      guard options.boundary == .nchw else { return [step] }
      let reorder = list.reorder(node.inputs[0], to: candidate.input)
      return (reorder.map { [$0] } ?? []) + [step] + tail(after: last, in: candidate.output)
    }
  }

  /// The layers without weights that follow in the same stage, which have to take the layout that a
  /// convolution leaves them.
  private func tail(after index: Int, in layout: Layout) -> [any Step] {
    var steps: [any Step] = []
    var next = graph.soleReader(of: index)
    while let index = next, let candidate = candidate(index, in: layout) {
      steps.append(step(candidate, index))
      next = graph.soleReader(of: index)
    }
    return steps
  }

  // MARK: Layers without

  private func unweightedStep(_ index: Int, in list: StepList) throws(BackendError)
    -> any Step
  {
    let node = graph.nodes[index]
    let choice = OneDNNChoice(options: options, graph: graph, layer: node.layer.name)
    if choice.asked == nil, let found = list.layout(of: node.inputs[0]),
      let candidate = candidate(index, in: found)
    {
      return step(candidate, index)
    }
    let layouts = OneDNNMemory.imageLayouts.filter {
      $0 == .nchw || graph.inputShape(of: node).rank == 4
    }
    let candidates = layouts.compactMap { candidate(index, in: $0) }.worthTrying()
    guard !candidates.isEmpty else { return try delegated(index) }
    return try choice.step(among: candidates) {
      step($0, index)
    } way: {
      [$1]
    }
  }

  /// A layer that there is no primitive for: by the plain code, and labelled so.
  private func delegated(_ index: Int) throws(BackendError) -> any Step {
    guard let step = plainStep(index, in: graph, pool: options.pool) else {
      throw refusal(graph.nodes[index], "oneDNN has no primitive for these parameters")
    }
    return DelegatedStep(step, to: "plain")
  }

  private func step(_ candidate: OneDNNCandidate, _ index: Int) -> OneDNNStep {
    OneDNNStep(candidate, nodes: [index], in: graph, threadCount: threadCount)
  }

  /// A layer without weights in one layout; nil where that cannot be.
  private func candidate(_ index: Int, in layout: Layout) -> OneDNNCandidate? {
    let node = graph.nodes[index]
    let (input, output) = (graph.inputShape(of: node), graph.outputShape(of: node))
    switch node.layer.spec {
    case .pooling(let spec) where input.rank == 4:
      return layers.pooling(spec, input: input, output: output, layout: layout)
    case .lrn(let spec) where input.rank == 4:
      return layers.lrn(spec, input: input, layout: layout)
    case .relu(let spec): return layers.relu(spec, input: input, layout: layout)
    case .softmax(let spec) where layout == .nchw: return layers.softmax(spec, input: input)
    default: return nil
    }
  }

  private func refusal(_ node: Graph.Node, _ reason: String) -> BackendError {
    .unsupported(layer: node.layer.name, reason: reason)
  }
}
