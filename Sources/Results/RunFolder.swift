import Files
import Foundation

/// The folder of a run while it is written.
///
/// `samples.csv` grows row by row, whole lines per write, so that a killed run leaves valid CSV.
/// The other files are there whole or not at all; they may be written again as the run goes on.
package final class RunFolder {
  package let runID: String
  package let path: String
  private var samples: AppendedFile
  private var journal: AppendedFile?
  /// Rows in `samples.csv` by now.
  package private(set) var sampleCount = 0
  /// Notes of what is complete, one per line; only there while a run is not.
  private static let journalName = ".journal"

  /// Makes `<parent>/<run-id>/` and an empty `samples.csv` in it; never reuses a folder.
  /// - Parameter parent: made with its own parents where it does not exist.
  package init(parent: String) throws(ResultsError) {
    try onFiles { () throws(FilesError) in try createFolders(parent) }
    var generator = SystemRandomNumberGenerator()
    var name = RunID.make(using: &generator)
    while mkdir(Self.join(parent, name), 0o777) != 0 {
      let code = errno
      guard code == EEXIST else {
        throw .cannotWrite(path: Self.join(parent, name), reason: systemSentence(code))
      }
      name = RunID.make(using: &generator)
    }
    runID = name
    path = Self.join(parent, name)
    samples = try Self.open(Self.join(path, Schema.samples.fileName), isNew: true)
    try append(Schema.samples.headerLine)
  }

  /// Takes up a run that ended before it was complete.
  /// - Throws: also when another process is at it.
  package init(resuming path: String, runID: String) throws(ResultsError) {
    self.runID = runID
    self.path = path
    samples = try Self.open(Self.join(path, Schema.samples.fileName))
    try openJournal()
  }

  private static func open(
    _ path: String, isNew: Bool = false
  ) throws(ResultsError) -> AppendedFile {
    try onFiles { () throws(FilesError) in try AppendedFile(path: path, isNew: isNew) }
  }

  private func append(_ text: String) throws(ResultsError) {
    try onFiles { () throws(FilesError) in try samples.append(text) }
  }

  /// The blocks that a run left behind.
  /// - Returns: `isCut` when the last line was cut off and is left out.
  package static func earlierSamples(
    in path: String
  ) throws(ResultsError) -> (rows: [SampleRow], isCut: Bool) {
    let file = join(path, Schema.samples.fileName)
    guard FileManager.default.fileExists(atPath: file) else { return ([], false) }
    let text = try fileText(file)
    let end = text.utf8.lastIndex(of: UInt8(ascii: "\n"))
    let whole = end.map { text[...$0] } ?? ""
    return (
      whole.isEmpty ? [] : try Schema.samples.rows(in: String(whole), file: file),
      whole.utf8.count < text.utf8.count
    )
  }

  /// Begins `samples.csv` anew, with these rows, and the journal with as many of its lines.
  package func restart(_ rows: [SampleRow], journalLineCount: Int) throws(ResultsError) {
    try onFiles { () throws(FilesError) in try journal?.cut(toLines: journalLineCount) }
    try Schema.samples.write(rows, inFolder: path)
    sampleCount = rows.count
    samples = try Self.open(Self.join(path, Schema.samples.fileName))
  }

  /// Makes sure that there is a journal, and that nobody else writes it.
  package func openJournal() throws(ResultsError) {
    guard journal == nil else { return }
    let file = try Self.open(Self.join(path, Self.journalName))
    guard file.lock() else {
      throw .cannotWrite(path: path, reason: "another process is measuring into this folder")
    }
    try onFiles { () throws(FilesError) in try file.cut() }
    journal = file
  }

  /// Adds a line, which must not contain a line feed.
  package func note(_ line: String) throws(ResultsError) {
    try onFiles { () throws(FilesError) in try journal?.append(line + "\n") }
  }

  /// The lines of a run's journal; nil when it has none.
  package static func journalLines(in path: String) throws(ResultsError) -> [String]? {
    let file = join(path, journalName)
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let text = try fileText(file)
    guard let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    return text[..<end].split(separator: "\n").map(String.init)
  }

  /// The run is complete.
  package func removeJournal() {
    journal = nil
    unlink(Self.join(path, Self.journalName))
  }

  /// Appends blocks to `samples.csv`, in one write of whole lines.
  package func append(_ rows: [SampleRow]) throws(ResultsError) {
    guard !rows.isEmpty else { return }
    try append(rows.map(Schema.samples.line).joined())
    sampleCount += rows.count
  }

  /// Brings the samples to the disk; once per round is enough.
  package func flush() throws(ResultsError) {
    try onFiles { () throws(FilesError) in try samples.flush() }
  }

  /// Writes the file of these rows, in place of an earlier one.
  package func write<Row: RunFileRow>(_ rows: [Row]) throws(ResultsError) {
    try Row.schema.write(rows, inFolder: path)
  }

  /// Writes `environment.json`, in place of an earlier one.
  package func write(_ environment: Environment) throws(ResultsError) {
    try writeFile(environment.jsonText(), to: Self.join(path, Environment.fileName))
  }

  /// What a run's folder may hold, or that of a check.
  package static let fileNames = [
    Schema.samples.fileName, Schema.workloads.fileName, Schema.layers.fileName,
    Schema.roofs.fileName, Schema.summary.fileName, Schema.phases.fileName,
    Schema.plan.fileName, Schema.calibration.fileName, Schema.compare.fileName,
    Schema.counters.fileName, Schema.pairs.fileName, Environment.fileName, journalName,
  ]

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}

/// Writes a text file, in place of an earlier one; whole or not at all.
package func writeFile(
  _ text: String, to path: String, creatingFolders: Bool = false
) throws(ResultsError) {
  try onFiles { () throws(FilesError) in
    try WholeFile.write(text, to: path, creatingFolders: creatingFolders)
  }
}

extension Schema {
  /// Writes this file of a run's folder, in place of an earlier one; whole or not at all.
  package func write(_ rows: [Row], inFolder folder: String) throws(ResultsError) {
    try writeFile(text(rows), to: RunFolder.join(folder, fileName))
  }

  /// Writes a whole file, in place of an earlier one; creates missing folders.
  package func write(_ rows: [Row], to path: String) throws(ResultsError) {
    try writeFile(text(rows), to: path, creatingFolders: true)
  }

  /// Makes sure that ``update(_:_:)`` will be possible; nothing stays of the attempt.
  package func checkUpdate(_ path: String) throws(ResultsError) {
    let earlier = try onFiles { () throws(FilesError) in
      let file = try SharedFile(path: path)
      try WholeFile.check(path)
      return try file.text()
    }
    if !earlier.isEmpty { _ = try rows(in: earlier, file: path) }
  }

  /// Changes the rows of a file that several processes may change; creates missing folders.
  /// - Parameter change: gets the rows that are there by then, none for a new file.
  package func update(
    _ path: String, _ change: ([Row]) -> [Row]
  ) throws(ResultsError) {
    let (file, earlier) = try onFiles { () throws(FilesError) in
      let file = try SharedFile(path: path)
      return (file, try file.text())
    }
    let new = text(change(earlier.isEmpty ? [] : try rows(in: earlier, file: path)))
    try onFiles { () throws(FilesError) in try file.replace(with: new) }
  }
}
