import Networks
import Foundation

/// The key of a workload: the same columns, in the same order, in every file; it joins files and
/// runs. What tuning may change (implementation, tile) is an attribute, not part of the key.
package struct WorkloadKey: Hashable, Sendable {
  package var runID: String
  package var network: String
  /// Position in the network from 0; −1 for the whole net.
  package var layerIndex: Int
  /// Layer name; `net` for the whole net.
  package var layer: String
  package var stage: String
  /// `convolution`, `relu`, …, `reorder`, `network`.
  package var kind: String
  package var direction: Direction
  package var backend: String
  /// Instruction set of own kernels; for libraries that of the kernel they report, or `external`.
  package var isa: String
  package var threads: Int
  package var batch: Int
  package var pass: Pass
  package var cache: CacheMode

  package init(
    runID: String, network: String, layerIndex: Int, layer: String, stage: String, kind: String,
    direction: Direction, backend: String, isa: String, threads: Int, batch: Int, pass: Pass,
    cache: CacheMode
  ) {
    self.runID = runID
    self.network = network
    self.layerIndex = layerIndex
    self.layer = layer
    self.stage = stage
    self.kind = kind
    self.direction = direction
    self.backend = backend
    self.isa = isa
    self.threads = threads
    self.batch = batch
    self.pass = pass
    self.cache = cache
  }
}

/// What is timed.
package enum Pass: String, Sendable, CaseIterable, Codable {
  /// One layer alone.
  case isolated
  /// Each step inside a full forward.
  case inNet = "in-net"
  /// The full forward, without layer timers.
  case net
}

/// What is in the caches when a block starts.
package enum CacheMode: String, Sendable, CaseIterable, Codable {
  case warm
  case coldWeights = "cold-weights"
  case cold
}

/// Outcome of a workload; all but `ok` carry a reason and no time.
package enum Status: String, Sendable, CaseIterable, Codable {
  case ok, failed, mistrusted, skipped, unsupported, unavailable, fused, elided
}

/// One timed block (`samples.csv`).
package struct SampleRow: Hashable, Sendable {
  package var key: WorkloadKey
  /// Process launch, from 0.
  package var launch: Int
  /// Round, from 0, and position of the block in it.
  package var round: Int
  package var position: Int
  package var seed: UInt64
  package var block: BlockMeasurement

  package init(
    key: WorkloadKey, launch: Int, round: Int, position: Int, seed: UInt64, block: BlockMeasurement
  ) {
    self.key = key
    self.launch = launch
    self.round = round
    self.position = position
    self.seed = seed
    self.block = block
  }
}

/// What is read off one timed block. Totals over `iterations` calls.
package struct BlockMeasurement: Hashable, Sendable, Codable {
  package var iterations: Int
  /// Monotonic clock at the start.
  package var startNanoseconds: Int
  package var wallNanoseconds: Int
  /// Processor time of the whole process.
  package var cpuUserNanoseconds: Int
  package var cpuSystemNanoseconds: Int
  /// Page faults.
  package var faults: Int
  /// Involuntary context switches of the process.
  package var switches: Int
  /// 1 when the calling thread ended on another CPU than it began on.
  package var migrations: Int
  /// Time that the hypervisor took from this machine's CPUs; nil where the system does not tell.
  package var stealNanoseconds: Int?
  /// Clock rate from a chain of dependent additions beside the block.
  package var clockGHz: Double
  /// Something foreign touched the block.
  package var isContaminated: Bool
  /// The workload had reached a steady state before.
  package var isSteady: Bool
  /// Threads of the process at the end of the block; nil where the system does not tell. In no
  /// file: the warm-up looks at it.
  package var threadCount: Int?
  /// Time of the untimed calls just before; in no file either.
  package var primeNanoseconds: Int?

  package init(
    iterations: Int, startNanoseconds: Int, wallNanoseconds: Int, cpuUserNanoseconds: Int,
    cpuSystemNanoseconds: Int, faults: Int, switches: Int, migrations: Int,
    stealNanoseconds: Int?, clockGHz: Double, isContaminated: Bool, isSteady: Bool
  ) {
    self.iterations = iterations
    self.startNanoseconds = startNanoseconds
    self.wallNanoseconds = wallNanoseconds
    self.cpuUserNanoseconds = cpuUserNanoseconds
    self.cpuSystemNanoseconds = cpuSystemNanoseconds
    self.faults = faults
    self.switches = switches
    self.migrations = migrations
    self.stealNanoseconds = stealNanoseconds
    self.clockGHz = clockGHz
    self.isContaminated = isContaminated
    self.isSteady = isSteady
  }

  /// A worker may leave to its runner what the runner knows better: the clock rate, 0 then, and what
  /// the last two say.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      iterations: try number(.iterations), startNanoseconds: try number(.startNanoseconds),
      wallNanoseconds: try number(.wallNanoseconds),
      cpuUserNanoseconds: try number(.cpuUserNanoseconds),
      cpuSystemNanoseconds: try number(.cpuSystemNanoseconds), faults: try number(.faults),
      switches: try number(.switches), migrations: try number(.migrations),
      stealNanoseconds: try values.decodeIfPresent(Int.self, forKey: .stealNanoseconds),
      clockGHz: try values.decodeIfPresent(Double.self, forKey: .clockGHz) ?? 0,
      isContaminated: try values.decodeIfPresent(Bool.self, forKey: .isContaminated) ?? false,
      isSteady: try values.decodeIfPresent(Bool.self, forKey: .isSteady) ?? true)
    threadCount = try values.decodeIfPresent(Int.self, forKey: .threadCount)
    primeNanoseconds = try values.decodeIfPresent(Int.self, forKey: .primeNanoseconds)
  }
}

