import Results

extension HostCondition {
  /// Reads the state that stands in files, without waiting.
  /// - Parameters:
  ///   - files: of the machine, or of a test.
  ///   - cpus: those that may be used.
  package init(files: SystemFiles = SystemFiles(), cpus: [Int]) {
    self.init()
    let folder = "/sys/devices/system/cpu"
    func distinct(_ name: String) -> [String] {
      Set(cpus.compactMap { files.word("\(folder)/cpu\($0)/cpufreq/\(name)") }).sorted()
    }
    governors = distinct("scaling_governor")
    energyPreferences = distinct("energy_performance_preference")
    frequencyDriver = distinct("scaling_driver").first
    if let isOff = files.integer("\(folder)/intel_pstate/no_turbo") {
      boosts = isOff == 0
    } else if let isOn = files.integer("\(folder)/cpufreq/boost")
      ?? cpus.first.flatMap({ files.integer("\(folder)/cpu\($0)/cpufreq/boost") })
    {
      boosts = isOn == 1
    }
    cores = Topology.cores(files)
    if let group = ControlGroup.throttling(files) {
      quotaPeriods = group.periods
      throttledPeriods = group.throttled
    }
    thermalThrottles =
      cpus.flatMap { cpu in
        ["core", "package"].compactMap {
          files.integer("\(folder)/cpu\(cpu)/thermal_throttle/\($0)_throttle_count")
        }
      }.max()
    stealPercentSinceBoot = ProcessorTicks(files)?.stealPercent
    let supplies = "/sys/class/power_supply"
    let states = files.names(in: supplies).compactMap { files.word("\(supplies)/\($0)/status") }
    isOnBattery = states.isEmpty ? nil : states.contains("Discharging")
    clockSource = files.word("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    balancesNodes = files.integer("/proc/sys/kernel/numa_balancing").map { $0 != 0 }
    mitigations = files.names(in: "\(folder)/vulnerabilities").filter {
      files.word("\(folder)/vulnerabilities/\($0)")?.hasPrefix("Mitigation") == true
    }
    let memory = files.text("/proc/meminfo") ?? ""
    if let total = parseMemoryInfo(memory, field: "SwapTotal"),
      let free = parseMemoryInfo(memory, field: "SwapFree")
    {
      swappedBytes = total - free
    }
    limits = ResourceLimits(files: files).all
    memoryStallPercent = files.text("/proc/pressure/memory").flatMap(parsePressure)
  }
}

/// The share of the last 10 s in which some task waited, of a file in `/proc/pressure`, in percent.
package func parsePressure(_ text: String) -> Double? {
  for line in text.split(separator: "\n") where line.hasPrefix("some ") {
    return line.split(separator: " ").first { $0.hasPrefix("avg10=") }
      .flatMap { Double($0.dropFirst("avg10=".count)) }
  }
  return nil
}
