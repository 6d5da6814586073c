import Results

// CPUs: how many there are for our threads, how they belong together, and who else uses them.
extension HostDoctor {
  /// Percentages of stolen time. Just now one tick is a percent, so that it takes two of them; five
  /// percent are the margin of comparisons between processes.
  private static let stealPercents = (past: 0.5, now: 2.0, unfit: 5.0)
  /// CPUs' worth of other work that is a warning.
  private static let otherCPUs = 0.1

  private var threadsText: String { "\(threads) thread\(threads == 1 ? "" : "s")" }

  // MARK: CPUs for our threads

  var processorFindings: [HostFinding] { affinityFindings + siblingFindings + nodeFindings }

  private var affinityFindings: [HostFinding] {
    guard !cpus.isEmpty else { return [] }
    let online = host.cpu.logicalCount ?? cpus.count
    if threads > cpus.count {
      return [
        HostFinding(
          .affinity, .unfit,
          "\(threadsText) would take turns on \(cpus.count) CPU\(cpus.count == 1 ? "" : "s"), "
            + (cpus.count < online
              ? "all that affinity or --cpus leave" : "all that there are"),
          advice: cpus.count < online
            ? "allow more CPUs, or take fewer threads" : "take fewer threads",
          command: "alexbench run --threads \(cpus.count)")
      ]
    }
    guard cpus.count < online else { return [] }
    return [
      HostFinding(
        .affinityMask, .note,
        "\(cpus.count) of \(online) CPUs may be used: \(Self.list(cpus))")
    ]
  }

  private var siblingFindings: [HostFinding] {
    // With more threads than CPUs nothing is pinned.
    guard threads <= cpus.count, condition.cores.contains(where: { $0.count > 1 }) else {
      return []
    }
    func core(_ cpu: Int) -> Int? { condition.cores.firstIndex { $0.contains(cpu) } }
    let chosen = cpus.prefix(threads)
    let shared = condition.cores.map { core in chosen.filter(core.contains) }.first { $0.count > 1 }
    guard let shared else {
      return [
        HostFinding(
          .smt, .note,
          "cores run several threads: whatever runs on the other ones of our cores slows us down",
          advice: host.isVirtual == true
            ? "leave the other CPUs idle" : "leave the other CPUs idle, or switch SMT off",
          command: host.isVirtual == true
            ? nil : "echo off | sudo tee /sys/devices/system/cpu/smt/control")
      ]
    }
    var seen: Set<Int> = []
    let apart = cpus.filter { core($0).map { seen.insert($0).inserted } ?? false }
    let isEnough = apart.count >= threads
    return [
      HostFinding(
        .smtSharedCore, .warning,
        "of \(threadsText) those on CPUs \(Self.list(shared)) share one core and its vector units",
        advice: isEnough
          ? "give each thread a core of its own" : "take no more threads than there are cores",
        command: "alexbench run --threads "
          + (isEnough
            ? "\(threads) --cpus \(Self.list(Array(apart.prefix(threads))))" : "\(apart.count)"))
    ]
  }

  private var nodeFindings: [HostFinding] {
    guard let count = host.numaNodeCount, count > 1 else { return [] }
    let balances = condition.balancesNodes == true
    return [
      HostFinding(
        .numa, balances ? .warning : .note,
        "memory is in \(count) nodes"
          + (balances
            ? ", and the kernel moves pages between them while it is measured"
            : ": threads may read from one that is far away"),
        advice: (balances ? "switch that off, and stay" : "stay") + " in one node",
        command: (balances ? "sudo sysctl -w kernel.numa_balancing=0; " : "")
          + "numactl --cpunodebind=0 --membind=0 alexbench run")
    ]
  }

  private static func list(_ cpus: [Int]) -> String {
    cpus.map(String.init).joined(separator: ",")
  }

  // MARK: Others on the CPUs

  var sharingFindings: [HostFinding] {
    quotaFindings + hypervisorFindings + stealFindings + loadFindings
  }

  private var quotaFindings: [HostFinding] {
    var findings: [HostFinding] = []
    if let quota = host.cpuQuota, let count = host.cpu.logicalCount, quota < Double(count) {
      let text = "a control group allows \(quota) CPUs' worth of time on \(count)"
      let advice = "raise the quota (docker run --cpus, limits.cpu, CPUQuota=)"
      if quota < Double(threads) {
        findings.append(
          HostFinding(
            .cpuQuota, .unfit, text + ", less than \(threadsText) use: blocks will be throttled",
            advice: advice + (quota < 1 ? "" : ", or take fewer threads"),
            command: quota < 1 ? nil : "alexbench run --threads \(Int(quota))"))
      } else {
        // Threads of libraries that spin after a call are not counted in ours.
        findings.append(
          HostFinding(
            .cpuQuota, quota < Double(threads + 1) ? .warning : .note,
            text + ": blocks may be throttled", advice: advice))
      }
    }
    if let periods = condition.quotaPeriods, let throttled = condition.throttledPeriods,
      throttled > 0
    {
      findings.append(
        HostFinding(
          .cpuThrottled, throttled * 100 > periods ? .warning : .note,
          "the control group ran out of its quota in \(throttled) of \(periods) periods so far",
          advice: "raise the quota"))
    }
    return findings
  }

  private var hypervisorFindings: [HostFinding] {
    switch host.isVirtual {
    case true?:
      [
        HostFinding(
          .hypervisor, .warning,
          "this is a virtual machine: others may share its caches, memory and clock",
          advice: "compare within one run, not times of different runs")
      ]
    case false?: []
    case nil:
      [HostFinding(.hypervisor, .note, "the system does not tell whether a hypervisor runs it")]
    }
  }

  private var stealFindings: [HostFinding] {
    let now = condition.interval?.stealPercent
    let past = condition.stealPercentSinceBoot
    let limits = Self.stealPercents
    let severity: HostSeverity
    // What was stolen yesterday need not be stolen today.
    if let now, now >= limits.unfit {
      severity = .unfit
    } else if (now ?? 0) >= limits.now || (past ?? 0) >= limits.past {
      severity = .warning
    } else {
      return []
    }
    let parts = [
      now.map { "\($0) % of the time wanted just now" }, past.map { "\($0) % since boot" },
    ]
    return [
      HostFinding(
        .steal, severity,
        "the hypervisor took " + parts.compactMap { $0 }.joined(separator: ", "),
        advice: "take a machine with CPUs of its own, or measure at another hour")
    ]
  }

  private var loadFindings: [HostFinding] {
    guard let count = host.cpu.logicalCount else { return [] }
    var findings: [HostFinding] = []
    if let interval = condition.interval, interval.usedCPUs >= Self.otherCPUs {
      let isFull = Double(count) - interval.usedCPUs + 0.2 < Double(threads)
      let names = interval.busiest.map { "\($0.name) (\($0.id)) \($0.usedCPUs)" }
      findings.append(
        HostFinding(
          .otherProcesses, isFull ? .unfit : .warning,
          "others used \(interval.usedCPUs) of \(count) CPUs over \(interval.seconds) s"
            + (names.isEmpty ? "" : ": " + names.joined(separator: ", ")),
          advice: "end them, or wait until they are done",
          command: interval.busiest.isEmpty
            ? nil
            : "ps -o pid,user,etime,args -p \(Self.list(interval.busiest.map(\.id)))"))
    }
    if let load = host.loadAverage?.first, load > 0.5 * Double(count) {
      findings.append(
        HostFinding(
          .loadAverage, .warning,
          "the load average is \(load) on \(count) CPUs: other work is running",
          advice: "wait until it is done"))
    }
    return findings
  }
}
