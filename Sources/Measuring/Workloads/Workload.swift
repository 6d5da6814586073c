import Execution
import Kernels
import Networks
import OrderedCollections
import Results
import Tensors

/// A layer or a net that is ready to run on one backend. It is freed by going away.
package protocol Workload: AnyObject {
  /// What is known of it since it was prepared.
  var facts: PreparedFacts { get }

  /// Overwrites every output with NaN, runs once in the memory that is timed, and returns every
  /// blob that a step writes.
  /// - Parameter images: indices of the images wanted; nil for all.
  func outputs(images: [Int]?) throws -> [BlobValues]

  /// Waits until other threads of the process are quiet, makes untimed calls if asked for, and
  /// times one block.
  func time(_ block: BlockRequest) throws -> BlockMeasurement

  /// Times one block of a net, reading the clock between its steps.
  func timeSteps(_ block: BlockRequest) throws -> StepMeasurement

  /// Makes so many primed calls that read the clock at every change of phase; empty for a workload
  /// that does not tell its phases.
  func phases(calls: Int) throws -> [PhaseTime]

  /// Counts events over calls of their own, primed; one reading per event, in order. Each source
  /// makes `calls` calls per group of events.
  func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading]
}

extension Workload {
  package func phases(calls: Int) throws -> [PhaseTime] { [] }

  package func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    CounterReading.unavailable(
      requests, reason: "the process that runs the workload does not count")
  }
}

/// Where workloads are prepared and timed: this process or another one.
///
/// The runner does not know which it drives. Calls come one at a time.
package protocol WorkloadHost: AnyObject {
  /// Compiles, fills in weights and inputs, and times the first call.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when this workload cannot be had.
  func prepare(_ request: WorkloadRequest) throws -> any Workload

  /// Waits until other threads are quiet, then probes what arithmetic and memory can do at most,
  /// within a few milliseconds. Empty for a host that cannot.
  func roofs(_ request: RoofRequest) throws -> [RoofReading]

  /// Waits until the host's other processes are quiet.
  /// - Returns: false when one still used a processor after the longest wait.
  func waitForQuiet() -> Bool

  /// Ends the host; nothing is called after.
  func close()
}

extension WorkloadHost {
  package func roofs(_ request: RoofRequest) throws -> [RoofReading] { [] }
  package func waitForQuiet() -> Bool { true }
}

/// Everything that decides how a workload is prepared.
package struct WorkloadRequest {
  package var place: WorkloadPlace
  package var backend: any Backend
  /// Instruction set of our own kernels.
  package var kernels: InstructionSet
  /// CPUs to run on, in order of preference; empty for all that the process may use.
  package var cpus: [Int] = []
  package var seed: UInt64 = 1
  /// Whether the cost of converting to and from row-major order is wanted.
  package var measuresReorders = false
  /// Tiles by layer, fixed by the user or chosen before; the backend chooses the others.
  package var tiles: [String: String] = [:]
  /// The tile of every layer that ``tiles`` does not name; nil to choose.
  package var tile: String?
  /// CBLAS libraries that the user added as backends, path by name: another process needs them to
  /// make the same backends.
  package var customBLAS: [String: String] = [:]

  package init(_ place: WorkloadPlace, on backend: any Backend, kernels: InstructionSet) {
    self.place = place
    self.backend = backend
    self.kernels = kernels
  }
}

