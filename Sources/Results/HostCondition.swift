/// What state a host is in, beside what it is (``HostEnvironment``). Nil and empty = unknown here.
package struct HostCondition: Hashable, Sendable, Codable {
  /// Frequency governors of the CPUs that may be used, each once.
  package var governors: [String] = []
  /// Preferences between speed and energy of the same CPUs, each once.
  package var energyPreferences: [String] = []
  /// The kernel's driver of frequencies.
  package var frequencyDriver: String?
  /// Whether the processor may raise its clock above the nominal one.
  package var boosts: Bool?
  /// CPUs by core: those of one list are hardware threads of one core.
  package var cores: [[Int]] = []
  /// Periods of the control group's quota so far, and those in which it ran out.
  package var quotaPeriods: Int?
  package var throttledPeriods: Int?
  /// How often heat lowered the clock of a core since boot, of the worst one.
  package var thermalThrottles: Int?
  /// Time that the hypervisor took since boot, in percent of the time that was wanted.
  package var stealPercentSinceBoot: Double?
  package var isOnBattery: Bool?
  package var clockSource: String?
  /// Whether the kernel moves pages between nodes.
  package var balancesNodes: Bool?
  /// Weaknesses of the processor that the kernel works around.
  package var mitigations: [String] = []
  package var swappedBytes: Int?
  /// What the system lets this process have only so much of.
  package var limits: [ResourceLimit] = []
  /// Share of the last 10 s in which some task waited for memory.
  package var memoryStallPercent: Double?
  /// What went on while nothing was measured; nil when nobody looked.
  package var interval: HostInterval?

  package init() {}

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
    case limits
    case memoryStallPercent = "memory_stall_pct"
    case interval
  }
}

/// What the machine did over a short time in which this program only waited.
package struct HostInterval: Hashable, Sendable, Codable {
  package var seconds: Double
  /// Time that the hypervisor took, in percent of the time that was wanted; nil when that was too
  /// little to tell.
  package var stealPercent: Double?
  /// CPUs' worth of time that others used.
  package var usedCPUs: Double
  /// The processes that used most, at least a twentieth of a CPU each.
  package var busiest: [BusyProcess]

  package init(
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
package struct BusyProcess: Hashable, Sendable, Codable {
  package var id: Int
  package var name: String
  /// CPUs' worth of time.
  package var usedCPUs: Double

  package init(id: Int, name: String, usedCPUs: Double) {
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
