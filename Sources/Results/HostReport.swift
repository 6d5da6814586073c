import Foundation

/// What `alexbench host` says, for people and as JSON.
package struct HostReport: Hashable, Sendable, Codable {
  /// Version of the JSON: another one when a field is renamed or means something else, not for new
  /// fields or new identifiers.
  package static let schemaVersion = 1

  package var schemaVersion: Int
  package var grade: HostGrade
  /// The number of threads that the host was judged for.
  package var threads: Int
  /// CPUs for these threads, in order of preference.
  package var cpus: [Int]
  /// The gravest first.
  package var findings: [HostFinding]
  package var condition: HostCondition
  /// As in `environment.json`.
  package var host: HostEnvironment
  package var build: BuildEnvironment
  package var libraries: [LibraryEnvironment]
  /// Backends that cannot run here.
  package var unavailable: [UnavailableBackend]

  /// A backend, and why it cannot run.
  package struct UnavailableBackend: Hashable, Sendable, Codable {
    package var backend: String
    package var reason: String

    package init(backend: String, reason: String) {
      self.backend = backend
      self.reason = reason
    }
  }

  /// - Parameter findings: in any order.
  package init(
    threads: Int, cpus: [Int], findings: [HostFinding], condition: HostCondition,
    host: HostEnvironment, build: BuildEnvironment, libraries: [LibraryEnvironment] = [],
    unavailable: [UnavailableBackend] = []
  ) {
    schemaVersion = Self.schemaVersion
    grade = HostGrade(findings)
    self.threads = threads
    self.cpus = cpus
    self.findings = findings.gravestFirst
    self.condition = condition
    self.host = host
    self.build = build
    self.libraries = libraries
    self.unavailable = unavailable
  }

  /// Keys sorted, what is unknown left out, with a line feed at the end.
  package func jsonText() -> String { sortedJSONText(self) }

  enum CodingKeys: String, CodingKey {
    case schemaVersion = "schema_version"
    case grade, threads, cpus, findings, condition, host, build, libraries, unavailable
  }
}

/// A value as this project's JSON files have it: keys sorted, one per line, with a line feed at the
/// end.
func sortedJSONText(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  // All floats are finite.
  guard let data = try? encoder.encode(value) else { preconditionFailure("not encodable") }
  return String(decoding: data, as: UTF8.self) + "\n"
}
