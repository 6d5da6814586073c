import Execution
import Foundation
import Measuring
import Reporting
import Results
import Testing

/// A machine whose files are in `Tests/Golden/hosts`, and what it is asked to do. Those called
/// `recorded-*` are of one virtual machine, made by `record` there: idle, beside two compilers, and
/// within 1.5 CPUs and on one of them beside busy loops. The others are put together by hand.
struct RecordedMachine: Sendable, CustomTestStringConvertible {
  let name: String
  var architecture = "x86_64"
  var threads = 1
  var environment: [String: String] = [:]
  var warnings: [BackendWarning] = []
  var testDescription: String { name }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden/hosts")

  static let all = [
    RecordedMachine(name: "laptop", threads: 4),
    RecordedMachine(name: "tuned-server", threads: 8),
    RecordedMachine(
      name: "virtual-machine", threads: 2, environment: ["OPENBLAS_CORETYPE": "Haswell"],
      warnings: [
        BackendWarning(
          .steered, "OPENBLAS_CORETYPE=Haswell in the environment steers openblas-0.3.21-Haswell",
          advice: "unset it", command: "env -u OPENBLAS_CORETYPE alexbench run",
          variable: "OPENBLAS_CORETYPE"),
        BackendWarning(
          .lesserCode,
          "openblas-0.3.21-Haswell uses avx2 kernels although this processor has avx512",
          advice: "another version may know the processor"),
        BackendWarning(.interface, "calls take some microseconds more"),
      ]),
    RecordedMachine(
      name: "container", threads: 4,
      environment: ["LD_PRELOAD": "/usr/lib/libjemalloc.so.2", "OMP_WAIT_POLICY": "active"]),
    RecordedMachine(name: "arm64-server", architecture: "aarch64", threads: 4),
    RecordedMachine(name: "recorded-idle", threads: 2),
    RecordedMachine(name: "recorded-busy", threads: 2),
    RecordedMachine(name: "recorded-quota", threads: 2),
  ]

  /// Its files by path, those of a second later below `/later`.
  func files() throws -> [String: String] {
    let text = try String(
      contentsOf: Self.folder.appendingPathComponent("\(name).txt"), encoding: .utf8)
    var files: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let colon = try #require(line.firstIndex(of: ":"))
      files[String(line[..<colon]), default: ""] += line[line.index(after: colon)...] + "\n"
    }
    return files
  }

  /// What `alexbench host` would say there.
  func report() throws -> HostReport {
    let folder = try MachineFolder(try files())
    let system = SystemFiles(root: folder.path)
    var host = HostFingerprint.describe(files: system, architecture: architecture)
    host.environment = environment
    host.hostClass = HostFingerprint.hostClass(of: host)
    var condition = HostCondition(files: system, cpus: host.affinity)
    condition.interval = HostSnapshot(SystemFiles(root: folder.path + "/later"))
      .since(HostSnapshot(system))
    let build = BuildEnvironment(compiler: "Swift 6.3", configuration: "release")
    let doctor = HostDoctor(
      host: host, condition: condition, build: build, threads: threads,
      warnings: warnings.map { ("im2col-openblas", $0) })
    return HostReport(
      threads: threads, cpus: doctor.cpus, findings: doctor.findings, condition: condition,
      host: host, build: build,
      unavailable: [.init(backend: "im2col-blis", reason: "libblis.so.4 cannot be opened")])
  }
}

@Suite struct HostDoctorGoldenTests {
  @Test("A recorded machine's card is as in its golden file", arguments: RecordedMachine.all)
  func card(machine: RecordedMachine) throws {
    try compare(HostCard.text(try machine.report()), with: "\(machine.name).card.txt")
  }

  @Test("A recorded machine's JSON is as in its golden file", arguments: RecordedMachine.all)
  func json(machine: RecordedMachine) throws {
    try compare(try machine.report().jsonText(), with: "\(machine.name).json")
  }

  @Test("The JSON reads back as the report that it was made of", arguments: RecordedMachine.all)
  func roundTrip(machine: RecordedMachine) throws {
    let report = try machine.report()
    let copy = try JSONDecoder().decode(HostReport.self, from: Data(report.jsonText().utf8))
    #expect(copy == report)
  }

  @Test(
    "Machines have the grades that their state deserves",
    arguments: zip(
      RecordedMachine.all,
      [HostGrade.noisy, .quiet, .unfit, .unfit, .noisy, .noisy, .unfit, .unfit]))
  func grades(machine: RecordedMachine, grade: HostGrade) throws {
    #expect(try machine.report().grade == grade)
  }

  private func compare(_ text: String, with name: String) throws {
    let url = RecordedMachine.folder.appendingPathComponent(name)
    // ALEXBENCH_WRITE_GOLDEN=1 writes them anew, to be looked at.
    if ProcessInfo.processInfo.environment["ALEXBENCH_WRITE_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: url)
    }
    let golden = try String(contentsOf: url, encoding: .utf8)
    #expect(text == golden)
  }
}
