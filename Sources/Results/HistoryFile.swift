import Files
import Foundation

/// Medians of a backend's layers over commits, on one class of hosts: one line per run, one column
/// per layer, so that any program that looks for changes in columns reads it as it is.
package struct HistoryFile: Hashable, Sendable {
  /// One run.
  package struct Entry: Hashable, Sendable {
    /// ISO 8601, UTC.
    package var time: String
    package var commit: String
    package var runID: String
    /// Nanoseconds per call, one of each layer of the file.
    package var medians: [String: Double]

    package init(time: String, commit: String, runID: String, medians: [String: Double]) {
      self.time = time
      self.commit = commit
      self.runID = runID
      self.medians = medians
    }
  }

  package var hostClass: String
  /// Of the file, without its ending: network, batch, threads, backend, instruction set, caches.
  package var name: String
  /// Those that were measured, in the network's order, the net last. A field that is empty would be
  /// an error to programs that look for changes.
  package var layers: [String]
  package var entries: [Entry]

  package init(hostClass: String, name: String, layers: [String], entries: [Entry] = []) {
    self.hostClass = hostClass
    self.name = name
    self.layers = layers
    self.entries = entries
  }

  private static let fixedColumns = ["time", "commit", "run_id", "host_class"]
  private static let ending = "_ns"

  var header: String {
    CSVText.line(Self.fixedColumns + layers.map { $0 + Self.ending })
  }

  /// The whole file.
  package var text: String { header + entries.map(line).joined() }

  func line(_ entry: Entry) -> String {
    CSVText.line(
      [entry.time, entry.commit, entry.runID, hostClass]
        + layers.map { entry.medians[$0]?.fieldText ?? "" })
  }

  func path(in folder: String) -> String { "\(folder)/\(hostClass)/\(name).csv" }

  /// The medians of a layer, with the entries they are of.
  package func series(of layer: String) -> [(entry: Entry, nanoseconds: Double)] {
    entries.compactMap { entry in entry.medians[layer].map { (entry, $0) } }
  }

  /// Reads the text of a file.
  /// - Parameter path: for errors; its folder is the class of hosts.
  package init(text: String, path: String) throws(ResultsError) {
    let url = URL(fileURLWithPath: path)
    name = url.deletingPathExtension().lastPathComponent
    hostClass = url.deletingLastPathComponent().lastPathComponent
    // Names and numbers only: nothing that was written here has quotes.
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard text.hasSuffix("\n"), let header = lines.first,
      Array(header.prefix(Self.fixedColumns.count)) == Self.fixedColumns
    else {
      throw .corrupt(
        file: path, line: 1, column: "",
        reason: "is not a history: it does not begin with "
          + Self.fixedColumns.joined(separator: ","))
    }
    let columns = header.dropFirst(Self.fixedColumns.count)
    guard Set(columns).count == columns.count,
      columns.allSatisfy({ $0.hasSuffix(Self.ending) && CSVText.quoted($0) == $0 })
    else {
      throw .corrupt(
        file: path, line: 1, column: "",
        reason: "is not a history: it has other columns than one *\(Self.ending) for each layer")
    }
    layers = columns.map { String($0.dropLast(Self.ending.count)) }
    entries = []
    for (index, fields) in lines.enumerated().dropFirst() {
      guard fields.count == header.count else {
        throw .corrupt(
          file: path, line: index + 1, column: "",
          reason: "\(fields.count) fields instead of \(header.count)")
      }
      guard fields.allSatisfy({ CSVText.quoted($0) == $0 }) else {
        throw .corrupt(
          file: path, line: index + 1, column: "",
          reason: "has quotes or blanks around a field, which no history has")
      }
      var entry = Entry(time: fields[0], commit: fields[1], runID: fields[2], medians: [:])
      for (layer, field) in zip(layers, fields.dropFirst(Self.fixedColumns.count)) {
        guard let value = Double(field), value.isFinite, value > 0 else {
          throw .corrupt(
            file: path, line: index + 1, column: layer + Self.ending,
            reason: "'\(field)' is not a time")
        }
        entry.medians[layer] = value
      }
      entries.append(entry)
    }
  }
}

