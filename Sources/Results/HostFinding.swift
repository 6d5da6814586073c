/// How much a finding matters.
package enum HostSeverity: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
  /// Good to know; times are not worse for it.
  case note
  /// Times are worse, or harder to repeat.
  case warning
  /// Times say little.
  case unfit

  package static func < (a: HostSeverity, b: HostSeverity) -> Bool { a.rank < b.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a host is good for.
package enum HostGrade: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
  /// Nothing was found that makes times worse.
  case quiet
  /// Comparisons within one run hold; times of different runs are another matter.
  case noisy
  /// What is measured says little.
  case unfit

  /// The grade that the gravest finding leaves.
  package init(_ findings: [HostFinding]) {
    switch findings.map(\.severity).max() {
    case .unfit: self = .unfit
    case .warning: self = .noisy
    case .note, nil: self = .quiet
    }
  }

  /// A better grade is less.
  package static func < (a: HostGrade, b: HostGrade) -> Bool { a.rank < b.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Something about the host, the build or a library that a reader of times must know.
package struct HostFinding: Hashable, Sendable, Codable {
  /// What was found. Raw values are stable: scripts may rely on them.
  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    case affinity
    case affinityMask = "affinity-mask"
    case backendInterface = "backend-interface"
    case battery
    case boost
    case clockHidden = "clock-hidden"
    case clockSource = "clock-source"
    case counters
    case cpuQuota = "cpu-quota"
    case cpuThrottled = "cpu-throttled"
    case debugBuild = "debug-build"
    case denormals
    case governor
    case hugePages = "huge-pages"
    case hypervisor
    case libraryLesserCode = "library-lesser-code"
    case librarySteered = "library-steered"
    case libraryThreads = "library-threads"
    case libraryUnknownCode = "library-unknown-code"
    case loadAverage = "load-average"
    case memory
    case memoryLimit = "memory-limit"
    case mitigations
    case numa
    case otherProcesses = "other-processes"
    case smt
    case smtSharedCore = "smt-shared-core"
    case steal
    case swap
    case thermalThrottling = "thermal-throttling"
    case variable
  }

  package var kind: Kind
  package var severity: HostSeverity
  /// The backend that it is about; nil for the host.
  package var backend: String?
  /// What was found: a sentence without its full stop.
  package var text: String
  /// What to do about it, a clause; nil where nothing can be done.
  package var advice: String?
  /// The command that does it, where there is one.
  package var command: String?

  package init(
    _ kind: Kind, _ severity: HostSeverity, backend: String? = nil, _ text: String,
    advice: String? = nil, command: String? = nil
  ) {
    self.kind = kind
    self.severity = severity
    self.backend = backend
    self.text = text
    self.advice = advice
    self.command = command
  }

  /// As `environment.json` and the tables have it: one on a backend begins with its name and a colon.
  package var sentence: String {
    (backend.map { "\($0): " } ?? "") + (advice.map { "\(text); \($0)" } ?? text)
  }

  enum CodingKeys: String, CodingKey {
    case kind = "id"
    case severity, backend, text, advice, command
  }
}

extension [HostFinding] {
  /// The gravest first; equal ones stay in their order.
  package var gravestFirst: [HostFinding] {
    HostSeverity.allCases.reversed().flatMap { severity in filter { $0.severity == severity } }
  }

  /// What is recorded with a run: sentences on whatever makes times worse, and all on backends.
  package var warnings: [String] {
    filter { $0.severity > .note || $0.backend != nil }.map(\.sentence)
  }
}
