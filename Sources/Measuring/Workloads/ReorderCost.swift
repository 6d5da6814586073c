import CSupport
import Execution
import Networks
import Tensors

/// What converting a layer's operands from and to row-major order costs: the extra steps that
/// the backend puts around the layer when its boundary is row-major.
struct ReorderCost {
  var inNanoseconds = 0
  var outNanoseconds = 0

  /// Calls per step; the lower median is taken.
  private static let callCount = 5

  init(
    _ request: WorkloadRequest, graph: Graph, weights: any WeightSource, options: CompileOptions
  ) throws {
    var options = options
    options.boundary = .nchw
    let steps = try LocalWorkload.steps(
      of: graph, weights: weights, backend: request.backend, options: options)
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
    for value in graph.inputs {
      compiled.setInput(value, to: request.place.input(value, seed: request.seed, of: graph))
    }
    compiled.run()
    var isBefore = true
    for step in steps {
      if !step.info.nodes.isEmpty { isBefore = false }
      guard step.info.kind == .reorder else { continue }
      let nanoseconds = Self.time(step)
      if isBefore { inNanoseconds += nanoseconds } else { outNanoseconds += nanoseconds }
    }
  }

  private static func time(_ step: any Step) -> Int {
    step.run()
    let times = (0..<callCount).map { _ in
      let start = alex_monotonic_ns()
      step.run()
      return Int(alex_monotonic_ns() - start)
    }
    return times.sorted()[(callCount - 1) / 2]
  }
}