/// What is measured at once: one layer or net of a network, at one batch size and thread count.
package struct WorkloadPlace {
  /// Of the whole network.
  package var graph: Graph
  /// Name of the network in the catalog, or of its file.
  package var network: String
  package var problem: Problem?
  /// What the network was resolved with.
  package var description = DescriptionOptions()
  /// Index into `graph.nodes`; nil for the whole net.
  package var node: Int?
  package var threads = 1
  package var cache = CacheMode.warm
  /// Whether the graph, where it goes backward, has the gradients of the network's inputs.
  package var allGradients = false
  /// What is timed of a net.
  package var netPasses: [Pass] = [.net]

  package init(_ graph: Graph, network: String, node: Int? = nil, threads: Int = 1) {
    self.graph = graph
    self.network = network
    self.node = node
    self.threads = threads
  }

  package var isNet: Bool { node == nil }
  package var batch: Int { graph.batch }
  package var layer: String { node.map { graph.nodes[$0].layer.name } ?? "net" }
  /// The layer, and where it does not go forward the direction.
  package var label: String { direction == .forward ? layer : "\(layer) \(direction.rawValue)" }
  package var direction: Direction { node.map { graph.nodes[$0].direction } ?? .forward }
  package var kind: LayerKind { node.map { graph.nodes[$0].layer.spec.kind } ?? .network }
  /// What is timed, in each round.
  package var passes: [Pass] { isNet ? netPasses : [.isolated] }
  /// The pass of the row that is about the whole.
  package var pass: Pass { passes.contains(.net) ? .net : passes[0] }
  /// What a backend compiles: the layer alone, or the whole net.
  package var compiledGraph: Graph { node.map(graph.single) ?? graph }

  var cost: Cost { node.map { graph.cost(of: graph.nodes[$0]) } ?? graph.totalCost }
  /// The layers that it covers.
  var costs: [Cost] {
    (node.map { [graph.nodes[$0]] } ?? graph.nodes).map { graph.cost(of: $0) }
  }

  func key(runID: String, backend: String, isa: String) -> WorkloadKey {
    let node = node.map { graph.nodes[$0] }
    return WorkloadKey(
      runID: runID, network: graph.networkName, layerIndex: node?.layerIndex ?? -1, layer: layer,
      stage: node?.stage ?? "net", kind: kind.rawValue, direction: direction, backend: backend,
      isa: isa, threads: threads, batch: batch, pass: pass, cache: cache)
  }

  /// The seeded contents of an input of ``compiledGraph``, row-major: an image for a net, rectified
  /// values for a layer.
  func input(_ value: Graph.ValueID, seed: UInt64, of graph: Graph) -> Tensor {
    if !isNet, let position = graph.nodes[0].inputs.firstIndex(of: value) {
      return SeededInput.operand(seed: seed, of: graph.nodes[0], position: position, in: graph)
    }
    return SeededInput.input(seed: seed, of: value, in: graph)
  }
}

/// What a host says about a workload that it has prepared.
package struct PreparedFacts: Codable, Hashable, Sendable {
  /// The `isa` column: own kernels' instruction set, or what a library reports.
  package var isa = "external"
  package var facts: WorkloadFacts
  /// One entry per layer of the graph, in its order.
  package var coverage: [LayerCoverage] = []
  /// Factor on the error bound of direct methods; 1 for them.
  package var errorAmplification = 1.0
  /// Side of the squares of outputs that share their rounding errors; 1 for direct methods.
  package var errorTile = 1
  /// The tiles that were tried to choose from.
  package var candidates: [TilePlan.Candidate] = []
  /// Threads that compute, where a library uses fewer than were asked for.
  package var threadsInUse: Int?
  /// Of a net, in the order in which they run; empty for a layer alone.
  package var steps: [StepFacts] = []

  package init(facts: WorkloadFacts = WorkloadFacts()) { self.facts = facts }

  /// Only the facts must be there; what else is absent is that of a direct method.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(facts: try values.decode(WorkloadFacts.self, forKey: .facts))
    isa = try values.decodeIfPresent(String.self, forKey: .isa) ?? isa
    coverage = try values.decodeIfPresent([LayerCoverage].self, forKey: .coverage) ?? []
    errorAmplification = try values.decodeIfPresent(Double.self, forKey: .errorAmplification) ?? 1
    errorTile = try values.decodeIfPresent(Int.self, forKey: .errorTile) ?? 1
    candidates = try values.decodeIfPresent([TilePlan.Candidate].self, forKey: .candidates) ?? []
    threadsInUse = try values.decodeIfPresent(Int.self, forKey: .threadsInUse)
    steps = try values.decodeIfPresent([StepFacts].self, forKey: .steps) ?? []
  }
}

