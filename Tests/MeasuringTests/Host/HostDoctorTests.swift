import Execution
import Foundation
import Measuring
import Results
import Testing

@Suite struct HostDoctorTests {
  private static let release = BuildEnvironment(compiler: "Swift 6.3", configuration: "release")

  /// A machine of four CPUs on which nothing is to be found.
  private static let quiet: HostEnvironment = {
    var host = HostEnvironment()
    host.cpu.logicalCount = 4
    host.isVirtual = false
    host.affinity = [0, 1, 2, 3]
    host.governor = "performance"
    host.transparentHugePages = "madvise"
    host.perfEventParanoid = 1
    host.loadAverage = [0.1, 0, 0]
    return host
  }()

  /// What is found when something is otherwise.
  private func findings(
    threads: Int = 1, cpus: [Int] = [], build: BuildEnvironment = release,
    warnings: [(backend: String, warning: BackendWarning)] = [],
    _ change: (inout HostEnvironment, inout HostCondition) -> Void = { _, _ in }
  ) -> [HostFinding] {
    var host = Self.quiet
    var condition = HostCondition()
    change(&host, &condition)
    return HostDoctor(
      host: host, condition: condition, build: build, threads: threads, cpus: cpus,
      warnings: warnings
    ).findings
  }

  private func kinds(_ findings: [HostFinding]) -> [String] {
    findings.map { "\($0.severity.rawValue) \($0.kind.rawValue)" }
  }

  @Test("Nothing is found where nothing is wrong, and such a host is quiet")
  func nothing() {
    #expect(findings().isEmpty)
    #expect(HostGrade(findings()) == .quiet)
    #expect(HostGrade.quiet < .noisy && HostGrade.noisy < .unfit)
  }

  @Test("A debug build is unfit, and refused where times are recorded; a release build is neither")
  func debugBuild() {
    let debug = BuildEnvironment(compiler: "Swift 6.3", configuration: "debug")
    let found = findings(build: debug)
    #expect(kinds(found) == ["unfit debug-build"])
    #expect(HostGrade(found) == .unfit)
    #expect(debug.refusalToRecord?.contains("debug build") == true)
    #expect(Self.release.refusalToRecord == nil)
  }

