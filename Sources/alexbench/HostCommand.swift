import ArgumentParser
import Execution
import Measuring
import Reporting
import Results

struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host",
    abstract: "Check whether this host is fit for measuring, and what to do about it.",
    discussion: """
      The grade is quiet if nothing was found that makes times worse; noisy if comparisons within one \
      run hold, but times of different runs are not comparable; unfit if measurements mean little. \
      The gravest finding decides: note, warning or unfit. The output shows the processor, its \
      instruction sets and caches, the system, and the libraries with the kernels they chose. Then it \
      lists the findings, each with an identifier that does not change, advice, and often a command.

      The command first watches the machine for a second, to see what other processes and the \
      hypervisor take. Runs do not; otherwise they look for the same things, and record warnings in \
      environment.json.

      --json prints everything as one object with sorted keys; results/README.md describes it.

      The exit code is 0, or 75 if the host is worse than --require asks for.

      EXAMPLES
        alexbench host
        alexbench host --threads 4 --cpus 0,2,4,6
        alexbench host --require noisy && alexbench run
        alexbench host --json | jq -r '.findings[].id'
      """)

  @Option(
    help: "The number of threads to measure with. (default: 1)", transform: CountRange.threads.parse
  )
  var threads = 1

  @Option(
    help: "CPUs to run on, best first, as for run. (default: all allowed ones)",
    transform: CountRange.cpus.parseRanges)
  var cpus: [Int]?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "End with exit code 75 if the host is worse than this: quiet or noisy.")
  var require: HostGrade?

  @Option(
    name: .customLong("blas"),
    help: ArgumentHelp("Add a CBLAS library as backend im2col-NAME.", valueName: "NAME=PATH"))
  var libraries: [NamedPath] = []

  func run() throws {
    try AlexExit.reporting {
      let placement = try Placement(cpus: cpus ?? [])
      // Before libraries start threads.
      let host = HostFingerprint.collect()
      var condition = HostCondition(cpus: placement.cpus)
      condition.interval = HostInterval.observe()
      let build = BuildFingerprint.collect()
      let backends = makeBackends(libraries.paths)
      let doctor = HostDoctor(
        host: host, condition: condition, build: build, threads: threads, cpus: placement.cpus,
        warnings: HostDoctor.warnings(of: backends))
      let report = HostReport(
        threads: threads, cpus: doctor.cpus, findings: doctor.findings, condition: condition,
        host: host, build: build, libraries: libraryEnvironments(of: backends),
        unavailable: backends.compactMap { backend in
          backend.unavailability.map { .init(backend: backend.name, reason: "\($0)") }
        })
      print(json ? report.jsonText() : HostCard.text(report), terminator: "")
      if let require, report.grade > require {
        printError(
          "alexbench: this host is \(report.grade.rawValue), not \(require.rawValue) as required")
        throw AlexExit.unfitHost
      }
    }
  }
}

extension HostGrade: ExpressibleByArgument {
  /// The worst one cannot be missed, so nobody needs to ask for it.
  package init?(argument: String) {
    guard let grade = HostGrade(rawValue: argument), grade != .unfit else { return nil }
    self = grade
  }

  package static var allValueStrings: [String] { [quiet, noisy].map(\.rawValue) }
}
