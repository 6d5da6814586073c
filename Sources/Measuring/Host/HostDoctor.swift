import Execution
import Results

/// Says what about host, build and libraries a reader of times must know: a pure function of what was
/// read. `alexbench host` prints the findings, and runs record the same ones as warnings.
package struct HostDoctor {
  package var host: HostEnvironment
  package var condition: HostCondition
  package var build: BuildEnvironment
  /// Threads that are to be measured with, at most.
  package var threads: Int
  /// CPUs for these threads, in order of preference.
  package var cpus: [Int]
  /// What backends say of their libraries, by name.
  package var warnings: [(backend: String, warning: BackendWarning)]

  /// - Parameters:
  ///   - cpus: as given with `--cpus`; empty for the affinity mask.
  ///   - warnings: of the backends that are to be measured.
  package init(
    host: HostEnvironment, condition: HostCondition, build: BuildEnvironment, threads: Int = 1,
    cpus: [Int] = [], warnings: [(backend: String, warning: BackendWarning)] = []
  ) {
    self.host = host
    self.condition = condition
    self.build = build
    self.threads = threads
    self.cpus = cpus.isEmpty ? host.affinity : cpus
    self.warnings = warnings
  }

  /// The warnings of backends that can run here.
  package static func warnings(
    of backends: [any Backend]
  ) -> [(backend: String, warning: BackendWarning)] {
    backends.filter { $0.unavailability == nil }.flatMap { backend in
      backend.warnings.map { (backend.name, $0) }
    }
  }

  /// All findings, the gravest first.
  package var findings: [HostFinding] {
    (buildFindings + processorFindings + sharingFindings + clockFindings + memoryFindings
      + libraryFindings + counterFindings).gravestFirst
  }

  // MARK: The build

  private var buildFindings: [HostFinding] {
    guard let refusal = build.refusalToRecord else { return [] }
    return [
      HostFinding(
        .debugBuild, .unfit, refusal, advice: "build in release",
        command: "swift build -c release --product alexbench")
    ]
  }

  // MARK: Libraries and variables

  private var libraryFindings: [HostFinding] {
    let ofBackends = warnings.map { backend, warning -> HostFinding in
      let (kind, severity): (HostFinding.Kind, HostSeverity) =
        switch warning.kind {
        case .steered: (.librarySteered, .warning)
        case .lesserCode: (.libraryLesserCode, .warning)
        case .threads: (.libraryThreads, .warning)
        // Nothing of the host's: what is measured is what there is.
        case .unknownCode: (.libraryUnknownCode, .note)
        case .interface: (.backendInterface, .note)
        }
      return HostFinding(
        kind, severity, backend: backend, warning.text, advice: warning.advice,
        command: warning.command)
    }
    let told = Set(warnings.compactMap(\.warning.variable))
    let others = host.environment.filter { !told.contains($0.key) }.sorted { $0.key < $1.key }
    return ofBackends
      + others.map { name, value in
        let changesLibraries = name.hasPrefix("LD_") || name == "GLIBC_TUNABLES"
        return HostFinding(
          .variable, changesLibraries ? .warning : .note,
          changesLibraries
            ? "\(name) is set and may change which libraries are measured"
            : "\(name)=\(value) in the environment may change what is measured",
          advice: "unset it unless it is meant", command: "env -u \(name) alexbench run")
      }
  }

  // MARK: What can be counted

  private var counterFindings: [HostFinding] {
    var findings: [HostFinding] = []
    if host.pmuStatus != "present", host.pmuStatus != "not probed" {
      findings.append(HostFinding(.counters, .note, host.pmuStatus))
    } else if let paranoid = host.perfEventParanoid, paranoid > 1 {
      findings.append(
        HostFinding(
          .counters, .note,
          "kernel.perf_event_paranoid is \(paranoid): processes without privileges count little",
          advice: "lower it to use --counters",
          command: "sudo sysctl -w kernel.perf_event_paranoid=1"
        ))
    }
    if !condition.mitigations.isEmpty {
      findings.append(
        HostFinding(
          .mitigations, .note,
          "the kernel works around weaknesses of the processor ("
            + condition.mitigations.joined(separator: ", ")
            + "): system calls and wake-ups of threads cost more than elsewhere"))
    }
    return findings
  }
}

extension BuildEnvironment {
  /// Why this build records no times; nil for a release build.
  package var refusalToRecord: String? {
    configuration == "debug"
      ? "this is a debug build, whose times say nothing about the code" : nil
  }
}
