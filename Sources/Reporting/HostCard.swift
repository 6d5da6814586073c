import Results

/// The machine as a card for people, and what was found about it.
package enum HostCard {
  /// The grade, lines `name  value`, the findings with what to do, and the backends that cannot run.
  package static func text(_ report: HostReport) -> String {
    let lines =
      [("fit for measuring", gradeLine(report))]
      + lines(host: report.host, build: report.build, libraries: report.libraries)
      + report.condition.limits.map { ("limit", self.text($0)) }
    let width = lines.map(\.0.count).max() ?? 0
    var text = lines.reduce(into: "") { text, line in
      let blanks = String(repeating: " ", count: width - line.0.count)
      text += "\(line.0)\(blanks)  \(line.1)\n"
    }
    for finding in report.findings { text += "\n" + self.text(finding) }
    if !report.unavailable.isEmpty { text += "\n" }
    for one in report.unavailable { text += "unavailable: \(one.backend): \(one.reason)\n" }
    return text
  }

  private static func gradeLine(_ report: HostReport) -> String {
    let counts = HostSeverity.allCases.reversed().compactMap { severity -> String? in
      let count = report.findings.count { $0.severity == severity }
      guard count > 0 else { return nil }
      return severity == .unfit
        ? "\(count) unfit" : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
    }
    return "\(report.grade.rawValue) for \(report.threads) thread\(report.threads == 1 ? "" : "s")"
      + (counts.isEmpty ? "" : ": " + counts.joined(separator: ", "))
  }

  /// For example `memory 300 MiB, 24 MiB used (/sys/fs/cgroup/memory.max)`.
  private static func text(_ limit: ResourceLimit) -> String {
    func amount(_ value: Int) -> String { limit.kind.isOfMemory ? size(value) : "\(value)" }
    let name = limit.kind.rawValue.split(separator: "-").joined(separator: " ")
    let used = limit.used.map { ", \(amount($0)) used" } ?? ""
    return "\(name) \(amount(limit.limit))\(used) (\(limit.source))"
  }

  private static func text(_ finding: HostFinding) -> String {
    let backend = finding.backend.map { " (\($0))" } ?? ""
    var text = "\(finding.severity.rawValue): \(finding.kind.rawValue)\(backend)\n"
    text += wrapped("  ", finding.text)
    if let advice = finding.advice { text += wrapped("  → ", advice) }
    // Not wrapped: it is to be copied.
    if let command = finding.command { text += "  $ \(command)\n" }
    return text
  }

  /// Names and values; what is unknown is said to be unknown.
  static func lines(
    host: HostEnvironment, build: BuildEnvironment, libraries: [LibraryEnvironment]
  ) -> [(String, String)] {
    var lines: [(String, String)] = []
    func add(_ name: String, _ value: String?) { lines.append((name, value ?? "unknown")) }
    let cpu = host.cpu
    add("processor", cpu.brand ?? cpu.vendor)
    add(
      "identity",
      "\(cpu.architecture), \(cpu.vendor ?? "unknown vendor"), family \(number(cpu.family)) "
        + "model \(number(cpu.model)) stepping \(number(cpu.stepping))")
    add("cores", coresLine(cpu))
    add("instruction sets", cpu.usableISAs.joined(separator: " "))
    for cache in host.caches {
      let line = cache.lineByteCount.map { ", \($0) B lines" } ?? ""
      add("L\(cache.level) \(cache.type)", "\(cache.count) × \(size(cache.byteCount))\(line)")
    }
    add("memory", host.memoryBytes.map(size))
    add("NUMA nodes", host.numaNodeCount.map(String.init))
    add("hypervisor", host.isVirtual.map { $0 ? "yes" : "no" })
    if let machine = host.machine { add("machine", machine) }
    add("CPU quota", host.cpuQuota.map { "\($0) CPUs" } ?? "none")
    add("affinity", host.affinity.map(String.init).joined(separator: ","))
    add("governor", host.governor ?? "not shown by the system")
    add("huge pages", host.transparentHugePages)
    add("hardware counters", countersLine(host))
    add(
      "denormals",
      host.flushesDenormalsToZero || host.readsDenormalsAsZero
        ? "flushed (FTZ \(host.flushesDenormalsToZero), DAZ \(host.readsDenormalsAsZero))"
        : "kept")
    add("system", [host.operatingSystem, host.libc].compactMap { $0 }.joined(separator: ", "))
    add("kernel", host.kernel)
    add("load average", host.loadAverage?.map { "\($0)" }.joined(separator: " "))
    add("built with", "\(build.compiler), \(build.configuration)")
    if let commit = build.gitCommit {
      add("commit", commit + (build.gitIsDirty == true ? " and changes" : ""))
    }
    for library in libraries {
      add(library.name, "\(library.version), kernel \(library.kernel), \(library.path)")
    }
    for (name, value) in host.environment.sorted(by: { $0.key < $1.key }) {
      add("environment", "\(name)=\(value)")
    }
    add("host class", host.hostClass)
    return lines
  }

  private static func number(_ value: Int?) -> String { value.map(String.init) ?? "unknown" }

  private static func coresLine(_ cpu: CPUEnvironment) -> String {
    let smt = cpu.isSMTActive.map { $0 ? ", SMT on" : ", SMT off" } ?? ""
    let sockets = cpu.socketCount.map { ", \($0) \($0 == 1 ? "socket" : "sockets")" } ?? ""
    return "\(number(cpu.coreCount)) cores, \(number(cpu.logicalCount)) threads\(smt)\(sockets)"
  }

  private static func countersLine(_ host: HostEnvironment) -> String {
    let paranoid = host.perfEventParanoid.map { "perf_event_paranoid \($0)" }
    return [host.pmuStatus, paranoid].compactMap { $0 }.joined(separator: ", ")
  }

  /// Bytes in the largest binary unit of which there are at least one.
  static func size(_ byteCount: Int) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where byteCount >> shift > 0 {
      let tenths = (byteCount * 10 + (1 << (shift - 1))) >> shift
      return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(byteCount) B"
  }
}
