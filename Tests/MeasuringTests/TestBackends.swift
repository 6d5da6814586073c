import Backends
import CSupport
import Execution
import KernelInterface
import Kernels
import Measuring
import Networks
import Results
import Tensors
import Testing

/// A backend of the tests: the plain loops, with something done to their results.
struct WrappedBackend: Backend {
  enum Flaw: Sendable {
    case none
    /// The last tile of the output is never written.
    case dropsLastTile
    /// Every output is zero.
    case writesZeros
    /// Right at first, wrong from the given call on.
    case failsLater(call: Int)
    /// Wrong at the given call alone.
    case failsOnce(call: Int)
    /// Refuses every convolution.
    case refuses
  }

  var name: String
  var flaw = Flaw.none
  var threading = Threading.pool
  var unavailability: Unavailability?
  /// Threads that it computes on at most.
  var largestThreadCount = Int.max
  let summary = "plain loops, for tests"

  func threadCount(askedFor count: Int) -> Int { min(count, largestThreadCount) }

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    if case .refuses = flaw {
      throw .unsupported(layer: graph.nodes[0].layer.name, reason: "it refuses everything")
    }
    let steps = try NaiveBackend().compile(graph, weights: weights, options: options)
    return steps.map { step in
      step.info.isElided ? step : FlawedStep(step, graph: graph, flaw: flaw)
    }
  }
}

/// Runs another step with its last output in memory of its own, then passes on what the flaw leaves of
/// that.
private final class FlawedStep: Step {
  let info: StepInfo
  private let step: any Step
  private let flaw: WrappedBackend.Flaw
  private let last: Int
  private let result: Tensor
  private var output: UnsafeMutablePointer<Float>?
  private var calls = 0

  init(_ step: any Step, graph: Graph, flaw: WrappedBackend.Flaw) {
    self.step = step
    self.flaw = flaw
    var info = step.info
    info.canRunInPlace = false
    self.info = info
    last = info.outputs.count - 1
    result = Tensor(graph.values[info.outputs[last].value].shape)
  }

  func bind(_ bindings: Bindings) {
    var inner = bindings
    output = bindings.outputs[last]
    inner.outputs[last] = result.pointer
    step.bind(inner)
  }

  func run() {
    guard let output else { return }
    step.run()
    calls += 1
    var count = result.shape.count
    switch flaw {
    case .dropsLastTile: count -= min(8, count)
    case .writesZeros: result.pointer.update(repeating: 0, count: count)
    case .failsLater(let call): if calls >= call { result.pointer[count / 2] += 1 }
    case .failsOnce(let call): if calls == call { result.pointer[count / 2] += 1 }
    case .none, .refuses: break
    }
    output.update(from: result.pointer, count: count)
  }
}

/// How long the steps of a ``ClockedBackend`` have worked.
final class WorkClock: @unchecked Sendable {
  private(set) var nanoseconds = 0
  func reset() { nanoseconds = 0 }
  func add(_ time: Int64) { nanoseconds += Int(time) }
}

/// Plain loops that tell how long they work.
struct ClockedBackend: Backend {
  let name = "clocked"
  let summary = "plain loops, for tests"
  let threading = Threading.pool
  let clock: WorkClock

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try NaiveBackend().compile(graph, weights: weights, options: options).map {
      ClockedStep($0, clock)
    }
  }
}

private final class ClockedStep: Step {
  let info: StepInfo
  private let step: any Step
  private let clock: WorkClock

  init(_ step: any Step, _ clock: WorkClock) {
    info = step.info
    self.step = step
    self.clock = clock
  }

  func bind(_ bindings: Bindings) { step.bind(bindings) }

  func run() {
    let start = alex_monotonic_ns()
    step.run()
    clock.add(alex_monotonic_ns() - start)
  }
}

