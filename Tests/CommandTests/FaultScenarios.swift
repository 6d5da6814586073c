import Foundation
import Results
import Testing

/// A command with the files that it reads and those that it writes, in a folder of its own.
struct FaultScenario: Sendable, CustomTestStringConvertible {
  var name: String
  var arguments: [String]
  /// Puts the files into a folder, those that will be replaced included.
  var prepare: @Sendable (_ folder: String) throws -> Void
  /// What may change: files, or all that is below a folder.
  var outputs: [String]
  /// Whether what it writes is always the same.
  var isRepeatable = true
  /// For an output that is not: whether the text is what the command can have written.
  var isWhole: @Sendable (_ path: String, _ text: String) -> Bool = { _, _ in false }
  /// The folder in which it makes a new run.
  var runs: String?

  var testDescription: String { name }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private static func copy(_ from: String, _ to: String) throws {
    try FileManager.default.copyItem(atPath: "\(root)/\(from)", toPath: to)
  }

  private static func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// A committed run.
  private static func copyRun(to path: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: root + "/results/sample")
    try copy("results/sample/" + (try #require(names.sorted().first { $0.hasPrefix("2") })), path)
  }

  static let export = FaultScenario(
    name: "export",
    arguments: ["export", "net.prototxt", "--from", "weights", "-o", "new.prototxt"]
      + ["--weights", "new"],
    prepare: { folder in
      try copy("Tests/Golden/mini-alexnet/deploy.prototxt", folder + "/net.prototxt")
      try copy("Tests/Golden/mini-alexnet/weights.caffemodel", folder + "/weights")
      try write("an earlier net", folder + "/new.prototxt")
      try write("earlier weights", folder + "/new")
    }, outputs: ["new.prototxt", "new"])

  static let history = FaultScenario(
    name: "history add", arguments: ["history", "add", "run", "--dirty", "--folder", "history"],
    prepare: { folder in
      // One that has an entry by then, and the others are new.
      try copyRun(to: folder + "/run")
      let added = try Command(
        ["history", "add", "run", "--dirty", "--folder", "history"], workingFolder: folder)
      try #require(added.exitCode == 0, "\(added.errors)")
      let files = try #require(FileManager.default.enumerator(atPath: folder + "/history"))
        .compactMap { $0 as? String }.filter { $0.hasSuffix(".csv") }.sorted()
      for (index, file) in files.enumerated() {
        let url = URL(fileURLWithPath: "\(folder)/history/\(file)")
        if index > 1 { try FileManager.default.removeItem(at: url) }
        guard index == 1 else { continue }
        let text = try String(contentsOf: url, encoding: .utf8)
        try Data(text.replacing(/,20\d+T\d+Z-\w+,/, with: ",earlier,").utf8).write(to: url)
      }
    }, outputs: ["history"])

  static let report = FaultScenario(
    name: "report", arguments: ["report", "run", "--plots", "none", "-o", "report.html"],
    prepare: { folder in
      try copyRun(to: folder + "/run")
      try write("an earlier report", folder + "/report.html")
    }, outputs: ["report.html"])

  static let compare = FaultScenario(
    name: "compare -o", arguments: ["compare", "run", "--base", "simd", "-o", "rows.csv"],
    prepare: { folder in
      try copyRun(to: folder + "/run")
      try write("earlier rows", folder + "/rows.csv")
    }, outputs: ["rows.csv"])

  static let plot = FaultScenario(
    name: "plot", arguments: ["plot", "run", "--kind", "roofline,scaling", "--out", "plots"],
    prepare: { folder in
      try copyRun(to: folder + "/run")
      try FileManager.default.createDirectory(
        atPath: folder + "/plots", withIntermediateDirectories: false)
      try write("an earlier picture", folder + "/plots/other.svg")
    }, outputs: ["plots"])

  static let run = FaultScenario(
    name: "run",
    arguments: ["run", "--network", "net.prototxt", "--layer", "conv3", "--backend", "simd"]
      + ["--rounds", "2", "--allow-debug", "--out", "out"],
    prepare: { folder in
      try copy("Tests/Golden/mini-alexnet/deploy.prototxt", folder + "/net.prototxt")
      try FileManager.default.createDirectory(
        atPath: folder + "/out", withIntermediateDirectories: false)
      try copyRun(to: folder + "/out/20260101T000000Z-aaaaaa")
    }, outputs: [], runs: "out")

  static let launches: FaultScenario = {
    var scenario = run
    scenario.name = "run --launches"
    scenario.arguments += ["--launches", "1"]
    return scenario
  }()

  /// Only a release build tunes.
  static let tune = FaultScenario(
    name: "tune",
    arguments: ["tune", "--network", "net.prototxt", "--backend", "simd,plain", "--budget", "1s"]
      + ["-o", "plan.csv"],
    prepare: { folder in
      try copy("Tests/Golden/mini-alexnet/deploy.prototxt", folder + "/net.prototxt")
      try write(Schema.plan.text([]), folder + "/plan.csv")
    }, outputs: ["plan.csv"], isRepeatable: false,
    isWhole: { path, text in (try? Schema.plan.rows(in: text, file: path)) != nil })

  static let quick = [export, history, report, compare, plot, run]
  static let all = quick + [launches] + tuning

  #if DEBUG
    private static let tuning: [FaultScenario] = []
  #else
    private static let tuning = [tune]
  #endif
}

/// The files of a folder by their paths.
struct FolderState: Equatable {
  var files: [String: Data] = [:]

