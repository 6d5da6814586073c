import Execution
import Networks
import Results

/// What a host says about a workload that it has prepared.
package struct PreparedWorkload: Codable, Hashable, Sendable {
  /// Names the workload in later calls to the same host.
  package var handle: Int
  /// The `isa` column: own kernels' instruction set, or what a library reports.
  package var isa: String
  package var facts: WorkloadFacts
  /// One entry per layer of the graph, in its order.
  package var coverage: [LayerCoverage]
  /// Factor on the error bound of direct methods; 1 for them.
  package var errorAmplification: Double
  /// Side of the squares of outputs that share their rounding errors; 1 for direct methods.
  package var errorTile: Int
  /// The tiles that were tried to choose from.
  package var candidates: [TilePlan.Candidate]
  /// Of a net, in the order in which they run; empty for a layer alone.
  package var steps: [StepFacts]

  package init(
    handle: Int, isa: String, facts: WorkloadFacts, coverage: [LayerCoverage],
    errorAmplification: Double, errorTile: Int, candidates: [TilePlan.Candidate] = [],
    steps: [StepFacts] = []
  ) {
    self.handle = handle
    self.isa = isa
    self.facts = facts
    self.coverage = coverage
    self.errorAmplification = errorAmplification
    self.errorTile = errorTile
    self.candidates = candidates
    self.steps = steps
  }

  /// Only the handle and the facts must be there; the rest is then that of a direct method without
  /// anything to tell.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      handle: try values.decode(Int.self, forKey: .handle),
      isa: try values.decodeIfPresent(String.self, forKey: .isa) ?? "external",
      facts: try values.decode(WorkloadFacts.self, forKey: .facts),
      coverage: try values.decodeIfPresent([LayerCoverage].self, forKey: .coverage) ?? [],
      errorAmplification: try values.decodeIfPresent(Double.self, forKey: .errorAmplification) ?? 1,
      errorTile: try values.decodeIfPresent(Int.self, forKey: .errorTile) ?? 1,
      candidates: try values.decodeIfPresent([TilePlan.Candidate].self, forKey: .candidates) ?? [],
      steps: try values.decodeIfPresent([StepFacts].self, forKey: .steps) ?? [])
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

/// How one layer of a graph is computed by a backend's steps.
package struct LayerCoverage: Codable, Hashable, Sendable {
  package var layer: String
  /// `ok` when it is a step of its own; otherwise `fused` or `elided`.
  package var status: Status
  /// Why, when it is not a step of its own; for example "into conv1".
  package var reason: String

  package init(layer: String, status: Status, reason: String) {
    self.layer = layer
    self.status = status
    self.reason = reason
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

/// A place where workloads are prepared and timed: this process, or another one.
///
/// The runner does not know which it drives. Calls come one at a time.
package protocol WorkloadHost: AnyObject {
  /// Compiles, fills in weights and inputs, and times the first call.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when this one cannot be had.
  func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload

  /// Overwrites every output with NaN, runs once in the memory that is timed, and returns every
  /// blob that a step writes.
  /// - Parameter images: indices of the images wanted; nil for all.
  func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues]

  /// Waits until foreign threads are quiet, makes untimed calls if asked for, and times one block.
  func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement

  /// The same for a net, reading the clock between its steps.
  func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement

  /// Makes as many calls, primed, that look at the clock at every change of phase.
  func phases(_ handle: Int, calls: Int) throws -> [PhaseTime]

  /// Counts events over calls of their own, primed; one reading per event, in order. Each source
  /// makes `calls` calls per group of events.
  func counters(
    _ handle: Int, _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading]

  /// Waits until foreign threads are quiet, then probes what arithmetic and memory can do at most,
  /// within a few milliseconds. Empty for a host that cannot.
  func roofs(_ request: RoofRequest) throws -> [RoofReading]

  /// Frees the workload's memory.
  func release(_ handle: Int) throws

  /// Ends the host; nothing is called after.
  func close()
}

extension WorkloadHost {
  package func counters(
    _ handle: Int, _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    requests.flatMap { request in
      request.events.map {
        CounterReading(
          source: request.source, event: $0, status: .unavailable,
          reason: "the process that runs the workload does not count")
      }
    }
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] { [] }
}
