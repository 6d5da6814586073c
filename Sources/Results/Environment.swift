import Foundation

/// Where and how a run was made (`environment.json`).
package struct Environment: Hashable, Sendable, Codable {
  package static let fileName = "environment.json"

  package var schemaVersion: Int
  package var runID: String
  /// ISO 8601, UTC.
  package var startedAt: String
  package var finishedAt: String?
  /// The command line, program included.
  package var arguments: [String]
  /// By use: `weights`, `schedule`.
  package var seeds: [String: UInt64]
  package var build: BuildEnvironment
  package var host: HostEnvironment
  /// Libraries that backends opened.
  package var libraries: [LibraryEnvironment]
  /// What was measured: networks, and the files that were named; absent in runs of earlier versions.
  package var inputs: [InputEnvironment]?
  /// Load averages over 1, 5 and 15 minutes.
  package var loadBefore: [Double]?
  package var loadAfter: [Double]?
  /// What a reader of the numbers must know, one sentence each.
  package var warnings: [String]
  /// What was asked for, as the measuring side records it; absent in runs of earlier versions.
  package var options: [String: JSONValue]?
  /// When it was continued after an interruption, ISO 8601, UTC.
  package var resumedAt: [String]?
  /// What is known of comparisons of a backend with itself on this host.
  package var calibration: CalibrationSummary?
  /// What the time was spent on, in nanoseconds by name; `in all` is the sum. Of the last part of a run
  /// that was continued; absent in runs of earlier versions.
  package var spentNanoseconds: [String: Int]?
  /// How the comparisons of its backends were made; absent in runs of earlier versions.
  package var comparisonRule: Int?

  package init(
    runID: String, startedAt: String, arguments: [String], seeds: [String: UInt64],
    build: BuildEnvironment, host: HostEnvironment, libraries: [LibraryEnvironment] = [],
    warnings: [String] = []
  ) {
    schemaVersion = Results.schemaVersion
    self.runID = runID
    self.startedAt = startedAt
    self.arguments = arguments
    self.seeds = seeds
    self.build = build
    self.host = host
    self.libraries = libraries
    loadBefore = host.loadAverage
    self.warnings = warnings
  }

  /// Layers that were slowed down on purpose, each as the command line has it.
  package var slowDowns: [String] {
    guard case .array(let values) = options?["handicaps"] else { return [] }
    return values.compactMap { value in
      guard case .string(let text) = value else { return nil }
      return text
    }
  }

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case runID = "run_id"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case arguments = "argv"
    case seeds, build, host, libraries, inputs
    case loadBefore = "load_before"
    case loadAfter = "load_after"
    case warnings, options
    case resumedAt = "resumed_at"
    case calibration
    case spentNanoseconds = "spent_ns"
    case comparisonRule = "comparison_rule"
  }

  /// Keys sorted, one per line, with a line feed at the end.
  package func jsonText() -> String { sortedJSONText(self) }

  /// Reads a file.
  package init(contentsOf path: String) throws(ResultsError) {
    try self.init(json: Array(try fileText(path).utf8), file: path)
  }

  /// Reads the bytes of a file.
  /// - Parameter path: for errors.
  package init(json bytes: [UInt8], file path: String) throws(ResultsError) {
    let data = Data(bytes)
    do {
      // Looked at first: another version need not have the same keys.
      let version = try JSONDecoder().decode(SchemaVersion.self, from: data).schemaVersion
      guard version == Results.schemaVersion else {
        throw ResultsError.schemaVersion(
          file: path, line: 1, found: String(version), supported: Results.schemaVersion)
      }
      self = try JSONDecoder().decode(Environment.self, from: data)
    } catch let error as ResultsError {
      throw error
    } catch let error as DecodingError {
      throw Self.corrupt(path, error)
    } catch {
      throw .cannotRead(path: path, reason: error.localizedDescription)
    }
  }

  private struct SchemaVersion: Decodable {
    var schemaVersion: Int
    enum CodingKeys: String, CodingKey { case schemaVersion = "schema_version" }
  }

  private static func corrupt(_ path: String, _ error: DecodingError) -> ResultsError {
    func name(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      return .corrupt(
        file: path, line: 0, column: name(context.codingPath + [key]), reason: "is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return .corrupt(
        file: path, line: 0, column: name(context.codingPath), reason: context.debugDescription)
    @unknown default:
      return .corrupt(file: path, line: 0, column: "", reason: "\(error)")
    }
  }
}

