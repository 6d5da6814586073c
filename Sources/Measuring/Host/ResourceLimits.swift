import Results

/// The limits in force: of control groups, and those that a process inherits (`ulimit`).
package struct ResourceLimits: Sendable {
  package let all: [ResourceLimit]
  /// What the whole machine has left; nil = unknown.
  private let availableBytes: Int?

  /// - Parameter files: of the machine, or of a test.
  package init(files: SystemFiles = SystemFiles()) {
    all =
      ControlGroup.memoryLimits(files) + ControlGroup.taskLimits(files) + Self.inherited(files)
    availableBytes = files.text("/proc/meminfo").flatMap {
      parseMemoryInfo($0, field: "MemAvailable")
    }
  }

  /// Bytes that this process may still take, and what says so, for sentences; nil = unknown.
  package var memory: (byteCount: Int, reason: String)? {
    var rests = all.filter(\.kind.isOfMemory).map { limit in
      (byteCount: limit.rest, reason: "MiB that \(limit.source) leaves")
    }
    if let availableBytes { rests.append((availableBytes, "MiB available")) }
    return rests.min { $0.byteCount < $1.byteCount }
  }

  /// Why so many more threads cannot be started; nil when they can.
  package func refusal(moreThreads count: Int) -> String? {
    let tightest = all.filter { $0.kind == .tasks && $0.used != nil }.min { $0.rest < $1.rest }
    guard let tightest, count > tightest.rest else { return nil }
    return "\(count) more threads cannot be started: \(tightest.source) leaves \(tightest.rest) "
      + "of \(tightest.limit) processes and threads; take fewer --threads or raise that limit"
  }

  /// Rows of `/proc/self/limits`: their names, what they limit, and the shell's option for them.
  private static let names: [(name: String, kind: ResourceLimit.Kind, option: String)] = [
    ("Max address space", .addressSpace, "ulimit -v"), ("Max data size", .data, "ulimit -d"),
    ("Max processes", .tasks, "ulimit -u"), ("Max open files", .openFiles, "ulimit -n"),
  ]

  private static func inherited(_ files: SystemFiles) -> [ResourceLimit] {
    let text = files.text("/proc/self/limits") ?? ""
    let status = files.text("/proc/self/status") ?? ""
    return names.compactMap { name, kind, option in
      guard let limit = softLimit(name, in: text) else { return nil }
      let used: Int? =
        switch kind {
        // The fields have the form of /proc/meminfo.
        case .addressSpace: parseMemoryInfo(status, field: "VmSize")
        case .data: parseMemoryInfo(status, field: "VmData")
        case .openFiles: files.names(in: "/proc/self/fd").count
        case .memory, .tasks: nil
        }
      return ResourceLimit(kind, limit: limit, used: used, source: option)
    }
  }

  /// Nil also for `unlimited`.
  private static func softLimit(_ name: String, in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line.flatMap { $0.dropFirst(name.count).split(separator: " ").first }
      .flatMap { Int($0) }
  }
}
