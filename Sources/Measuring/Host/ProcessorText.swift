import Results

/// The processor as `/proc/cpuinfo` describes it, on x86-64 and arm64; what is not there stays nil.
package func parseCPUInfo(_ text: String, architecture: String) -> CPUEnvironment {
  var cpu = CPUEnvironment()
  cpu.architecture = architecture
  let processors = text.split(separator: "\n\n").map { fields(of: $0) }
    .filter { $0["processor"] != nil }
  guard let first = processors.first else { return cpu }
  cpu.logicalCount = processors.count
  if let implementer = first["CPU implementer"] {
    // arm64 counts architecture, part and revision where x86 has family, model and stepping.
    cpu.vendor = armImplementers[implementer] ?? implementer
    cpu.family = first["CPU architecture"].flatMap(number)
    cpu.model = first["CPU part"].flatMap(number)
    cpu.stepping = first["CPU revision"].flatMap(number)
    cpu.brand = first["model name"]
    cpu.flags = words(first["Features"])
    return cpu
  }
  cpu.vendor = first["vendor_id"]
  cpu.brand = first["model name"]
  cpu.family = first["cpu family"].flatMap(number)
  cpu.model = first["model"].flatMap(number)
  cpu.stepping = first["stepping"].flatMap(number)
  cpu.flags = words(first["flags"])
  let packages = processors.compactMap { $0["physical id"] }
  if packages.count == processors.count {
    cpu.socketCount = Set(packages).count
    let cores = processors.compactMap { one in one["core id"].map { (one["physical id"]!, $0) } }
    if cores.count == processors.count {
      cpu.coreCount = Set(cores.map { "\($0.0)/\($0.1)" }).count
    }
  }
  return cpu
}

/// `name : value` lines.
private func fields(of block: Substring) -> [String: String] {
  var fields: [String: String] = [:]
  for line in block.split(separator: "\n") {
    guard let colon = line.firstIndex(of: ":") else { continue }
    let value = trimmed(line[line.index(after: colon)...])
    if !value.isEmpty { fields[trimmed(line[..<colon])] = value }
  }
  return fields
}

private func trimmed(_ text: Substring) -> String {
  var text = text
  while text.first?.isWhitespace == true { text.removeFirst() }
  while text.last?.isWhitespace == true { text.removeLast() }
  return String(text)
}

private func words(_ text: String?) -> [String] {
  (text ?? "").split(separator: " ").map(String.init)
}

/// Decimal, or hexadecimal with `0x`.
private func number(_ text: String) -> Int? {
  text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
}

private let armImplementers = [
  "0x41": "ARM", "0x46": "Fujitsu", "0x48": "HiSilicon", "0x4e": "NVIDIA", "0x50": "APM",
  "0x51": "Qualcomm", "0x61": "Apple", "0x6d": "Microsoft", "0xc0": "Ampere",
]

/// A value of `/proc/meminfo` in bytes, for example of `MemTotal`.
package func parseMemoryInfo(_ text: String, field: String) -> Int? {
  for line in text.split(separator: "\n") where line.hasPrefix(field + ":") {
    let parts = line.split(separator: " ")
    guard parts.count == 3, parts[2] == "kB", let kibibytes = Int(parts[1]),
      (0..<1 << 50).contains(kibibytes)
    else { return nil }
    return kibibytes * 1024
  }
  return nil
}

/// A size as sysfs writes it: `32K`, `1M`.
package func parseByteSize(_ text: String) -> Int? {
  guard let unit = text.last else { return nil }
  switch unit {
  case "K": return Int(text.dropLast()).map { $0 << 10 }
  case "M": return Int(text.dropLast()).map { $0 << 20 }
  case "G": return Int(text.dropLast()).map { $0 << 30 }
  default: return Int(text)
  }
}

/// The choice in brackets: `always [madvise] never`.
package func parseBracketedChoice(_ text: String) -> String? {
  guard let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]") else {
    return nil
  }
  return String(text[text.index(after: open)..<close])
}

/// The three averages of `/proc/loadavg`.
package func parseLoadAverage(_ text: String) -> [Double]? {
  let values = text.split(separator: " ").prefix(3).compactMap { Double($0) }
  return values.count == 3 ? values : nil
}

/// The CPUs that a process may use, of its `/proc/PID/status`.
package func parseAllowedCPUs(_ text: String) -> [Int]? {
  let name = "Cpus_allowed_list:"
  for line in text.split(separator: "\n") where line.hasPrefix(name) {
    return parseCPUList(String(line.dropFirst(name.count)))
  }
  return nil
}