/// ReLU in a blocked layout, with reorders around it where the boundary is row-major.
struct BlockedReLUBackend: Backend {
  let name = "blocked"
  let summary = "ReLU in blocks of 8 channels, for tests"
  let threading = Threading.pool
  static let layout = Layout.blockedChannels(block: 8)

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    guard graph.nodes.count == 1, case .relu = graph.nodes[0].layer.spec else {
      throw .unsupported(layer: graph.nodes[0].layer.name, reason: "it only knows one ReLU")
    }
    let input = Operand(value: graph.nodes[0].inputs[0], layout: Self.layout)
    let output = Operand(value: graph.nodes[0].outputs[0], layout: Self.layout)
    let main = LayoutStep(graph, kind: .relu, nodes: [0], from: input, to: output)
    guard options.boundary == .nchw else { return [main] }
    let given = Operand(value: input.value, layout: .nchw)
    let wanted = Operand(value: output.value, layout: .nchw)
    return [
      LayoutStep(graph, kind: .reorder, nodes: [], from: given, to: input), main,
      LayoutStep(graph, kind: .reorder, nodes: [], from: output, to: wanted),
    ]
  }
}

/// A ReLU, or a change of layout.
private final class LayoutStep: Step {
  let info: StepInfo
  private let shape: Shape
  private var bindings: Bindings?

  init(_ graph: Graph, kind: LayerKind, nodes: [Int], from: Operand, to: Operand) {
    shape = graph.values[from.value].shape
    info = StepInfo(
      kind: kind, nodes: nodes, inputs: [from], outputs: [to],
      implementation: "f32-\(kind.rawValue)-test", kernelID: "test", isa: "baseline")
  }

  func bind(_ bindings: Bindings) { self.bindings = bindings }

  func run() {
    guard let bindings else { return }
    let (x, y) = (bindings.inputs[0], bindings.outputs[0])
    if info.kind == .relu {
      for index in 0..<BlockedReLUBackend.layout.elementCount(of: shape) {
        y[index] = max(x[index], 0)
      }
    } else {
      let values = Tensor(shape)
      info.inputs[0].layout.unpack(x, shape: shape, into: values.pointer)
      info.outputs[0].layout.pack(values.pointer, shape: shape, into: y)
    }
  }
}

/// A small convolution that takes microseconds.
let smallProblem = "c4 h9 k6 r3 p1"

/// Options of a run over the small convolution.
func smallOptions(passes: [Pass] = [.isolated, .net]) throws -> RunOptions {
  var options = RunOptions()
  options.problem = try Problem(smallProblem)
  options.passes = passes
  options.rounds = 2
  options.warmUpNanoseconds = 0
  return options
}

/// A layer on a backend, or without a layer the whole net.
/// - Parameters:
///   - network: in the catalog; nil for the problem.
func makeRequest(
  _ layer: String?, network: String? = nil, problem: String = smallProblem,
  on backend: any Backend, isa: InstructionSet = .baseline, threads: Int = 1, batch: Int = 1,
  seed: UInt64 = 1, cache: CacheMode = .warm, netPasses: [Pass] = [.net]
) throws -> WorkloadRequest {
  let problem = network == nil ? try Problem(problem) : nil
  let known = network.flatMap { NetworkCatalog.network(named: $0) }
  let graph = try #require(problem?.network ?? known).graph(batch: batch)
  var place = WorkloadPlace(
    graph, network: network ?? graph.networkName, node: try layer.map { try graph.node(named: $0) },
    threads: threads)
  place.problem = problem
  place.cache = cache
  place.netPasses = netPasses
  var request = WorkloadRequest(place, on: backend, kernels: isa)
  request.seed = seed
  return request
}

extension Progress {
  /// Shown to nobody.
  static var silent: Progress { Progress(isTerminal: false, write: { _ in }) }
}

/// Runs the options on backends of the test.
/// - Parameter workerCommand: for what is counted in a child.
func run(
  _ options: RunOptions, _ backends: [any Backend], folder: RunFolder? = nil,
  workerCommand: [String] = [], isInterrupted: @escaping () -> Bool = { false }
) throws -> RunRecord {
  try Runner(
    RunMatrix(options, backends: backends), makeHost: { _ in LocalHost { _ in backends } },
    folder: folder, progress: .silent, workerCommand: workerCommand, isInterrupted: isInterrupted
  ).run()
}

/// Runs the options in workers of this program, which make the backends of the same names.
func run(
  _ options: RunOptions, inWorkers backends: [any Backend]
) throws -> RunRecord {
  try Runner(
    RunMatrix(options, backends: backends),
    makeHost: { _ in try WorkerHost(command: [WorkerTests.program, "worker"]) },
    progress: .silent, isInterrupted: { false }
  ).run()
}
