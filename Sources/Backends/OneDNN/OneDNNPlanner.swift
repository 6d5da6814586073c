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

  /// A layer without a primitive: the plain code computes it, and the step says so.
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

/// Chooses the primitive of a layer: the one that a plan names, or the fastest of those that there
/// are, by measuring.
///
/// oneDNN's own order of preference is a rule of thumb: for a fully connected layer at batch 1 its
/// first choice may take nearly twice the time of its second.
struct OneDNNChoice {
  let options: CompileOptions
  let graph: Graph
  /// Layer that the choice is for.
  let layer: String

  /// Longest that two candidates are compared.
  private static let budgetNanoseconds: Int64 = 60_000_000
  private static let roundCount = 2...8
  /// Slower than that many percent of the fastest so far, a candidate is not tried again.
  private static let hopelessPercent = 130

  /// - Parameters:
  ///   - candidates: at least one; without a plan in the options the first is taken.
  ///   - make: the step of a candidate.
  ///   - way: what is timed: the step with the changes of layout that it brings about.
  /// - Throws: a name that was asked for but does not exist for this layer.
  func step(
    among candidates: [OneDNNCandidate], make: (OneDNNCandidate) -> OneDNNStep,
    way: (OneDNNCandidate, OneDNNStep) -> [any Step]
  ) throws(BackendError) -> OneDNNStep {
    if let asked {
      if let found = candidates.first(where: { $0.name == asked }) { return make(found) }
      throw .unsupported(
        layer: layer,
        reason: "oneDNN has no primitive '\(asked)' for it; there is "
          + candidates.map(\.name).joined(separator: ", "))
    }
    var best = (candidate: candidates[0], step: make(candidates[0]))
    guard let plan = options.tiles, candidates.count > 1 else { return best.step }
    var times: [String: Int] = [:]
    // Two at a time, so that no more than two sets of packed weights are in memory.
    for challenger in candidates.dropFirst() {
      let step = make(challenger)
      let trial = StepTrial(
        [way(best.candidate, best.step), way(challenger, step)],
        evicting: options.expectsColdWeights ? plan.evictionMemory : nil,
        pool: options.pool
      ) { graph.values[$0.value].shape }
      let pair = Self.compare(trial)
      times[best.candidate.name] = min(times[best.candidate.name] ?? .max, pair[0])
      times[challenger.name] = pair[1]
      if pair[1] < pair[0] { best = (challenger, step) }
    }
    let measured = candidates.map { candidate in
      (tile: candidate.name, nanoseconds: times[candidate.name] ?? 0)
    }
    let chosen = plan.choose(measured, for: layer)
    return best.candidate.name == chosen
      ? best.step : make(candidates.first { $0.name == chosen } ?? best.candidate)
  }

  /// The primitive that the layer has to take; nil when it is to be chosen. Plans name tiles of our
  /// own Winograd kernels too, which mean nothing here.
  var asked: String? {
    options.tiles?.tiles[layer].flatMap { $0.contains("@") ? $0 : nil }
  }

  /// The fastest call of each of two.
  private static func compare(_ trial: StepTrial) -> [Int] {
    let start = alex_monotonic_ns()
    var best = [Int.max, Int.max]
    for round in 0..<roundCount.upperBound {
      for index in best.indices { best[index] = min(best[index], trial.time(index)) }
      if best[1] > best[0] / 100 * hopelessPercent { break }
      if round + 1 >= roundCount.lowerBound, alex_monotonic_ns() - start > budgetNanoseconds {
        break
      }
    }
    return best
  }
}