/// A host's calibration in a few numbers.
package struct CalibrationSummary: Hashable, Sendable, Codable {
  /// The last run that added to it.
  package var runID: String
  package var workloadCount: Int
  /// Lower median and largest spread of a workload's ratios.
  package var medianSpreadPercent: Double
  package var largestSpreadPercent: Double
  /// Over all workloads.
  package var windowCount: Int
  package var falseAlarmCount: Int

  /// - Returns: nil when no row has a spread.
  package init?(_ rows: [CalibrationRow]) {
    let spreads = rows.compactMap(\.spreadPercent).sorted()
    guard let largest = spreads.last, let runID = rows.map(\.key.runID).max() else { return nil }
    self.runID = runID
    workloadCount = spreads.count
    medianSpreadPercent = spreads[(spreads.count - 1) / 2]
    largestSpreadPercent = largest
    windowCount = rows.reduce(0) { $0 &+ $1.windowCount }
    falseAlarmCount = rows.reduce(0) { $0 &+ $1.falseAlarmCount }
  }

  enum CodingKeys: String, CodingKey {
    case runID = "run_id"
    case workloadCount = "n_workloads"
    case medianSpreadPercent = "median_spread_pct"
    case largestSpreadPercent = "largest_spread_pct"
    case windowCount = "n_windows"
    case falseAlarmCount = "n_false_alarms"
  }
}

/// What was built, and from what.
package struct BuildEnvironment: Hashable, Sendable, Codable {
  /// For example `Swift 6.3`.
  package var compiler: String
  /// `release` or `debug`.
  package var configuration: String
  /// Commit of the repository around the working directory, if there is one.
  package var gitCommit: String?
  /// Files there differ from the commit.
  package var gitIsDirty: Bool?
  /// Hash of the program's file.
  package var executable: String?

  package init(
    compiler: String, configuration: String, gitCommit: String? = nil, gitIsDirty: Bool? = nil
  ) {
    self.compiler = compiler
    self.configuration = configuration
    self.gitCommit = gitCommit
    self.gitIsDirty = gitIsDirty
  }

  enum CodingKeys: String, CodingKey {
    case compiler, configuration
    case gitCommit = "git_commit"
    case gitIsDirty = "git_is_dirty"
    case executable
  }
}

/// Something that was measured, or that decided how: known by its content, not by its name.
///
/// Hashes are FNV-1a with 64 bits, in hexadecimal digits.
package struct InputEnvironment: Hashable, Sendable, Codable {
  package enum Role: String, Codable, Sendable {
    case network, plan, program
  }

  package var role: Role
  /// Of a network as the column `network` has it, otherwise as it was given.
  package var name: String
  /// Of the file, absolute; absent for what the program knows itself.
  package var path: String?
  /// Of the file's bytes.
  package var hash: String?
  /// Of a network: hash of the resolved graph, which comments and the order of fields do not change.
  package var graph: String?

  package init(
    role: Role, name: String, path: String? = nil, hash: String? = nil, graph: String? = nil
  ) {
    self.role = role
    self.name = name
    self.path = path
    self.hash = hash
    self.graph = graph
  }
}

extension Environment {
  /// Networks of the same name that are not the same in two runs, one sentence each.
  package static func otherNetworks(_ then: Environment, _ now: Environment) -> [String] {
    func networks(_ environment: Environment) -> [InputEnvironment] {
      (environment.inputs ?? []).filter { $0.role == .network }
    }
    return networks(then).flatMap { old in
      networks(now).filter { $0.name == old.name && $0.graph != old.graph }.map { new in
        "inputs.\(old.name).graph was '\(old.graph ?? "")' (\(old.path ?? "built in")), is "
          + "'\(new.graph ?? "")' (\(new.path ?? "built in"))"
      }
    }
  }

  /// The network of that name, if the run says what it was.
  package func network(named name: String) -> InputEnvironment? {
    inputs?.first { $0.role == .network && $0.name == name }
  }
}

/// A library opened at run time.
package struct LibraryEnvironment: Hashable, Sendable, Codable {
  package var name: String
  /// File that was really loaded.
  package var path: String
  package var version: String
  /// The kernel it chose on this processor.
  package var kernel: String
  /// Of the file's bytes; absent in runs of earlier versions.
  package var hash: String?

  package init(
    name: String, path: String, version: String, kernel: String, hash: String? = nil
  ) {
    self.name = name
    self.path = path
    self.version = version
    self.kernel = kernel
    self.hash = hash
  }
}
