import Results

/// Cores, caches and nodes as sysfs shows them.
enum Topology {
  private static let folder = "/sys/devices/system/cpu"

  /// CPUs that are switched on.
  static func onlineCPUs(_ files: SystemFiles) -> [Int] {
    files.text("\(folder)/online").flatMap(parseCPUList) ?? []
  }

  /// Counts of threads, cores and sockets; what sysfs does not say stays as it is.
  static func add(to cpu: inout CPUEnvironment, files: SystemFiles) {
    let online = onlineCPUs(files)
    if !online.isEmpty { cpu.logicalCount = online.count }
    func distinct(_ names: [String]) -> Int? {
      let values = online.compactMap { number in
        names.lazy.compactMap { files.word("\(folder)/cpu\(number)/topology/\($0)") }.first
      }
      return values.count == online.count && !values.isEmpty ? Set(values).count : nil
    }
    // The second is the older name of the first.
    cpu.coreCount = distinct(["core_cpus_list", "thread_siblings_list"]) ?? cpu.coreCount
    cpu.socketCount = distinct(["physical_package_id"]) ?? cpu.socketCount
    if let active = files.integer("\(folder)/smt/active") {
      cpu.isSMTActive = active == 1
    } else if let cores = cpu.coreCount, let threads = cpu.logicalCount {
      cpu.isSMTActive = threads > cores
    }
  }

  /// Caches of all CPUs, equal ones counted together, by level and type.
  static func caches(_ files: SystemFiles) -> [CacheEnvironment] {
    var seen: Set<String> = []
    var caches: [CacheEnvironment] = []
    for number in onlineCPUs(files) {
      let cpu = "\(folder)/cpu\(number)/cache"
      for name in files.names(in: cpu) where name.hasPrefix("index") {
        let path = "\(cpu)/\(name)"
        guard let level = files.integer("\(path)/level"),
          let type = files.word("\(path)/type")?.lowercased(),
          let byteCount = files.word("\(path)/size").flatMap(parseByteSize)
        else { continue }
        let sharers = files.word("\(path)/shared_cpu_list") ?? "\(number)"
        guard seen.insert("\(level) \(type) \(sharers)").inserted else { continue }
        let cache = CacheEnvironment(
          level: level, type: type, byteCount: byteCount,
          lineByteCount: files.integer("\(path)/coherency_line_size"), count: 1)
        if let index = caches.firstIndex(where: {
          $0.level == level && $0.type == type && $0.byteCount == byteCount
        }) {
          caches[index].count += 1
        } else {
          caches.append(cache)
        }
      }
    }
    return caches.sorted { ($0.level, $0.type, $0.byteCount) < ($1.level, $1.type, $1.byteCount) }
  }

  static func numaNodeCount(_ files: SystemFiles) -> Int? {
    files.text("/sys/devices/system/node/online").flatMap(parseCPUList)?.count
  }
}
