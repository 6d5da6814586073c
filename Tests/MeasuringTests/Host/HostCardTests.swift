import Foundation
import Measuring
import Reporting
import Results
import Testing

struct HostCardTests {
  private static func host() throws -> HostEnvironment {
    let folder = try MachineFolder(MachineFixtures.amdFiles)
    var host = HostFingerprint.describe(
      files: SystemFiles(root: folder.path), architecture: "x86_64")
    host.cpu.usableISAs = ["avx2", "baseline"]
    host.affinity = [0, 1]
    host.kernel = "Linux 6.1"
    host.libc = "glibc 2.36"
    host.environment = ["OPENBLAS_CORETYPE": "Haswell"]
    host.hostClass = HostFingerprint.hostClass(of: host)
    return host
  }

  private static let build = BuildEnvironment(
    compiler: "Swift 6.3", configuration: "release", gitCommit: "abc123", gitIsDirty: true)

  @Test("The card says what the machine is")
  func card() throws {
    let host = try Self.host()
    let card = HostCard.text(
      HostReport(
        threads: 2, cpus: [0, 1],
        findings: [
          HostFinding(.smt, .note, "cores run two threads"),
          HostFinding(
            .libraryLesserCode, .warning, backend: "blas", "blas uses avx2 kernels",
            advice: "take another one", command: "apt-get install other"),
        ],
        condition: HostCondition(), host: host, build: Self.build,
        libraries: [
          LibraryEnvironment(
            name: "openblas", path: "/usr/lib/libopenblas.so.0", version: "0.3.21",
            kernel: "Haswell")
        ],
        unavailable: [.init(backend: "blis", reason: "it is not there; install it")]))
    let expected = """
      fit for measuring  noisy for 2 threads: 1 warning, 1 note
      processor          AMD Ryzen 9 5950X 16-Core Processor
      identity           x86_64, AuthenticAMD, family 25 model 33 stepping 2
      cores              2 cores, 2 threads, SMT off, 1 socket
      instruction sets   avx2 baseline
      L1 data            2 × 32 KiB, 64 B lines
      L1 instruction     2 × 32 KiB, 64 B lines
      L2 unified         2 × 512 KiB, 64 B lines
      L3 unified         1 × 64 MiB, 64 B lines
      memory             31.3 GiB
      NUMA nodes         1
      hypervisor         no
      machine            ACME Anvil 3
      CPU quota          1.5 CPUs
      affinity           0,1
      governor           schedutil
      huge pages         madvise
      hardware counters  not probed, perf_event_paranoid 2
      denormals          kept
      system             Debian GNU/Linux 12 (bookworm), glibc 2.36
      kernel             Linux 6.1
      load average       0.52 0.58 0.59
      built with         Swift 6.3, release
      commit             abc123 and changes
      openblas           0.3.21, kernel Haswell, /usr/lib/libopenblas.so.0
      environment        OPENBLAS_CORETYPE=Haswell
      host class         x86_64-AuthenticAMD-25-33-2-2c2t-avx2-L2-512K-L3-65536K-physical-31GiB

      warning: library-lesser-code (blas)
        blas uses avx2 kernels
        → take another one
        $ apt-get install other

      note: smt
        cores run two threads

      unavailable: blis: it is not there; install it

      """
    #expect(card == expected)
  }

  @Test("A folder outside of a repository has no commit")
  func git() throws {
    let folder = try MachineFolder(["/file": "x"])
    let build = BuildFingerprint.collect(folder: folder.path)
    #expect(build.gitCommit == nil)
    #expect(build.gitIsDirty == nil)
    #expect(build.compiler.hasPrefix("Swift 6."))
  }

  @Test("A repository has a commit, and changes make it dirty")
  func repository() throws {
    let folder = try MachineFolder(["/file": "x"])
    func git(_ arguments: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["git", "-C", folder.path] + arguments
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
    }
    try git("init")
    try git("add", "file")
    try git(
      "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
      "commit", "-m", "One")
    let clean = BuildFingerprint.collect(folder: folder.path)
    #expect(clean.gitCommit?.count == 40)
    #expect(clean.gitIsDirty == false)
    try Data("y".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
    #expect(BuildFingerprint.collect(folder: folder.path).gitIsDirty == true)
  }
}