/// All histories: a folder per class of hosts, in it a file per backend and setting.
package enum History {
  /// What came of adding a run to one file.
  package enum Outcome: Hashable, Sendable { case added, alreadyThere }

  /// Adds a run to the files that it concerns; earlier lines stay as they are.
  /// - Returns: the files with what came of each, by path.
  /// - Throws: other layers than a file has.
  package static func add(
    _ summary: [SummaryRow], layers: [LayerRow], environment: Environment, to folder: String
  ) throws(ResultsError) -> [(path: String, outcome: Outcome)] {
    var result: [(path: String, outcome: Outcome)] = []
    for file in files(of: summary, layers: layers, environment: environment) {
      let path = file.path(in: folder)
      // Locked until the line is in it: others may be adding to it.
      let (shared, earlier) = try onFiles { () throws(FilesError) in
        let shared = try SharedFile(path: path)
        return (shared, try shared.text())
      }
      if !earlier.isEmpty {
        let known = try HistoryFile(text: earlier, path: path)
        guard known.layers == file.layers else {
          throw .corrupt(
            file: path, line: 1, column: "",
            reason: "has the layers \(known.layers.joined(separator: ", ")), the run "
              + "\(file.layers.joined(separator: ", ")): keep it in another --folder")
        }
        if known.entries.contains(where: { $0.runID == file.entries[0].runID }) {
          result.append((path, .alreadyThere))
          continue
        }
      }
      let text = (earlier.isEmpty ? file.header : earlier) + file.entries.map(file.line).joined()
      try onFiles { () throws(FilesError) in try shared.replace(with: text) }
      result.append((path, .added))
    }
    return result
  }

  /// The files that a run concerns.
  package static func paths(
    _ summary: [SummaryRow], layers: [LayerRow], environment: Environment, in folder: String
  ) -> [String] {
    files(of: summary, layers: layers, environment: environment).map { $0.path(in: folder) }
  }

  /// All files below a folder, by path.
  package static func files(in folder: String) throws(ResultsError) -> [HistoryFile] {
    guard let names = FileManager.default.enumerator(atPath: folder) else {
      throw .missing(path: folder)
    }
    var files: [HistoryFile] = []
    for name in names.compactMap({ $0 as? String }).sorted() where name.hasSuffix(".csv") {
      let path = "\(folder)/\(name)"
      let text = try fileText(path)
      // Its first line is just being written.
      guard !text.isEmpty else { continue }
      files.append(try HistoryFile(text: text, path: path))
    }
    guard !files.isEmpty else { throw .missing(path: "\(folder)/*/*.csv") }
    return files
  }

  /// A run as files of one line each.
  private static func files(
    of summary: [SummaryRow], layers: [LayerRow], environment: Environment
  ) -> [HistoryFile] {
    var files: [HistoryFile] = []
    for row in summary {
      guard row.workload.status == .ok, let median = row.time.median, row.key.pass != .inNet
      else { continue }
      let key = row.key
      var network = key.network.replacing(" ", with: "_").replacing("/", with: "_")
      // A file may change under its name; every content has a history of its own.
      if let file = environment.network(named: key.network), file.path != nil,
        let graph = file.graph
      {
        network += "-\(graph.prefix(8))"
      }
      let name =
        "\(network)-b\(key.batch)-t\(key.threads)-\(key.backend)-\(key.isa)-\(key.cache.rawValue)"
      let own = layers.filter { $0.network == key.network && $0.batch == key.batch }
      let index =
        files.firstIndex { $0.name == name }
        ?? {
          files.append(
            HistoryFile(
              hostClass: environment.host.hostClass, name: name, layers: own.map(\.layer),
              entries: [
                HistoryFile.Entry(
                  time: environment.startedAt, commit: environment.build.gitCommit ?? "",
                  runID: environment.runID, medians: [:])
              ]))
          return files.count - 1
        }()
      files[index].entries[0].medians[key.layer] = median
    }
    for index in files.indices {
      let medians = files[index].entries[0].medians
      files[index].layers.removeAll { medians[$0] == nil }
    }
    return files
  }
}