  @Test(
    "A quota below the threads is unfit, near to them a warning, far above a note, none is nothing",
    arguments: [
      (nil, 1, []), (0.5, 1, ["unfit cpu-quota"]), (1.5, 1, ["warning cpu-quota"]),
      (1.5, 2, ["unfit cpu-quota"]), (2, 1, ["note cpu-quota"]), (4, 4, []),
    ] as [(Double?, Int, [String])])
  func quota(quota: Double?, threads: Int, expected: [String]) {
    let found = findings(threads: threads) { host, _ in host.cpuQuota = quota }
    #expect(kinds(found) == expected)
    if quota == 0.5 { #expect(found[0].command == nil) }
    if threads == 2 { #expect(found[0].command == "alexbench run --threads 1") }
  }

  @Test("Threads without CPUs of their own are unfit; CPUs left out are a note")
  func affinity() {
    #expect(kinds(findings(threads: 5)) == ["unfit affinity"])
    let few = findings(threads: 3, cpus: [2, 0])
    #expect(kinds(few) == ["unfit affinity"])
    #expect(few[0].text.contains("3 threads would take turns on 2 CPUs"))
    #expect(few[0].command == "alexbench run --threads 2")
    #expect(kinds(findings(threads: 2, cpus: [2, 0])) == ["note affinity-mask"])
  }

  @Test("Two threads on one core are a warning with CPUs that lie on cores of their own")
  func siblings() {
    let pairs = [[0, 1], [2, 3]]
    let shared = findings(threads: 2) { _, condition in condition.cores = pairs }
    #expect(kinds(shared) == ["warning smt-shared-core"])
    #expect(shared[0].command == "alexbench run --threads 2 --cpus 0,2")
    let apart = findings(threads: 2, cpus: [0, 2, 1, 3]) { _, condition in condition.cores = pairs }
    #expect(kinds(apart) == ["note smt"])
    let many = findings(threads: 3) { _, condition in condition.cores = pairs }
    #expect(many.first?.command == "alexbench run --threads 2")
    #expect(
      findings(threads: 4) { _, condition in condition.cores = [[0], [1], [2], [3]] }.isEmpty)
  }

  @Test(
    "Much stolen time is a warning; only what is stolen now makes a host unfit",
    arguments: [
      (nil, nil, []), (0.4, 1.9, []), (0.5, nil, ["warning steal"]), (9, nil, ["warning steal"]),
      (nil, 2, ["warning steal"]), (9, 4.9, ["warning steal"]), (0, 5, ["unfit steal"]),
    ] as [(Double?, Double?, [String])])
  func steal(past: Double?, now: Double?, expected: [String]) {
    let found = findings { _, condition in
      condition.stealPercentSinceBoot = past
      condition.interval = HostInterval(seconds: 1, stealPercent: now, usedCPUs: 0)
    }
    #expect(kinds(found) == expected)
  }

  @Test(
    "Others on the CPUs are a warning, and unfit when they leave too few",
    arguments: [
      (0.09, 1, []), (0.1, 1, ["warning other-processes"]), (3, 1, ["warning other-processes"]),
      (3.5, 1, ["unfit other-processes"]), (1.1, 3, ["warning other-processes"]),
      (2, 4, ["unfit other-processes"]),
    ] as [(Double, Int, [String])])
  func others(used: Double, threads: Int, expected: [String]) {
    let found = findings(threads: threads) { _, condition in
      condition.interval = HostInterval(
        seconds: 1, usedCPUs: used, busiest: [BusyProcess(id: 7, name: "make", usedCPUs: used)])
    }
    #expect(kinds(found) == expected)
    if !expected.isEmpty { #expect(found[0].text.contains("make (7)")) }
  }

  @Test("Every other thing that makes times worse is found")
  func single() {
    let cases: [(String, (inout HostEnvironment, inout HostCondition) -> Void)] = [
      ("warning governor", { host, _ in host.governor = "powersave" }),
      ("warning governor", { _, state in state.governors = ["performance", "powersave"] }),
      ("note clock-hidden", { host, _ in host.governor = nil }),
      ("warning boost", { _, state in state.boosts = true }),
      ("warning thermal-throttling", { _, state in state.thermalThrottles = 1 }),
      ("warning battery", { _, state in state.isOnBattery = true }),
      ("warning clock-source", { _, state in state.clockSource = "acpi_pm" }),
      ("warning hypervisor", { host, _ in host.isVirtual = true }),
      ("note hypervisor", { host, _ in host.isVirtual = nil }),
      ("note numa", { host, _ in host.numaNodeCount = 2 }),
      ("warning load-average", { host, _ in host.loadAverage = [2.1, 0, 0] }),
      ("note huge-pages", { host, _ in host.transparentHugePages = "never" }),
      ("warning denormals", { host, _ in host.flushesDenormalsToZero = true }),
      ("warning denormals", { host, _ in host.readsDenormalsAsZero = true }),
      ("warning memory", { _, state in state.memoryStallPercent = 1 }),
      ("note swap", { _, state in state.swappedBytes = 1 << 20 }),
      ("note counters", { host, _ in host.perfEventParanoid = 2 }),
      ("note counters", { host, _ in host.pmuStatus = "no PMU is exposed" }),
      ("note mitigations", { _, state in state.mitigations = ["meltdown"] }),
      ("warning variable", { host, _ in host.environment = ["LD_PRELOAD": "x.so"] }),
      ("note variable", { host, _ in host.environment = ["OMP_PLACES": "cores"] }),
      ("warning numa", { host, state in (host.numaNodeCount, state.balancesNodes) = (2, true) }),
      (
        "warning memory",
        { host, _ in (host.memoryBytes, host.availableMemoryBytes) = (8 << 30, 1 << 29) }
      ),
      (
        "warning cpu-throttled",
        { _, state in (state.quotaPeriods, state.throttledPeriods) = (100, 2) }
      ),
      (
        "note cpu-throttled",
        { _, state in (state.quotaPeriods, state.throttledPeriods) = (100, 1) }
      ),
    ]
    for (expected, change) in cases { #expect(kinds(findings(change)) == [expected]) }
  }

  @Test("What backends say keeps their names, and a variable that was told of is not told of again")
  func libraries() throws {
    let steered = BackendWarning(.steered, "it is steered", advice: "unset it", variable: "OMP_X")
    let found = findings(
      warnings: [("blas", steered), ("peer", BackendWarning(.interface, "calls are slow"))]
    ) { host, _ in host.environment = ["OMP_X": "1"] }
    #expect(kinds(found) == ["warning library-steered", "note backend-interface"])
    #expect(found.map(\.sentence) == ["blas: it is steered; unset it", "peer: calls are slow"])
    let all = BackendWarning.Kind.allCases.map {
      findings(warnings: [("b", BackendWarning($0, "t"))])[0].kind
    }
    #expect(Set(all).count == BackendWarning.Kind.allCases.count)
  }

  @Test(
    "Runs record what makes times worse, and whatever is said of a backend; not notes on the host")
  func recorded() {
    let found = findings(warnings: [("peer", BackendWarning(.interface, "calls are slow"))]) {
      host, condition in
      host.governor = "powersave"
      condition.mitigations = ["meltdown"]
    }
    #expect(
      found.warnings == [
        "the frequency governor is 'powersave': the clock may move during a run; set it to "
          + "performance", "peer: calls are slow",
      ])
  }
}
