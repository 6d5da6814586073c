import Results

/// Whether times of two environments can stand in one run.
public enum Comparability {
  /// What differs in a way that makes times not comparable, field by field as in
  /// `environment.json`.
  public static func differences(_ then: Environment, _ now: Environment) -> [String] {
    var differences: [String] = []
    func compare(_ field: String, _ a: String?, _ b: String?) {
      guard a != b else { return }
      func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "nothing" }
      differences.append("\(field) was \(quoted(a)), is \(quoted(b))")
    }
    compare("host.host_class", then.host.hostClass, now.host.hostClass)
    compare(
      "host.affinity", then.host.affinity.map(String.init).joined(separator: ","),
      now.host.affinity.map(String.init).joined(separator: ","))
    compare("build.executable", then.build.executable, now.build.executable)
    compare("build.configuration", then.build.configuration, now.build.configuration)
    for name in Set(then.host.environment.keys).union(now.host.environment.keys).sorted() {
      compare(
        "host.environment.\(name)", then.host.environment[name], now.host.environment[name])
    }
    func text(_ library: LibraryEnvironment) -> String {
      "\(library.path) \(library.version) \(library.kernel)"
    }
    let before = Dictionary(then.libraries.map { ($0.name, text($0)) }) { $1 }
    let after = Dictionary(now.libraries.map { ($0.name, text($0)) }) { $1 }
    for name in Set(before.keys).union(after.keys).sorted() {
      compare("libraries.\(name)", before[name], after[name])
    }
    return differences
  }
}
