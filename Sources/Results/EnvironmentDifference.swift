import Foundation

/// A field of `environment.json` that two runs have otherwise.
package struct EnvironmentDifference: Hashable, Sendable, Codable {
  /// Place in the file, parts joined by dots: `host.cpu.model`; libraries by name, caches by level
  /// and type.
  package var field: String
  /// Nil where the file has no such field.
  package var baseline: String?
  package var contender: String?

  /// All fields in which two runs differ, in the order of their names.
  ///
  /// Left out is what no two runs have alike: id, times, command line, loads, free memory.
  package static func all(_ baseline: Environment, _ contender: Environment)
    -> [EnvironmentDifference]
  {
    let left = fields(of: baseline)
    let right = fields(of: contender)
    return Set(left.keys).union(right.keys).sorted().compactMap { field in
      guard left[field] != right[field] else { return nil }
      return EnvironmentDifference(
        field: field, baseline: left[field], contender: right[field])
    }
  }

  private static let perRun: Set<String> = [
    "run_id", "started_at", "finished_at", "resumed_at", "argv", "load_before", "load_after",
    "warnings", "calibration", "spent_ns",
  ]
  private static let perRunOfHost: Set<String> = ["available_memory_bytes", "load_average"]

  /// Every value of the file by its place.
  private static func fields(of environment: Environment) -> [String: String] {
    let data = Data(environment.jsonText().utf8)
    guard case .object(var top)? = try? JSONDecoder().decode(JSONValue.self, from: data) else {
      preconditionFailure("an environment is an object")
    }
    for name in perRun { top[name] = nil }
    if case .object(var host)? = top["host"] {
      for name in perRunOfHost { host[name] = nil }
      top["host"] = .object(host)
    }
    var fields: [String: String] = [:]
    add(.object(top), at: "", to: &fields)
    return fields
  }

  private static func add(_ value: JSONValue, at place: String, to fields: inout [String: String]) {
    func below(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }
    switch value {
    case .object(let members):
      for (name, member) in members { add(member, at: below(name), to: &fields) }
    case .array(let elements):
      guard elements.contains(where: \.isObject) else {
        fields[place] = elements.map(\.text).joined(separator: " ")
        return
      }
      for (index, element) in elements.enumerated() {
        add(element, at: below(element.name ?? String(index)), to: &fields)
      }
    default:
      fields[place] = value.text
    }
  }
}
