import Foundation

/// The key of a workload: the same columns, in the same order, in every file; it joins files and
/// runs. What tuning may change (implementation, tile) is an attribute, not part of the key.
public struct WorkloadKey: Hashable, Sendable {
  public var runID: String
  public var network: String
  /// Position in the network from 0; −1 for the whole net.
  public var layerIndex: Int
  /// Layer name; `net` for the whole net.
  public var layer: String
  public var stage: String
  /// `convolution`, `relu`, …, `reorder`, `network`.
  public var kind: String
  public var direction: String
  public var backend: String
  /// Instruction set of own kernels; for libraries that of the kernel they report, or `external`.
  public var isa: String
  public var threads: Int
  public var batch: Int
  public var pass: Pass
  public var cache: CacheMode

  public init(
    runID: String, network: String, layerIndex: Int, layer: String, stage: String, kind: String,
    direction: String, backend: String, isa: String, threads: Int, batch: Int, pass: Pass,
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
public enum Pass: String, Sendable, CaseIterable, Codable {
  /// One layer alone.
  case isolated
  /// Each step inside a full forward.
  case inNet = "in-net"
  /// The full forward, without layer timers.
  case net
}

/// What is in the caches when a block starts.
public enum CacheMode: String, Sendable, CaseIterable, Codable {
  case warm
  case coldWeights = "cold-weights"
  case cold
}

/// Outcome of a workload; all but `ok` carry a reason and no time.
public enum Status: String, Sendable, CaseIterable, Codable {
  case ok, failed, mistrusted, skipped, unsupported, unavailable, fused, elided
}

/// One timed block (`samples.csv`).
public struct SampleRow: Hashable, Sendable {
  public var key: WorkloadKey
  /// Process launch, from 0.
  public var launch: Int
  /// Round, from 0, and position of the block in it.
  public var round: Int
  public var position: Int
  public var seed: UInt64
  public var block: BlockMeasurement

  public init(
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
public struct BlockMeasurement: Hashable, Sendable, Codable {
  public var iterations: Int
  /// Monotonic clock at the start.
  public var startNanoseconds: Int
  public var wallNanoseconds: Int
  /// Processor time of the whole process.
  public var cpuUserNanoseconds: Int
  public var cpuSystemNanoseconds: Int
  /// Page faults.
  public var faults: Int
  /// Involuntary context switches of the process.
  public var switches: Int
  /// 1 when the calling thread ended on another CPU than it began on.
  public var migrations: Int
  /// Time that the hypervisor took from this machine's CPUs; nil where the system does not tell.
  public var stealNanoseconds: Int?
  /// Clock rate from a chain of dependent additions beside the block.
  public var clockGHz: Double
  /// Something foreign touched the block.
  public var isContaminated: Bool
  /// The workload had reached a steady state before.
  public var isSteady: Bool
  /// Threads of the process at the end of the block; nil where the system does not tell. In no
  /// file: the warm-up looks at it.
  public var threadCount: Int?
  /// Time of the untimed calls just before; in no file either.
  public var primeNanoseconds: Int?

  public init(
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
  public init(from decoder: any Decoder) throws {
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
public struct WorkloadRow: Hashable, Sendable {
  public var key: WorkloadKey
  public var status: Status
  /// Why the status is not `ok`; empty when it is.
  public var reason: String
  public var facts: WorkloadFacts
  public var check: CheckFacts
  /// The command that measures this row alone.
  public var repro: String

  public init(
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
public struct WorkloadFacts: Hashable, Sendable, Codable {
  public var implementation = ""
  public var kernelID = ""
  public var layout = ""
  public var tile = ""
  /// The backend that really computed it, or empty.
  public var delegatedTo = ""
  /// The first call.
  public var firstNanoseconds: Int?
  /// Compiling: packing, transforming weights, choosing tiles.
  public var prepareNanoseconds: Int?
  /// What a use in NCHW would pay before and after.
  public var reorderInNanoseconds: Int?
  public var reorderOutNanoseconds: Int?
  public var workspaceBytes: Int?
  public var weightBytes: Int?
  public var peakRSSBytes: Int?
  public init() {}

  /// Only the name of what runs must be there.
  public init(from decoder: any Decoder) throws {
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
  public static let handicapMark = "+handicap"

  /// How much longer its times are on purpose, for example `15%`; nil when they are not.
  public var handicap: String? {
    implementation.range(of: Self.handicapMark).map { String(implementation[$0.upperBound...]) }
  }
}

/// The comparison with the float64 reference.
public struct CheckFacts: Hashable, Sendable, Codable {
  public var maxAbsError: Double?
  public var nrmse: Double?
  /// The bound on the error at the output where error ∕ bound is largest; for nets the limit on
  /// nrmse.
  public var errorBound: Double?
  public init(maxAbsError: Double? = nil, nrmse: Double? = nil, errorBound: Double? = nil) {
    self.maxAbsError = maxAbsError
    self.nrmse = nrmse
    self.errorBound = errorBound
  }
}

/// Geometry and cost of a layer, or with index −1 of the net (`layers.csv`), the same for all
/// backends.
public struct LayerRow: Hashable, Sendable {
  public var runID: String
  public var network: String
  public var layerIndex: Int
  public var layer: String
  public var stage: String
  public var kind: String
  public var direction = "forward"
  public var batch: Int
  public var inputShape: String
  public var outputShape: String
  /// Kernel, stride, padding, groups and so on, as `--problem` takes them.
  public var problem: String
  public var multiplyAdds: Int
  public var flops: Int
  public var parameters: Int
  public var inputBytes: Int
  public var outputBytes: Int
  public var weightBytes: Int

  public init(
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