  init(_ folder: String) throws {
    let names = try #require(FileManager.default.enumerator(atPath: folder))
    for name in names.compactMap({ $0 as? String }) {
      var isFolder: ObjCBool = false
      let path = "\(folder)/\(name)"
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      files[name] = FileManager.default.contents(atPath: path)
    }
  }

  /// Folders right below one of them.
  func folders(in parent: String) -> Set<String> {
    Set(
      files.keys.filter { $0.hasPrefix(parent + "/") }.compactMap {
        $0.dropFirst(parent.count + 1).split(separator: "/").first.map(String.init)
      })
  }
}

extension FaultScenario {
  /// What is wrong with the files after a command that may have failed.
  /// - Parameters:
  ///   - hasSucceeded: everything must have been written then.
  ///   - mayLeaveDrafts: it was killed.
  func damage(
    before: FolderState, after: FolderState, reference: FolderState, hasSucceeded: Bool,
    mayLeaveDrafts: Bool = false
  ) -> [String] {
    var damage: [String] = []
    let earlierRuns = runs.map(before.folders) ?? []
    for path in Set(before.files.keys).union(after.files.keys).union(reference.files.keys).sorted()
    {
      let (old, new) = (before.files[path], after.files[path])
      if let runs, path.hasPrefix(runs + "/"),
        !earlierRuns.contains(where: { path.hasPrefix("\(runs)/\($0)/") })
      {
        continue
      }
      let isOutput = outputs.contains { path == $0 || path.hasPrefix($0 + "/") }
      if isOutput, let new {
        let isNew =
          isRepeatable
          ? new == reference.files[path] : isWhole(path, String(decoding: new, as: UTF8.self))
        if isNew { continue }
      }
      if old == new, !(isOutput && hasSucceeded) { continue }
      if mayLeaveDrafts, old == nil, path.hasSuffix(".partial") || new?.isEmpty == true { continue }
      switch (old, new) {
      case (nil, _?): damage.append("\(path) was left behind")
      case (_?, nil): damage.append("\(path) is gone")
      case (nil, nil): damage.append("\(path) was not written")
      default: damage.append("\(path) is damaged")
      }
    }
    return damage
  }

  /// What is wrong with the new runs of a folder: one that is complete must be valid, another one must
  /// be valid after it was resumed.
  /// - Parameter preloaded: a library that the run records as part of its environment.
  func flaws(
    ofRunsIn folder: String, before: FolderState, hasSucceeded: Bool, preloaded: String? = nil
  ) throws -> [String] {
    guard let runs else { return [] }
    var flaws: [String] = []
    let new = try FolderState(folder).folders(in: runs).subtracting(before.folders(in: runs))
    for name in new.sorted() {
      let path = "\(runs)/\(name)"
      if !hasSucceeded {
        // It ended before it could say what it is.
        guard FileManager.default.fileExists(atPath: "\(folder)/\(path)/environment.json") else {
          continue
        }
        let resumed = try Command(
          program: [Command.program, "run", "--resume", path],
          environment: preloaded.map { ["LD_PRELOAD": $0, "ALEX_FAULT_CHILDREN": "1"] } ?? [:],
          workingFolder: folder,
          limit: 120)
        if resumed.exitCode != 0 { flaws.append("\(path) cannot be resumed: \(resumed.errors)") }
      }
      let valid = try Command(["validate", path], workingFolder: folder)
      if valid.exitCode != 0 {
        flaws.append("\(path) is not valid: \(valid.output)\(valid.errors)")
      }
    }
    if hasSucceeded, new.count != 1 { flaws.append("\(new.count) new runs") }
    return flaws
  }
}
