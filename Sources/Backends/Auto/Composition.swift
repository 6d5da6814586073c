import Execution
import KernelInterface
import Networks
import Tensors

/// A net of several backends: runs of layers, each compiled by one of them in its own layouts, and
/// changes of layout between them where the next wants another one.
struct Composition {
  let graph: Graph
  let weights: any WeightSource
  let options: CompileOptions
  let plan: TilePlan
  let parts: [any Backend]

  func steps() throws(BackendError) -> [any Step] {
    let backends = try backends()
    let runs = SegmentCuts(graph: graph, names: backends.map(\.name)).runs
    var list = StepList(graph: graph, boundary: options.boundary) { reorder($0, from: $1, to: $2) }
    for run in runs {
      let segment = graph.segment(run)
      let backend = backends[run.lowerBound]
      // One backend alone gets the whole net as if it had been asked itself.
      let boundary: Boundary = runs.count == 1 ? options.boundary : .native
      for step in try compile(segment.graph, backend, boundary: boundary) {
        let moved = DelegatedStep(
          step, info: info(of: step, segment: segment, run: run, backend: backend))
        if moved.info.kind == .reorder, list.isThere(moved.info.outputs[0]) { continue }
        list.append(moved)
      }
    }
    return list.finish()
  }

  // MARK: Choices

  /// The backend of every node: that of the first layer of its stage.
  /// - Throws: choices that are missing, contradict each other, or cannot be had here.
  private func backends() throws(BackendError) -> [any Backend] {
    let names = Set(graph.nodes.map(\.layer.name))
    if let other = plan.tiles.keys.sorted().first(where: { !names.contains($0) }) {
      throw .unsupported(
        layer: other,
        reason: "the plan is of another network: '\(graph.networkName)' has no layer "
          + "'\(other)'")
    }
    if let tile = plan.everywhere {
      throw .unsupported(
        layer: graph.networkName,
        reason: "auto takes the tiles of its plan, not '\(tile)' for every layer")
    }
    var found: [any Backend] = []
    for node in graph.nodes {
      let (layer, stage) = (node.layer.name, node.stage)
      guard let text = plan.tiles[stage] else {
        throw .unsupported(
          layer: stage,
          reason: "the plan does not say what computes '\(stage)'; make one for this "
            + "network with 'alexbench tune'")
      }
      let choice = PlannedChoice(text)
      if let own = plan.tiles[layer].map({ PlannedChoice($0) }), own.backend != choice.backend {
        throw .unsupported(
          layer: layer,
          reason: "the plan has '\(own.backend)' for '\(layer)' inside of stage "
            + "'\(stage)' of '\(choice.backend)'; a stage has one backend")
      }
      found.append(try part(choice.backend, for: layer))
    }
    return found
  }

  private func part(_ name: String, for layer: String) throws(BackendError) -> any Backend {
    guard let backend = parts.first(where: { $0.name == name }) else {
      throw .unsupported(
        layer: layer,
        reason: "the plan has '\(layer)' computed by '\(name)', which auto does not "
          + "know; it knows " + parts.map(\.name).joined(separator: ", "))
    }
    if let missing = backend.unavailability {
      throw .unavailable(
        Unavailability(
          reason: "the plan has '\(layer)' computed by '\(name)', which is not available: "
            + missing.reason, hint: missing.hint))
    }
    return backend
  }

  // MARK: Segments

  /// A run of layers by its backend, with the tiles of the plan. What the plan leaves open the
  /// backend chooses as always, and the choice is noted.
  private func compile(
    _ segment: Graph, _ backend: any Backend, boundary: Boundary
  ) throws(BackendError) -> [any Step] {
    var tiles: [String: String] = [:]
    for node in segment.nodes {
      guard let text = plan.tiles[node.layer.name] else { continue }
      let tile = PlannedChoice(text).tile
      if !tile.isEmpty { tiles[node.layer.name] = tile }
    }
    let inner = TilePlan(tiles: tiles, cacheByteCount: plan.cacheByteCount)
    var options = options
    options.boundary = boundary
    options.tiles = inner
    let steps = try backend.steps(of: segment, weights: weights, options: options)
    inner.finish()
    for node in segment.nodes {
      let tried = inner.candidates.filter { $0.layer == node.layer.name }
      guard !tried.isEmpty else { continue }
      _ = plan.choose(
        tried.map {
          (PlannedChoice(backend: backend.name, tile: $0.tile).description, $0.nanoseconds)
        }, for: node.layer.name)
    }
    return steps
  }

  /// What a step of a segment is in the whole net.
  private func info(
    of step: any Step, segment: (graph: Graph, values: [Graph.ValueID]), run: Range<Int>,
    backend: any Backend
  ) -> StepInfo {
    var info = step.info
    func moved(_ operand: Operand) -> Operand {
      Operand(value: segment.values[operand.value], layout: operand.layout)
    }
    info.nodes = info.nodes.map { $0 + run.lowerBound }
    info.inputs = info.inputs.map(moved)
    info.outputs = info.outputs.map(moved)
    if !info.isElided { info.delegatedTo = info.delegatedTo ?? backend.name }
    return info
  }

  /// A change of layout between two backends: by our kernels where they know both layouts, otherwise
  /// by the library that has the other one.
  private func reorder(_ value: Graph.ValueID, from: Layout, to: Layout) -> any Step {
    let own: [Layout] = [.nchw, .blocked]
    if own.contains(from), own.contains(to) {
      let steps = LayerSteps(graph: graph, kernels: options.kernels, pool: options.pool)
      return DelegatedStep(steps.reorder(value, from: from, to: to), to: "simd")
    }
    guard let library = try? OneDNNLibrary.load(OneDNNLibrary.fileName) else {
      preconditionFailure("only oneDNN has steps that read or write \(from) or \(to)")
    }
    library.useThreads(options.pool.threadCount)
    let step = OneDNNStep(
      reordering: value,
      OneDNNLayers(library: library).reorder(graph.values[value].shape, from: from, to: to),
      in: graph, threadCount: options.pool.threadCount)
    return DelegatedStep(step, to: "onednn")
  }
}

/// Where a net is cut into runs of nodes with the same backend.
struct SegmentCuts {
  let graph: Graph
  /// By node.
  let names: [String]

  /// A backend sees its run only and may fuse what is read there once: a value that is read inside of
  /// its run and outside as well ends the run, so that it is written.
  var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in names.indices {
      if let last = runs.last, names[last.lowerBound] == names[index] {
        runs[runs.count - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
    }
    while let (run, node) = firstShared(runs) {
      let old = runs[run]
      runs.replaceSubrange(run...run, with: [old.lowerBound..<node + 1, node + 1..<old.upperBound])
    }
    return runs
  }

  /// A node whose output is read both inside of its run and outside.
  private func firstShared(_ runs: [Range<Int>]) -> (run: Int, node: Int)? {
    for (position, run) in runs.enumerated() {
      for node in run.dropLast() {
        let readers = graph.nodes.indices.filter { reader in
          graph.nodes[reader].inputs.contains { graph.nodes[node].outputs.contains($0) }
        }
        if readers.contains(where: run.contains), !readers.allSatisfy(run.contains) {
          return (position, node)
        }
      }
    }
    return nil
  }
}