/// Facts about a workload that are not in the samples (`workloads.csv`).
package struct WorkloadRow: Hashable, Sendable {
  package var key: WorkloadKey
  package var status: Status
  /// Why the status is not `ok`; empty when it is.
  package var reason: String
  package var facts: WorkloadFacts
  package var check: CheckFacts
  /// The command that measures this row alone.
  package var repro: String

  package init(
    key: WorkloadKey, status: Status, reason: String = "", facts: WorkloadFacts = WorkloadFacts(),
    check: CheckFacts = CheckFacts(), repro: String = ""
  ) {
    self.key = key
    self.status = status
    self.reason = reason
    self.facts = facts
    self.check = check
    self.repro = repro
  }
}

/// What a prepared workload says of itself. Nil = not measured.
package struct WorkloadFacts: Hashable, Sendable, Codable {
  package var implementation = ""
  package var kernelID = ""
  package var layout = ""
  package var tile = ""
  /// The backend that really computed it, or empty.
  package var delegatedTo = ""
  /// The first call.
  package var firstNanoseconds: Int?
  /// Compiling: packing, transforming weights, choosing tiles.
  package var prepareNanoseconds: Int?
  /// What a use in NCHW would pay before and after.
  package var reorderInNanoseconds: Int?
  package var reorderOutNanoseconds: Int?
  package var workspaceBytes: Int?
  package var weightBytes: Int?
  package var peakRSSBytes: Int?
  package init() {}

  /// Only the name of what runs must be there.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String {
      try values.decodeIfPresent(String.self, forKey: key) ?? ""
    }
    func number(_ key: CodingKeys) throws -> Int? {
      try values.decodeIfPresent(Int.self, forKey: key)
    }
    implementation = try values.decode(String.self, forKey: .implementation)
    kernelID = try text(.kernelID)
    layout = try text(.layout)
    tile = try text(.tile)
    delegatedTo = try text(.delegatedTo)
    firstNanoseconds = try number(.firstNanoseconds)
    prepareNanoseconds = try number(.prepareNanoseconds)
    reorderInNanoseconds = try number(.reorderInNanoseconds)
    reorderOutNanoseconds = try number(.reorderOutNanoseconds)
    workspaceBytes = try number(.workspaceBytes)
    weightBytes = try number(.weightBytes)
    peakRSSBytes = try number(.peakRSSBytes)
  }

  /// Stands in an implementation whose times are longer on purpose, before how much.
  package static let handicapMark = "+handicap"

  /// How much longer its times are on purpose, for example `15%`; nil when they are not.
  package var handicap: String? {
    implementation.range(of: Self.handicapMark).map { String(implementation[$0.upperBound...]) }
  }
}

/// The comparison with the float64 reference.
package struct CheckFacts: Hashable, Sendable, Codable {
  package var maxAbsError: Double?
  package var nrmse: Double?
  /// The bound on the error at the output where error ∕ bound is largest; for nets the limit on
  /// nrmse.
  package var errorBound: Double?
  package init(maxAbsError: Double? = nil, nrmse: Double? = nil, errorBound: Double? = nil) {
    self.maxAbsError = maxAbsError
    self.nrmse = nrmse
    self.errorBound = errorBound
  }
}

/// Geometry and cost of a layer, or with index −1 of the net (`layers.csv`), the same for all
/// backends.
package struct LayerRow: Hashable, Sendable {
  package var runID: String
  package var network: String
  package var layerIndex: Int
  package var layer: String
  package var stage: String
  package var kind: String
  package var direction = Direction.forward
  package var batch: Int
  package var inputShape: String
  package var outputShape: String
  /// Kernel, stride, padding, groups and so on, as `--problem` takes them.
  package var problem: String
  package var multiplyAdds: Int
  package var flops: Int
  package var parameters: Int
  package var inputBytes: Int
  package var outputBytes: Int
  package var weightBytes: Int

  package init(
    runID: String, network: String, layerIndex: Int, layer: String, stage: String, kind: String,
    batch: Int, inputShape: String, outputShape: String, problem: String, multiplyAdds: Int,
    flops: Int, parameters: Int, inputBytes: Int, outputBytes: Int, weightBytes: Int
  ) {
    self.runID = runID
    self.network = network
    self.layerIndex = layerIndex
    self.layer = layer
    self.stage = stage
    self.kind = kind
    self.batch = batch
    self.inputShape = inputShape
    self.outputShape = outputShape
    self.problem = problem
    self.multiplyAdds = multiplyAdds
    self.flops = flops
    self.parameters = parameters
    self.inputBytes = inputBytes
    self.outputBytes = outputBytes
    self.weightBytes = weightBytes
  }
}
