/// Processor time that control groups allow, in CPUs.
enum ControlGroup {
  /// The smallest quota of the process's group and those above it; nil without a limit.
  static func cpuQuota(_ files: SystemFiles) -> Double? {
    var quotas: [Double] = []
    for line in (files.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      // Inside a container the path may be the host's; the groups above, down to the mount,
      // are looked at as well.
      if parts[1].isEmpty {
        for path in ancestors(of: parts[2]) {
          let file = files.text("/sys/fs/cgroup\(path)/cpu.max")
          if let quota = file.flatMap(parseQuotaV2) { quotas.append(quota) }
        }
      } else if controllers.contains("cpu") {
        for mount in ["cpu", "cpu,cpuacct"] {
          for path in ancestors(of: parts[2]) {
            let folder = "/sys/fs/cgroup/\(mount)\(path)"
            if let quota = files.integer("\(folder)/cpu.cfs_quota_us"),
              let period = files.integer("\(folder)/cpu.cfs_period_us"), quota > 0, period > 0
            {
              quotas.append(Double(quota) / Double(period))
            }
          }
        }
      }
    }
    return quotas.min()
  }

  /// The path and all above it; the root is the empty text.
  private static func ancestors(of path: Substring) -> [String] {
    let parts = path.split(separator: "/")
    return (0...parts.count).reversed().map { count in
      parts.prefix(count).map { "/" + $0 }.joined()
    }
  }
}

/// `cpu.max` of control groups version 2: quota and period in microseconds. Nil = no limit.
public func parseQuotaV2(_ text: String) -> Double? {
  let parts = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
  guard parts.count == 2, let quota = parts[0], let period = parts[1], period > 0 else {
    return nil
  }
  return quota / period
}