/// How one layer of a graph is computed by a backend's steps.
package struct LayerCoverage: Codable, Hashable, Sendable {
  package var layer: String
  /// `ok` when it is a step of its own; otherwise `fused` or `elided`.
  package var status: Status
  /// Why, when it is not a step of its own; for example "into conv1".
  package var reason: String

  package init(layer: String, status: Status = .ok, reason: String = "") {
    self.layer = layer
    self.status = status
    self.reason = reason
  }
}

/// What a host says about one step of a net that it has prepared.
package struct StepFacts: Codable, Hashable, Sendable {
  /// Indices into the graph's nodes of the layers covered, the main one first; empty for a reorder.
  package var nodes: [Int]
  /// The step does nothing.
  package var isElided: Bool
  /// Indices into the values of the graph.
  package var inputs: [Int]
  package var outputs: [Int]
  package var facts: WorkloadFacts

  package init(nodes: [Int], isElided: Bool, inputs: [Int], outputs: [Int], facts: WorkloadFacts) {
    self.nodes = nodes
    self.isElided = isElided
    self.inputs = inputs
    self.outputs = outputs
    self.facts = facts
  }

  init(_ info: StepInfo) {
    self.init(
      nodes: info.nodes, isElided: info.isElided, inputs: info.inputs.map(\.value),
      outputs: info.outputs.map(\.value), facts: WorkloadFacts(info))
    facts.workspaceBytes = info.workspaceByteCount
    facts.weightBytes = info.weightByteCount
  }
}

extension WorkloadFacts {
  /// What a step says of itself.
  init(_ info: StepInfo) {
    self.init()
    implementation = info.implementation
    precision = info.precision
    kernelID = info.kernelID
    layout = OrderedSet((info.inputs + info.outputs).map(\.layout.description))
      .joined(separator: ">")
    tile = info.tile
    delegatedTo = info.delegatedTo ?? ""
    executedFLOPs = info.executedFLOPs
    executedBytes = info.executedBytes
  }
}

/// What is timed at once.
package struct BlockRequest: Codable, Hashable, Sendable {
  /// Calls in the block, at least 1.
  package var iterations: Int
  /// Untimed calls come first.
  package var isPrimed: Bool

  package init(iterations: Int, isPrimed: Bool) {
    self.iterations = iterations
    self.isPrimed = isPrimed
  }
}

/// One timed block of a net, step by step.
package struct StepMeasurement: Codable, Hashable, Sendable {
  /// The whole block; its wall time is the sum over the steps.
  package var block: BlockMeasurement
  /// Totals over the calls, one per step of ``PreparedFacts/steps``; 0 for elided ones.
  package var stepNanoseconds: [Int]

  package init(block: BlockMeasurement, stepNanoseconds: [Int]) {
    self.block = block
    self.stepNanoseconds = stepNanoseconds
  }
}

/// The time of one phase of a forward.
package struct PhaseTime: Codable, Hashable, Sendable {
  package var phase: Phase
  /// Lower median over the calls.
  package var nanoseconds: Int

  package init(phase: Phase, nanoseconds: Int) {
    self.phase = phase
    self.nanoseconds = nanoseconds
  }
}

/// The contents of a blob after a forward, row-major, of the images asked for.
package struct BlobValues: Hashable, Sendable {
  /// Index into the values of the graph.
  package var value: Graph.ValueID
  package var blob: String
  package var values: [Float]

  package init(value: Graph.ValueID, blob: String, values: [Float]) {
    self.value = value
    self.blob = blob
    self.values = values
  }
}

extension CounterReading {
  /// A reading without a value for every event.
  static func unavailable(_ requests: [CounterRequest], reason: String) -> [CounterReading] {
    requests.flatMap { request in
      request.events.map {
        CounterReading(
          source: request.source, event: $0, status: .unavailable, reason: reason)
      }
    }
  }
}
