/// The machine. Nil = unknown here.
public struct HostEnvironment: Hashable, Sendable, Codable {
  public var cpu = CPUEnvironment()
  public var caches: [CacheEnvironment] = []
  public var memoryBytes: Int?
  public var availableMemoryBytes: Int?
  public var numaNodeCount: Int?
  /// Whether a hypervisor runs beneath.
  public var isVirtual: Bool?
  /// Maker and product as the firmware tells.
  public var machine: String?
  /// Processors' worth of time that the control group allows; nil without a limit.
  public var cpuQuota: Double?
  /// CPUs that the process may use.
  public var affinity: [Int] = []
  public var governor: String?
  /// Mode of transparent huge pages: `always`, `madvise`, `never`.
  public var transparentHugePages: String?
  public var kernel: String?
  public var operatingSystem: String?
  public var libc: String?
  public var perfEventParanoid: Int?
  /// Whether hardware counters answer.
  public var pmuStatus = "not probed"
  public var flushesDenormalsToZero = false
  public var readsDenormalsAsZero = false
  /// Variables that steer libraries or this program.
  public var environment: [String: String] = [:]
  /// Over 1, 5 and 15 minutes.
  public var loadAverage: [Double]?
  /// What must match for absolute times to be comparable.
  public var hostClass = ""

  public init() {}

  enum CodingKeys: String, CodingKey {
    case cpu, caches
    case memoryBytes = "memory_bytes"
    case availableMemoryBytes = "available_memory_bytes"
    case numaNodeCount = "numa_nodes"
    case isVirtual = "hypervisor"
    case machine
    case cpuQuota = "cpu_quota"
    case affinity, governor
    case transparentHugePages = "transparent_huge_pages"
    case kernel
    case operatingSystem = "operating_system"
    case libc
    case perfEventParanoid = "perf_event_paranoid"
    case pmuStatus = "pmu_status"
    case flushesDenormalsToZero = "ftz"
    case readsDenormalsAsZero = "daz"
    case environment
    case loadAverage = "load_average"
    case hostClass = "host_class"
  }
}

/// The processor. Nil = unknown.
public struct CPUEnvironment: Hashable, Sendable, Codable {
  public var architecture = ""
  public var vendor: String?
  public var brand: String?
  public var family: Int?
  public var model: Int?
  public var stepping: Int?
  public var flags: [String] = []
  /// Instruction sets of our kernels that can be executed, best first.
  public var usableISAs: [String] = []
  public var logicalCount: Int?
  public var coreCount: Int?
  public var socketCount: Int?
  /// Whether cores run several threads now.
  public var isSMTActive: Bool?

  public init() {}

  enum CodingKeys: String, CodingKey {
    case architecture, vendor, brand, family, model, stepping, flags
    case usableISAs = "isas"
    case logicalCount = "logical_cpus"
    case coreCount = "cores"
    case socketCount = "sockets"
    case isSMTActive = "smt_active"
  }
}

/// One kind of cache.
public struct CacheEnvironment: Hashable, Sendable, Codable {
  public var level: Int
  /// `data`, `instruction`, `unified`.
  public var type: String
  public var byteCount: Int
  public var lineByteCount: Int?
  /// How many there are.
  public var count: Int

  public init(level: Int, type: String, byteCount: Int, lineByteCount: Int?, count: Int) {
    self.level = level
    self.type = type
    self.byteCount = byteCount
    self.lineByteCount = lineByteCount
    self.count = count
  }

  enum CodingKeys: String, CodingKey {
    case level, type
    case byteCount = "bytes"
    case lineByteCount = "line_bytes"
    case count
  }
}
