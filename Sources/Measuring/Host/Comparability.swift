import Foundation
import Results

/// Whether times of two environments can stand in one run.
package enum Comparability {
  /// What differs in a way that makes times not comparable, field by field as in
  /// `environment.json`.
  package static func differences(_ then: Environment, _ now: Environment) -> [String] {
    var list = Differences()
    list.compare("host.host_class", then.host.hostClass, now.host.hostClass)
    list.compareAffinity(then, now)
    list.compare("build.executable", then.build.executable, now.build.executable)
    list.compare("build.configuration", then.build.configuration, now.build.configuration)
    list.compareLibraries(then, now)
    return list.sentences
  }

  /// What was measured then and is not the same now, by content; one sentence each.
  /// - Parameter now: of networks; other files are read again where they were.
  package static func changedInputs(_ then: Environment, _ now: Environment) -> [String] {
    var list = Differences()
    list.sentences = Environment.otherNetworks(then, now)
    for input in then.inputs ?? [] where input.role != .network {
      guard let path = input.path, FileManager.default.fileExists(atPath: path) else { continue }
      list.compare(
        "'\(path)' (inputs.\(input.name).hash)", input.hash, try? ContentHash.ofFile(path))
    }
    return list.sentences
  }

  /// For runs of two builds: what makes absolute times of the two not comparable.
  package static func hostDifferences(_ then: Environment, _ now: Environment) -> [String] {
    var list = Differences()
    if then.host.hostClass != now.host.hostClass {
      list.compareHosts(then.host, now.host)
      // Some part of the name that has no field here.
      if list.sentences.isEmpty {
        list.compare("host.host_class", then.host.hostClass, now.host.hostClass)
      }
    }
    list.compareAffinity(then, now)
    list.compare("build.configuration", then.build.configuration, now.build.configuration)
    list.compareLibraries(then, now)
    return list.sentences
  }
}

/// Sentences about fields that are not the same.
private struct Differences {
  var sentences: [String] = []

  mutating func compare(_ field: String, _ a: String?, _ b: String?) {
    guard a != b else { return }
    func quoted(_ text: String?) -> String { text.map { "'\($0)'" } ?? "nothing" }
    sentences.append("\(field) was \(quoted(a)), is \(quoted(b))")
  }

  mutating func compareAffinity(_ then: Environment, _ now: Environment) {
    compare(
      "host.affinity", then.host.affinity.map(String.init).joined(separator: ","),
      now.host.affinity.map(String.init).joined(separator: ","))
  }

  /// The fields that a class of hosts is made of.
  mutating func compareHosts(_ then: HostEnvironment, _ now: HostEnvironment) {
    func text<Value>(_ value: Value?) -> String? { value.map { "\($0)" } }
    compare("host.cpu.architecture", then.cpu.architecture, now.cpu.architecture)
    compare("host.cpu.vendor", then.cpu.vendor, now.cpu.vendor)
    compare("host.cpu.family", text(then.cpu.family), text(now.cpu.family))
    compare("host.cpu.model", text(then.cpu.model), text(now.cpu.model))
    compare("host.cpu.stepping", text(then.cpu.stepping), text(now.cpu.stepping))
    compare("host.cpu.cores", text(then.cpu.coreCount), text(now.cpu.coreCount))
    compare(
      "host.cpu.logical_cpus", text(then.cpu.logicalCount), text(now.cpu.logicalCount))
    compare("host.cpu.isas", then.cpu.usableISAs.first, now.cpu.usableISAs.first)
    for level in [2, 3] {
      func size(_ host: HostEnvironment) -> Int? {
        host.caches.first { $0.level == level && $0.type != "instruction" }?.byteCount
      }
      compare("host.caches.L\(level)", text(size(then)), text(size(now)))
    }
    compare("host.hypervisor", text(then.isVirtual), text(now.isVirtual))
    func gibibytes(_ host: HostEnvironment) -> Int? {
      host.memoryBytes.map { ($0 + (1 << 29)) >> 30 }
    }
    compare("host.memory_bytes in GiB", text(gibibytes(then)), text(gibibytes(now)))
  }

  /// Libraries, and the variables that steer them.
  mutating func compareLibraries(_ then: Environment, _ now: Environment) {
    for name in Set(then.host.environment.keys).union(now.host.environment.keys).sorted() {
      compare(
        "host.environment.\(name)", then.host.environment[name], now.host.environment[name])
    }
    let before = Dictionary(then.libraries.map { ($0.name, $0) }) { $1 }
    let after = Dictionary(now.libraries.map { ($0.name, $0) }) { $1 }
    for name in Set(before.keys).union(after.keys).sorted() {
      // Earlier versions did not record the content.
      let hasHashes = before[name]?.hash != nil && after[name]?.hash != nil
      func text(_ library: LibraryEnvironment) -> String {
        "\(library.path) \(library.version) \(library.kernel)"
          + (hasHashes ? " \(library.hash ?? "")" : "")
      }
      compare("libraries.\(name)", before[name].map(text), after[name].map(text))
    }
  }
}
