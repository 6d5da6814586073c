import Foundation

/// What three machines write about themselves, shortened.
enum MachineFixtures {
  static let intelCPUInfo = """
    processor\t: 0
    vendor_id\t: GenuineIntel
    cpu family\t: 6
    model\t\t: 143
    model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
    stepping\t: 8
    physical id\t: 0
    core id\t\t: 0
    flags\t\t: fpu sse2 avx2 avx512f hypervisor
    power management:

    processor\t: 1
    vendor_id\t: GenuineIntel
    cpu family\t: 6
    model\t\t: 143
    model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
    stepping\t: 8
    physical id\t: 0
    core id\t\t: 0
    flags\t\t: fpu sse2 avx2 avx512f hypervisor
    power management:

    """

  static let amdCPUInfo = """
    processor\t: 0
    vendor_id\t: AuthenticAMD
    cpu family\t: 25
    model\t\t: 33
    model name\t: AMD Ryzen 9 5950X 16-Core Processor
    stepping\t: 2
    physical id\t: 0
    core id\t\t: 0
    flags\t\t: fpu sse2 avx2 fma

    processor\t: 1
    vendor_id\t: AuthenticAMD
    cpu family\t: 25
    model\t\t: 33
    model name\t: AMD Ryzen 9 5950X 16-Core Processor
    stepping\t: 2
    physical id\t: 0
    core id\t\t: 1
    flags\t\t: fpu sse2 avx2 fma

    """

  static let armCPUInfo = """
    processor\t: 0
    BogoMIPS\t: 243.75
    Features\t: fp asimd evtstrm aes sve
    CPU implementer\t: 0x41
    CPU architecture: 8
    CPU variant\t: 0x1
    CPU part\t: 0xd0c
    CPU revision\t: 1

    processor\t: 1
    BogoMIPS\t: 243.75
    Features\t: fp asimd evtstrm aes sve
    CPU implementer\t: 0x41
    CPU architecture: 8
    CPU variant\t: 0x1
    CPU part\t: 0xd0c
    CPU revision\t: 1

    """

  /// Files of a machine with one AMD core pair, one shared L3, control groups version 1.
  static let amdFiles: [String: String] = {
    var files = [
      "/proc/cpuinfo": amdCPUInfo,
      "/proc/meminfo": "MemTotal:       32791234 kB\nMemFree: 1 kB\nMemAvailable:   30000000 kB\n",
      "/proc/loadavg": "0.52 0.58 0.59 1/597 12345\n",
      "/proc/sys/kernel/perf_event_paranoid": "2\n",
      "/proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "150000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "/sys/devices/system/node/online": "0\n",
      "/sys/devices/system/cpu/online": "0-1\n",
      "/sys/devices/system/cpu/smt/active": "0\n",
      "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "schedutil\n",
      "/sys/class/dmi/id/sys_vendor": "ACME\n",
      "/sys/class/dmi/id/product_name": "Anvil 3\n",
      "/etc/os-release": "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
    ]
    for cpu in 0...1 {
      let folder = "/sys/devices/system/cpu/cpu\(cpu)"
      files["\(folder)/topology/thread_siblings_list"] = "\(cpu)\n"
      files["\(folder)/topology/physical_package_id"] = "0\n"
      let caches = [
        (1, "Data", "32K", "\(cpu)"), (1, "Instruction", "32K", "\(cpu)"),
        (2, "Unified", "512K", "\(cpu)"), (3, "Unified", "64M", "0-1"),
      ]
      for (index, cache) in caches.enumerated() {
        let path = "\(folder)/cache/index\(index)"
        files["\(path)/level"] = "\(cache.0)\n"
        files["\(path)/type"] = "\(cache.1)\n"
        files["\(path)/size"] = "\(cache.2)\n"
        files["\(path)/shared_cpu_list"] = "\(cache.3)\n"
        files["\(path)/coherency_line_size"] = "64\n"
      }
    }
    return files
  }()
}

/// A folder with a machine's files, removed with the object.
final class MachineFolder {
  let path: String

  init(_ files: [String: String]) throws {
    path = NSTemporaryDirectory() + "alexbench-machine-\(UUID().uuidString)"
    for (name, text) in files {
      let url = URL(fileURLWithPath: path + name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
