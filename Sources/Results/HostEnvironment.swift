/// The machine. Nil = unknown here.
package struct HostEnvironment: Hashable, Sendable, Codable {
  package var cpu = CPUEnvironment()
  package var caches: [CacheEnvironment] = []
  package var memoryBytes: Int?
  package var availableMemoryBytes: Int?
  package var numaNodeCount: Int?
  /// Whether a hypervisor runs beneath.
  package var isVirtual: Bool?
  /// Maker and product as the firmware tells.
  package var machine: String?
  /// Processors' worth of time that the control group allows; nil without a limit.
  package var cpuQuota: Double?
  /// CPUs that the process may use.
  package var affinity: [Int] = []
  package var governor: String?
  /// Mode of transparent huge pages: `always`, `madvise`, `never`.
  package var transparentHugePages: String?
  package var kernel: String?
  package var operatingSystem: String?
  package var libc: String?
  package var perfEventParanoid: Int?
  /// Whether hardware counters answer.
  package var pmuStatus = "not probed"
  package var flushesDenormalsToZero = false
  package var readsDenormalsAsZero = false
  /// Variables that steer libraries or this program.
  package var environment: [String: String] = [:]
  /// Over 1, 5 and 15 minutes.
  package var loadAverage: [Double]?
  /// What must match for absolute times to be comparable.
  package var hostClass = ""

  package init() {}

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
package struct CPUEnvironment: Hashable, Sendable, Codable {
  package var architecture = ""
  package var vendor: String?
  package var brand: String?
  package var family: Int?
  package var model: Int?
  package var stepping: Int?
  package var flags: [String] = []
  /// Instruction sets of our kernels that can be executed, best first.
  package var usableISAs: [String] = []
  package var logicalCount: Int?
  package var coreCount: Int?
  package var socketCount: Int?
  /// Whether cores run several threads now.
  package var isSMTActive: Bool?

  package init() {}

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
package struct CacheEnvironment: Hashable, Sendable, Codable {
  package var level: Int
  /// `data`, `instruction`, `unified`.
  package var type: String
  package var byteCount: Int
  package var lineByteCount: Int?
  /// How many there are.
  package var count: Int

  package init(level: Int, type: String, byteCount: Int, lineByteCount: Int?, count: Int) {
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
