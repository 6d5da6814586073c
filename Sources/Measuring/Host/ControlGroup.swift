import Results

/// What control groups allow: processor time, memory, processes.
enum ControlGroup {
  /// Versions of control groups write no limit as a number near the largest.
  private static let unlimited = 1 << 60

  /// Limits of memory of the process's group and those above it, with what each group uses; the cache
  /// of files that nobody read lately is not used, as the system takes it back.
  static func memoryLimits(_ files: SystemFiles) -> [ResourceLimit] {
    folders(files, of: "memory").flatMap { folder, isUnified -> [ResourceLimit] in
      let names = isUnified ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"]
      let used = files.integer(folder + (isUnified ? "/memory.current" : "/memory.usage_in_bytes"))
      let idle = counts(files.text(folder + "/memory.stat"))[
        isUnified ? "inactive_file" : "total_inactive_file"]
      return limits(
        files, folder, names, .memory, used: used.map { max(0, $0 - (idle ?? 0)) })
    }
  }

  /// Limits of processes and threads of the same groups.
  static func taskLimits(_ files: SystemFiles) -> [ResourceLimit] {
    folders(files, of: "pids").flatMap { folder, _ in
      limits(files, folder, ["pids.max"], .tasks, used: files.integer(folder + "/pids.current"))
    }
  }

  private static func limits(
    _ files: SystemFiles, _ folder: String, _ names: [String], _ kind: ResourceLimit.Kind,
    used: Int?
  ) -> [ResourceLimit] {
    names.compactMap { name in
      guard let limit = files.integer("\(folder)/\(name)"), (0..<unlimited).contains(limit) else {
        return nil
      }
      return ResourceLimit(kind, limit: limit, used: used, source: "\(folder)/\(name)")
    }
  }

  /// Lines of a name and a number.
  private static func counts(_ text: String?) -> [Substring: Int] {
    var counts: [Substring: Int] = [:]
    for line in (text ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { counts[words[0]] = Int(words[1]) }
    }
    return counts
  }

  /// The smallest quota of the process's group and those above it; nil without a limit.
  static func cpuQuota(_ files: SystemFiles) -> Double? {
    folders(files, of: "cpu").compactMap { folder, isUnified -> Double? in
      if isUnified { return files.text("\(folder)/cpu.max").flatMap(parseQuotaV2) }
      guard let quota = files.integer("\(folder)/cpu.cfs_quota_us"),
        let period = files.integer("\(folder)/cpu.cfs_period_us"), quota > 0, period > 0
      else { return nil }
      return Double(quota) / Double(period)
    }.min()
  }

  /// Periods of a quota so far and those in which it ran out, of the group where that was most often;
  /// nil without a quota.
  static func throttling(_ files: SystemFiles) -> (periods: Int, throttled: Int)? {
    folders(files, of: "cpu").compactMap { folder, _ -> (periods: Int, throttled: Int)? in
      let counts = counts(files.text("\(folder)/cpu.stat"))
      guard let periods = counts["nr_periods"], periods > 0 else { return nil }
      return (periods, counts["nr_throttled"] ?? 0)
    }.max { $0.throttled < $1.throttled }
  }

  /// Folders of the process's groups and those above, and whether they are of version 2.
  /// - Parameter controller: what version 1 mounts on its own.
  private static func folders(
    _ files: SystemFiles, of controller: String
  ) -> [(path: String, isUnified: Bool)] {
    (files.text("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap {
      line -> [(path: String, isUnified: Bool)] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      // Inside a container the path may be the host's; the groups above, down to the mount, are
      // looked at as well.
      let paths = ancestors(of: parts[2])
      if parts[1].isEmpty { return paths.map { ("/sys/fs/cgroup\($0)", true) } }
      guard parts[1].split(separator: ",").contains(controller[...]) else { return [] }
      // Mounted by its own name, by that of all that are mounted with it, or both.
      return Set([controller, String(parts[1])]).sorted().flatMap { mount in
        paths.map { ("/sys/fs/cgroup/\(mount)\($0)", false) }
      }
    }
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
package func parseQuotaV2(_ text: String) -> Double? {
  let parts = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
  guard parts.count == 2, let quota = parts[0], let period = parts[1], period > 0 else {
    return nil
  }
  return quota / period
}
