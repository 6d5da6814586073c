import Measuring
import Results
import Testing

struct ResourceLimitsTests {
  private static func limits(_ files: [String: String]) throws -> ResourceLimits {
    let folder = try MachineFolder(files)
    return withExtendedLifetime(folder) { ResourceLimits(files: SystemFiles(root: folder.path)) }
  }

  private static let memory = "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n"

  @Test("Of control groups version 2, the tightest of all levels counts, less what is used")
  func unified() throws {
    let limits = try Self.limits([
      "/proc/meminfo": Self.memory,
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/memory.high": "500000000\n",
      "/sys/fs/cgroup/a/b/memory.current": "100000000\n",
      "/sys/fs/cgroup/a/memory.max": "300000000\n",
      "/sys/fs/cgroup/a/memory.current": "250000000\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 50000000\n",
      "/sys/fs/cgroup/a/pids.max": "20\n",
      "/sys/fs/cgroup/a/pids.current": "12\n",
    ])
    #expect(limits.memory?.byteCount == 100_000_000)
    #expect(limits.memory?.reason == "MiB that /sys/fs/cgroup/a/memory.max leaves")
    #expect(
      limits.all == [
        ResourceLimit(
          .memory, limit: 500_000_000, used: 100_000_000,
          source: "/sys/fs/cgroup/a/b/memory.high"),
        ResourceLimit(
          .memory, limit: 300_000_000, used: 200_000_000, source: "/sys/fs/cgroup/a/memory.max"),
        ResourceLimit(.tasks, limit: 20, used: 12, source: "/sys/fs/cgroup/a/pids.max"),
      ])
    #expect(limits.refusal(moreThreads: 8) == nil)
    #expect(limits.refusal(moreThreads: 9)?.contains("leaves 8 of 20") == true)
  }

  @Test("Of version 1 the hierarchy of memory and that of processes are asked")
  func separate() throws {
    let limits = try Self.limits([
      "/proc/meminfo": Self.memory,
      "/proc/self/cgroup": "4:memory:/x\n3:pids:/y\n2:cpu,cpuacct:/z\n0::/\n",
      "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "314572800\n",
      "/sys/fs/cgroup/memory/x/memory.usage_in_bytes": "104857600\n",
      "/sys/fs/cgroup/memory/x/memory.stat": "inactive_file 5\ntotal_inactive_file 4857600\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/pids/y/pids.max": "100\n",
      "/sys/fs/cgroup/pids/y/pids.current": "1\n",
      "/sys/fs/cgroup/memory/z/memory.limit_in_bytes": "1\n",
    ])
    #expect(limits.all.map(\.limit) == [314_572_800, 100])
    #expect(limits.memory?.byteCount == 214_572_800)
  }

  @Test("What ulimit sets counts as well, less what the process has")
  func inherited() throws {
    let limits = try Self.limits([
      "/proc/meminfo": Self.memory,
      "/proc/self/status": "Name: x\nVmSize:\t   204800 kB\nVmData:\t    1024 kB\n",
      "/proc/self/limits": """
      Limit                     Soft Limit           Hard Limit           Units
      Max data size             unlimited            unlimited            bytes
      Max processes             20                   96365                processes
      Max open files            1024                 20000                files
      Max address space         314572800            unlimited            bytes

      """,
    ])
    #expect(limits.all.map(\.kind) == [.addressSpace, .tasks, .openFiles])
    #expect(limits.all.map(\.source) == ["ulimit -v", "ulimit -u", "ulimit -n"])
    #expect(limits.memory?.byteCount == 100 << 20)
    #expect(limits.memory?.reason == "MiB that ulimit -v leaves")
  }

  @Test("Without limits it is what the machine has; files that say nothing limit nothing")
  func none() throws {
    let limits = try Self.limits([
      "/proc/meminfo": Self.memory, "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/memory.max": "max\n", "/proc/self/limits": "garbage\n",
    ])
    #expect(limits.all.isEmpty)
    #expect(limits.memory?.byteCount == 8_000_000 << 10)
    #expect(limits.refusal(moreThreads: 1_000_000) == nil)
    #expect(try Self.limits([:]).memory == nil)
  }
}
