import Results

// What moves the processor's clock, and what reads the time.
extension HostDoctor {
  /// Sources that programs read without a system call.
  private static let quickClockSources: Set<String> = [
    "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter",
  ]

  var clockFindings: [HostFinding] {
    governorFindings + boostFindings + heatFindings + clockSourceFindings
  }

  private var governorFindings: [HostFinding] {
    let all = condition.governors.isEmpty ? [host.governor].compactMap { $0 } : condition.governors
    guard !all.isEmpty else {
      return [
        HostFinding(
          .clockHidden, .note,
          "the system does not show how the clock is governed, as in most virtual machines",
          advice: "look at clock_ghz in samples.csv: every block has its clock")
      ]
    }
    guard all != ["performance"] else { return [] }
    let preference =
      condition.energyPreferences.isEmpty
      ? "" : " (preference \(condition.energyPreferences.joined(separator: ", ")))"
    return [
      HostFinding(
        .governor, .warning,
        "the frequency governor is '\(all.joined(separator: "', '"))'\(preference): the clock may "
          + "move during a run", advice: "set it to performance",
        command: "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
      )
    ]
  }

  private var boostFindings: [HostFinding] {
    guard condition.boosts == true else { return [] }
    let isIntel = condition.frequencyDriver?.hasPrefix("intel") == true
    return [
      HostFinding(
        .boost, .warning,
        "the processor boosts: its clock depends on heat and on how many cores are busy",
        advice: "switch boosting off",
        command: isIntel
          ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
          : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost")
    ]
  }

  private var heatFindings: [HostFinding] {
    var findings: [HostFinding] = []
    if let count = condition.thermalThrottles, count > 0 {
      findings.append(
        HostFinding(
          .thermalThrottling, .warning,
          "heat lowered the clock \(count) time\(count == 1 ? "" : "s") since boot",
          advice: "cool it, and see whether the count grows over a run",
          command: "grep . /sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count"))
    }
    if condition.isOnBattery == true {
      findings.append(
        HostFinding(
          .battery, .warning, "it runs on its battery: the clock may be held down to save energy",
          advice: "plug it in"))
    }
    return findings
  }

  private var clockSourceFindings: [HostFinding] {
    guard let source = condition.clockSource, !Self.quickClockSources.contains(source) else {
      return []
    }
    return [
      HostFinding(
        .clockSource, .warning,
        "the time comes from '\(source)', which takes a system call to read: short blocks have to be "
          + "longer for it", advice: "take tsc where the kernel offers it",
        command: "echo tsc | sudo tee "
          + "/sys/devices/system/clocksource/clocksource0/current_clocksource")
    ]
  }
}
