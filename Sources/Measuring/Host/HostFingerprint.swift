import CSupport
import Foundation
import Kernels
import Results

/// What the machine is, as far as it tells.
package enum HostFingerprint {
  /// The class of this host.
  static let ownClass = collect().hostClass

  /// Asks the processor, the kernel and the environment. What is unknown stays nil.
  /// - Parameters:
  ///   - files: of the machine, or of a test.
  ///   - environment: variables of the process.
  package static func collect(
    files: SystemFiles = SystemFiles(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> HostEnvironment {
    var host = describe(files: files, architecture: architecture)
    askProcessor(&host.cpu)
    host.affinity = affinity()
    host.kernel = kernelName()
    host.libc = libcVersion()
    host.pmuStatus = CounterHost.current.pmuStatus
    let denormals = alex_denormal_mode()
    host.flushesDenormalsToZero = denormals & 1 != 0
    host.readsDenormalsAsZero = denormals & 2 != 0
    host.environment = steeringVariables(environment)
    host.hostClass = hostClass(of: host)
    return host
  }

  /// The part that stands in files, so that it can be read for any machine.
  package static func describe(files: SystemFiles, architecture: String) -> HostEnvironment {
    var host = HostEnvironment()
    host.cpu = parseCPUInfo(files.text("/proc/cpuinfo") ?? "", architecture: architecture)
    Topology.add(to: &host.cpu, files: files)
    host.caches = Topology.caches(files)
    host.numaNodeCount = Topology.numaNodeCount(files)
    let memory = files.text("/proc/meminfo") ?? ""
    host.memoryBytes = parseMemoryInfo(memory, field: "MemTotal")
    host.availableMemoryBytes = parseMemoryInfo(memory, field: "MemAvailable")
    host.isVirtual = isVirtual(files, cpu: host.cpu)
    let firmware = ["sys_vendor", "product_name"].compactMap {
      files.word("/sys/class/dmi/id/\($0)")
    }
    host.machine = firmware.isEmpty ? nil : firmware.joined(separator: " ")
    host.cpuQuota = ControlGroup.cpuQuota(files)
    host.governor = files.word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    host.transparentHugePages =
      files.text("/sys/kernel/mm/transparent_hugepage/enabled").flatMap(parseBracketedChoice)
    host.operatingSystem = files.text("/etc/os-release").flatMap(prettyName)
    host.perfEventParanoid = files.integer("/proc/sys/kernel/perf_event_paranoid")
    host.loadAverage = files.text("/proc/loadavg").flatMap(parseLoadAverage)
    host.affinity = files.text("/proc/self/status").flatMap(parseAllowedCPUs) ?? []
    let devices = files.names(in: "/sys/bus/event_source/devices")
    if !devices.isEmpty {
      host.pmuStatus =
        CounterHost(
          paranoid: host.perfEventParanoid, hasPMU: CounterHost.hasPMU(devices: devices)
        ).pmuStatus
    }
    return host
  }

  /// Load averages now, for the end of a run.
  package static func loadAverage(files: SystemFiles = SystemFiles()) -> [Double]? {
    files.text("/proc/loadavg").flatMap(parseLoadAverage)
  }

  /// Variables that change what libraries or this program do.
  package static func steeringVariables(_ environment: [String: String]) -> [String: String] {
    environment.filter { name, _ in
      steeringNames.contains(name)
        || steeringPrefixes.contains { name.hasPrefix($0) } && name != OtherRuns.variable
    }
  }

  private static let steeringNames: Set<String> = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "GLIBC_TUNABLES",
  ]
  private static let steeringPrefixes = [
    "OPENBLAS_", "GOTO_", "BLIS_", "OMP_", "GOMP_", "MKL_", "KMP_", "NVPL_", "DNNL_", "ONEDNN_",
    "ALEXBENCH_", "MALLOC_",
  ]

  /// What must match for absolute times to be comparable; usable as a folder's name.
  package static func hostClass(of host: HostEnvironment) -> String {
    let cpu = host.cpu
    func text(_ number: Int?) -> String { number.map(String.init) ?? "unknown" }
    func cache(_ level: Int) -> String {
      let size = host.caches.first { $0.level == level && $0.type != "instruction" }
      return "L\(level)-" + (size.map { "\($0.byteCount >> 10)K" } ?? "unknown")
    }
    let gibibytes = host.memoryBytes.map { ($0 + (1 << 29)) >> 30 }
    let parts = [
      cpu.architecture, cpu.vendor ?? "unknown", text(cpu.family), text(cpu.model),
      text(cpu.stepping), "\(text(cpu.coreCount))c\(text(cpu.logicalCount))t",
      cpu.usableISAs.first ?? "unknown", cache(2), cache(3),
      host.isVirtual.map { $0 ? "virtual" : "physical" } ?? "unknown", "\(text(gibibytes))GiB",
    ]
    let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    return String(parts.joined(separator: "-").map { safe.contains($0) ? $0 : "_" })
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      "unknown"
    #endif
  }

  /// The processor's own answers go before those of the kernel.
  private static func askProcessor(_ cpu: inout CPUEnvironment) {
    var info = alex_cpu_info()
    alex_cpu_query(&info)
    let vendor = withUnsafeBytes(of: &info.vendor) { cText($0) }
    if !vendor.isEmpty {
      cpu.vendor = vendor
      cpu.family = Int(info.family)
      cpu.model = Int(info.model)
      cpu.stepping = Int(info.stepping)
    }
    let brand = withUnsafeBytes(of: &info.brand) { cText($0) }
    if !brand.isEmpty { cpu.brand = brand }
    cpu.usableISAs = InstructionSet.usable.map(\.rawValue)
  }

  private static func affinity() -> [Int] {
    var cpus = [Int32](repeating: 0, count: 1024)
    let count = Int(alex_get_affinity(&cpus, Int32(cpus.count)))
    return cpus.prefix(count).map(Int.init)
  }

  private static func kernelName() -> String? {
    var name = utsname()
    guard uname(&name) == 0 else { return nil }
    let parts = [
      withUnsafeBytes(of: &name.sysname) { cText($0) },
      withUnsafeBytes(of: &name.release) { cText($0) },
      withUnsafeBytes(of: &name.version) { cText($0) },
    ]
    return parts.joined(separator: " ")
  }

  private static func libcVersion() -> String? {
    #if canImport(Glibc)
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = bytes.withUnsafeMutableBytes {
        confstr(Int32(_CS_GNU_LIBC_VERSION), $0.bindMemory(to: CChar.self).baseAddress, $0.count)
      }
      return count > 0 ? bytes.withUnsafeBytes { cText($0) } : nil
    #else
      return nil
    #endif
  }

  /// Text up to the first zero byte, without blanks around it.
  private static func cText(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      .trimmingCharacters(in: .whitespaces)
  }

  private static func isVirtual(_ files: SystemFiles, cpu: CPUEnvironment) -> Bool? {
    if cpu.flags.contains("hypervisor") || files.word("/sys/hypervisor/type") != nil {
      return true
    }
    // Only x86 processors say that there is none.
    return cpu.architecture == "x86_64" && !cpu.flags.isEmpty ? false : nil
  }

  private static func prettyName(_ text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
      return line.dropFirst("PRETTY_NAME=".count).trimmingCharacters(in: ["\"", "'"])
    }
    return nil
  }
}
