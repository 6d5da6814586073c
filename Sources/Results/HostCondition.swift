/// What state a host is in, beside what it is (``HostEnvironment``). Nil and empty = unknown here.
public struct HostCondition: Hashable, Sendable, Codable {
  /// Frequency governors of the CPUs that may be used, each once.
  public var governors: [String] = []
  /// Preferences between speed and energy of the same CPUs, each once.
  public var energyPreferences: [String] = []
  /// The kernel's driver of frequencies.
  public var frequencyDriver: String?
  /// Whether the processor may raise its clock above the nominal one.
  public var boosts: Bool?
  /// CPUs by core: those of one list are hardware threads of one core.
  public var cores: [[Int]] = []
  /// Periods of the control group's quota so far, and those in which it ran out.
  public var quotaPeriods: Int?
  public var throttledPeriods: Int?
  /// How often heat lowered the clock of a core since boot, of the worst one.
  public var thermalThrottles: Int?
  /// Time that the hypervisor took since boot, in percent of the time that was wanted.
  public var stealPercentSinceBoot: Double?
  public var isOnBattery: Bool?
  public var clockSource: String?
  /// Whether the kernel moves pages between nodes.
  public var balancesNodes: Bool?
  /// Weaknesses of the processor that the kernel works around.
  public var mitigations: [String] = []
  public var swappedBytes: Int?
  /// Share of the last 10 s in which some task waited for memory.
  public var memoryStallPercent: Double?
  /// What went on while nothing was measured; nil when nobody looked.
  public var interval: HostInterval?

  public init() {}

  enum CodingKeys: String, CodingKey {
    case governors
    case energyPreferences = "energy_preferences"
    case frequencyDriver = "frequency_driver"
    case boosts = "boost"
    case cores
    case quotaPeriods = "quota_periods"
    case throttledPeriods = "throttled_periods"
    case thermalThrottles = "thermal_throttles"
    case stealPercentSinceBoot = "steal_since_boot_pct"
    case isOnBattery = "on_battery"
    case clockSource = "clock_source"
    case balancesNodes = "numa_balancing"
    case mitigations
    case swappedBytes = "swapped_bytes"
    case memoryStallPercent = "memory_stall_pct"
    case interval
  }
}

/// What the machine did over a short time in which this program only waited.
public struct HostInterval: Hashable, Sendable, Codable {
  public var seconds: Double
  /// Time that the hypervisor took, in percent of the time that was wanted; nil when that was too
  /// little to tell.
  public var stealPercent: Double?
  /// CPUs' worth of time that others used.
  public var usedCPUs: Double
  /// The processes that used most, at least a twentieth of a CPU each.
  public var busiest: [BusyProcess]

  public init(
    seconds: Double, stealPercent: Double? = nil, usedCPUs: Double, busiest: [BusyProcess] = []
  ) {
    self.seconds = seconds
    self.stealPercent = stealPercent
    self.usedCPUs = usedCPUs
    self.busiest = busiest
  }

  enum CodingKeys: String, CodingKey {
    case seconds
    case stealPercent = "steal_pct"
    case usedCPUs = "used_cpus"
    case busiest
  }
}

/// A process that used a CPU.
public struct BusyProcess: Hashable, Sendable, Codable {
  public var id: Int
  public var name: String
  /// CPUs' worth of time.
  public var usedCPUs: Double

  public init(id: Int, name: String, usedCPUs: Double) {
    self.id = id
    self.name = name
    self.usedCPUs = usedCPUs
  }

  enum CodingKeys: String, CodingKey {
    case id = "pid"
    case name
    case usedCPUs = "used_cpus"
  }
}
