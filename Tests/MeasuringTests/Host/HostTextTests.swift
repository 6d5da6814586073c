import Measuring
import Testing

struct HostTextTests {
  @Test("An Intel processor with two threads on one core")
  func intel() {
    let cpu = parseCPUInfo(MachineFixtures.intelCPUInfo, architecture: "x86_64")
    #expect(cpu.vendor == "GenuineIntel")
    #expect(cpu.brand == "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz")
    #expect([cpu.family, cpu.model, cpu.stepping] == [6, 143, 8])
    #expect([cpu.logicalCount, cpu.coreCount, cpu.socketCount] == [2, 1, 1])
    #expect(cpu.flags == ["fpu", "sse2", "avx2", "avx512f", "hypervisor"])
  }

  @Test("An AMD processor with two cores")
  func amd() {
    let cpu = parseCPUInfo(MachineFixtures.amdCPUInfo, architecture: "x86_64")
    #expect(cpu.vendor == "AuthenticAMD")
    #expect([cpu.family, cpu.model, cpu.stepping] == [25, 33, 2])
    #expect([cpu.logicalCount, cpu.coreCount, cpu.socketCount] == [2, 2, 1])
  }

  @Test("An arm64 processor has no family but an architecture and a part")
  func arm() {
    let cpu = parseCPUInfo(MachineFixtures.armCPUInfo, architecture: "aarch64")
    #expect(cpu.vendor == "ARM")
    #expect([cpu.family, cpu.model, cpu.stepping] == [8, 0xd0c, 1])
    #expect(cpu.logicalCount == 2)
    #expect(cpu.coreCount == nil)
    #expect(cpu.flags.contains("asimd"))
  }

  @Test("Nothing is known from an empty text")
  func empty() {
    let cpu = parseCPUInfo("", architecture: "x86_64")
    #expect(cpu.vendor == nil)
    #expect(cpu.logicalCount == nil)
    #expect(cpu.flags.isEmpty)
  }

  @Test(
    "Lists of CPUs",
    arguments: [("0-3,8\n", [0, 1, 2, 3, 8]), ("5", [5]), ("", []), ("3-1", nil), ("a", nil)]
      as [(String, [Int]?)])
  func cpuList(text: String, cpus: [Int]?) { #expect(parseCPUList(text) == cpus) }

  @Test(
    "Sizes of caches",
    arguments: [("32K", 32768), ("64M", 67_108_864), ("12", 12), ("", nil), ("K", nil)]
      as [(String, Int?)])
  func size(text: String, byteCount: Int?) { #expect(parseByteSize(text) == byteCount) }

  @Test("Memory is read in bytes")
  func memory() {
    let text = "MemTotal:       1024 kB\nMemAvailable:  12 pages\n"
    #expect(parseMemoryInfo(text, field: "MemTotal") == 1 << 20)
    #expect(parseMemoryInfo(text, field: "MemAvailable") == nil)
    #expect(parseMemoryInfo(text, field: "Mem") == nil)
  }

  @Test(
    "Quotas of control groups version 2",
    arguments: [("150000 100000\n", 1.5), ("max 100000\n", nil), ("", nil), ("1 0", nil)]
      as [(String, Double?)])
  func quota(text: String, quota: Double?) { #expect(parseQuotaV2(text) == quota) }

  @Test("The choice in brackets, and load averages")
  func others() {
    #expect(parseBracketedChoice("always [madvise] never") == "madvise")
    #expect(parseBracketedChoice("always madvise") == nil)
    #expect(parseLoadAverage("0.52 0.58 0.59 1/597 12345\n") == [0.52, 0.58, 0.59])
    #expect(parseLoadAverage("0.52") == nil)
  }
}
