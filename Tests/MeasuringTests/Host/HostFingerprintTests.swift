import Foundation
import Measuring
import Reporting
import Results
import Testing

struct HostFingerprintTests {
  private func describe(
    _ files: [String: String], architecture: String = "x86_64"
  ) throws -> HostEnvironment {
    let folder = try MachineFolder(files)
    return HostFingerprint.describe(
      files: SystemFiles(root: folder.path), architecture: architecture)
  }

  @Test("A machine is described from its files")
  func amd() throws {
    let host = try describe(MachineFixtures.amdFiles)
    #expect([host.cpu.logicalCount, host.cpu.coreCount, host.cpu.socketCount] == [2, 2, 1])
    #expect(host.cpu.isSMTActive == false)
    #expect(
      host.caches == [
        CacheEnvironment(level: 1, type: "data", byteCount: 32768, lineByteCount: 64, count: 2),
        CacheEnvironment(
          level: 1, type: "instruction", byteCount: 32768, lineByteCount: 64, count: 2),
        CacheEnvironment(level: 2, type: "unified", byteCount: 524288, lineByteCount: 64, count: 2),
        CacheEnvironment(
          level: 3, type: "unified", byteCount: 67_108_864, lineByteCount: 64, count: 1),
      ])
    #expect(host.memoryBytes == 32_791_234 * 1024)
    #expect(host.availableMemoryBytes == 30_000_000 * 1024)
    #expect(host.numaNodeCount == 1)
    #expect(host.isVirtual == false)
    #expect(host.machine == "ACME Anvil 3")
    #expect(host.cpuQuota == 1.5)
    #expect(host.governor == "schedutil")
    #expect(host.transparentHugePages == "madvise")
    #expect(host.operatingSystem == "Debian GNU/Linux 12 (bookworm)")
    #expect(host.perfEventParanoid == 2)
    #expect(host.loadAverage == [0.52, 0.58, 0.59])
    #expect(host.pmuStatus == "not probed")
    #expect(
      HostFingerprint.hostClass(of: host)
        == "x86_64-AuthenticAMD-25-33-2-2c2t-unknown-L2-512K-L3-65536K-physical-31GiB")
  }

  @Test("The quota of control groups version 2 is the smallest on the way up")
  func quotaV2() throws {
    let host = try describe([
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/cpu.max": "50000 100000\n",
      "/sys/fs/cgroup/cpu.max": "200000 100000\n",
    ])
    #expect(host.cpuQuota == 0.5)
  }

  @Test("A container that does not see its own group falls back to the mount")
  func container() throws {
    let host = try describe([
      "/proc/self/cgroup": "0::/host/path\n", "/sys/fs/cgroup/cpu.max": "250000 100000\n",
    ])
    #expect(host.cpuQuota == 2.5)
  }

  @Test("A hypervisor shows in the flags")
  func hypervisor() throws {
    #expect(try describe(["/proc/cpuinfo": MachineFixtures.intelCPUInfo]).isVirtual == true)
    let arm = try describe(["/proc/cpuinfo": MachineFixtures.armCPUInfo], architecture: "aarch64")
    #expect(arm.isVirtual == nil)
  }

  @Test("Without any file all is unknown, and the class still a name")
  func nothing() throws {
    let host = try describe([:])
    var unknown = HostEnvironment()
    unknown.cpu.architecture = "x86_64"
    #expect(host == unknown)
    #expect(
      HostFingerprint.hostClass(of: host)
        == "x86_64-unknown-unknown-unknown-unknown-unknowncunknownt-unknown-L2-unknown-L3-unknown"
        + "-unknown-unknownGiB")
    let card = HostCard.text(
      HostReport(
        threads: 1, cpus: [], findings: [], condition: HostCondition(), host: host,
        build: BuildEnvironment(compiler: "Swift", configuration: "release")))
    #expect(card.contains("memory") && card.contains("unknown"))
  }

  @Test("This machine is described without failing")
  func here() {
    let host = HostFingerprint.collect()
    #expect(host.cpu.usableISAs.contains("baseline"))
    #expect(!host.affinity.isEmpty)
    #expect(host.kernel?.contains("Linux") == true)
    #expect(!host.flushesDenormalsToZero && !host.readsDenormalsAsZero)
    #expect(host.hostClass.wholeMatch(of: /[A-Za-z0-9_.-]+/) != nil)
    #expect(HostFingerprint.collect().hostClass == host.hostClass)
  }

  @Test("Only variables that steer something are recorded")
  func variables() {
    let all = [
      "OPENBLAS_CORETYPE": "Haswell", "BLIS_ARCH_TYPE": "3", "OMP_NUM_THREADS": "2",
      "GOMP_SPINCOUNT": "1", "MKL_DEBUG_CPU_TYPE": "5", "KMP_AFFINITY": "none",
      "ALEXBENCH_ISA": "avx2", "MALLOC_ARENA_MAX": "1", "LD_PRELOAD": "x",
      "LD_LIBRARY_PATH": "y", "HOME": "/home/user", "TOKEN": "secret", "MY_OMP_X": "1",
    ]
    let kept = HostFingerprint.steeringVariables(all)
    #expect(kept.count == 10)
    #expect(kept["HOME"] == nil && kept["TOKEN"] == nil && kept["MY_OMP_X"] == nil)
  }
}
