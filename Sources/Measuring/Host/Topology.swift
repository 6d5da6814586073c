import Results

/// Cores, caches and nodes as sysfs shows them.
enum Topology {
  private static let folder = "/sys/devices/system/cpu"

  /// CPUs that are switched on.
  static func onlineCPUs(_ files: SystemFiles) -> [Int] {
    files.text("\(folder)/online").flatMap(parseCPUList) ?? []
  }

  /// The second is the older name of the first.
  private static let siblingNames = ["core_cpus_list", "thread_siblings_list"]

  /// What the first file that has it says. Read once: a lazy sequence would read the file again, which
  /// may be gone then.
  private static func first<Value>(of names: [String], _ value: (String) -> Value?) -> Value? {
    for name in names { if let value = value(name) { return value } }
    return nil
  }

  /// CPUs by core, in order; empty where sysfs does not say it of each.
  static func cores(_ files: SystemFiles) -> [[Int]] {
    let online = onlineCPUs(files)
    let siblings = online.compactMap { number in
      first(of: siblingNames) {
        files.text("\(folder)/cpu\(number)/topology/\($0)").flatMap(parseCPUList)
      }
    }
    guard siblings.count == online.count else { return [] }
    return Set(siblings).sorted { ($0.first ?? 0) < ($1.first ?? 0) }
  }

  /// Counts of threads, cores and sockets; what sysfs does not say stays as it is.
  static func add(to cpu: inout CPUEnvironment, files: SystemFiles) {
    let online = onlineCPUs(files)
    if !online.isEmpty { cpu.logicalCount = online.count }
    func distinct(_ names: [String]) -> Int? {
      let values = online.compactMap { number in
        first(of: names) { files.word("\(folder)/cpu\(number)/topology/\($0)") }
      }
      return values.count == online.count && !values.isEmpty ? Set(values).count : nil
    }
    cpu.coreCount = distinct(siblingNames) ?? cpu.coreCount
    cpu.socketCount = distinct(["physical_package_id"]) ?? cpu.socketCount
    if let active = files.integer("\(folder)/smt/active") {
      cpu.isSMTActive = active == 1
    } else if let cores = cpu.coreCount, let threads = cpu.logicalCount {
      cpu.isSMTActive = threads > cores
    }
  }

  /// One cache, as one of its CPUs sees it.
  struct Cache: Equatable {
    var level: Int
    /// `data`, `instruction`, `unified`.
    var type: String
    var byteCount: Int
    var lineByteCount: Int?
    /// The CPUs that share it, as the kernel writes them.
    var sharers: String
  }

  /// The caches that a CPU reaches.
  static func caches(ofCPU number: Int, _ files: SystemFiles) -> [Cache] {
    let cpu = "\(folder)/cpu\(number)/cache"
    return files.names(in: cpu).filter { $0.hasPrefix("index") }.compactMap { name in
      let path = "\(cpu)/\(name)"
      guard let level = files.integer("\(path)/level"),
        let type = files.word("\(path)/type")?.lowercased(),
        let byteCount = files.word("\(path)/size").flatMap(parseByteSize)
      else { return nil }
      return Cache(
        level: level, type: type, byteCount: byteCount,
        lineByteCount: files.integer("\(path)/coherency_line_size"),
        sharers: files.word("\(path)/shared_cpu_list") ?? "\(number)")
    }
  }

  /// Caches of all CPUs, equal ones counted together, by level and type.
  static func caches(_ files: SystemFiles) -> [CacheEnvironment] {
    var seen: Set<String> = []
    var caches: [CacheEnvironment] = []
    for one in onlineCPUs(files).flatMap({ Self.caches(ofCPU: $0, files) }) {
      guard seen.insert("\(one.level) \(one.type) \(one.sharers)").inserted else { continue }
      if let index = caches.firstIndex(where: {
        $0.level == one.level && $0.type == one.type && $0.byteCount == one.byteCount
      }) {
        caches[index].count += 1
      } else {
        caches.append(
          CacheEnvironment(
            level: one.level, type: one.type, byteCount: one.byteCount,
            lineByteCount: one.lineByteCount, count: 1))
      }
    }
    return caches.sorted { ($0.level, $0.type, $0.byteCount) < ($1.level, $1.type, $1.byteCount) }
  }

  static func numaNodeCount(_ files: SystemFiles) -> Int? {
    files.text("/sys/devices/system/node/online").flatMap(parseCPUList)?.count
  }
}
