import Foundation

/// The folder of a run while it is written.
///
/// `samples.csv` grows row by row, whole lines per write, so that a killed run leaves valid CSV.
/// The other files are written beside their name and renamed, so that each is there whole or not
/// at all; they may be written again as the run goes on.
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
    do {
      try FileManager.default.createDirectory(
        atPath: parent, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: parent, reason: Self.reason(error))
    }
    var generator = SystemRandomNumberGenerator()
    var name = RunID.make(using: &generator)
    while mkdir(Self.join(parent, name), 0o777) != 0 {
      let code = errno
      guard code == EEXIST else {
        throw .cannotWrite(path: Self.join(parent, name), reason: systemMessage(code))
      }
      name = RunID.make(using: &generator)
    }
    runID = name
    path = Self.join(parent, name)
    samples = try AppendedFile(path: Self.join(path, Schema.samples.fileName))
    try samples.append(Schema.samples.headerLine)
  }

  /// Takes up a run that ended before it was complete.
  /// - Throws: also when another process is at it.
  package init(resuming path: String, runID: String) throws(ResultsError) {
    self.runID = runID
    self.path = path
    let samplesPath = Self.join(path, Schema.samples.fileName)
    samples = try AppendedFile(path: samplesPath, isNew: false)
    try openJournal()
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
    try journal?.cut(toLines: journalLineCount)
    try Schema.samples.write(rows, inFolder: path)
    sampleCount = rows.count
    samples = try AppendedFile(
      path: Self.join(path, Schema.samples.fileName), isNew: false)
  }

  /// Makes sure that there is a journal, and that nobody else writes it.
  package func openJournal() throws(ResultsError) {
    guard journal == nil else { return }
    let file = try AppendedFile(path: Self.join(path, Self.journalName), isNew: false)
    guard file.lock() else {
      throw .cannotWrite(path: path, reason: "another process is measuring into this folder")
    }
    try file.cut()
    journal = file
  }

  /// Adds a line, which must not contain a line feed.
  package func note(_ line: String) throws(ResultsError) { try journal?.append(line + "\n") }

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
    try samples.append(rows.map(Schema.samples.line).joined())
    sampleCount += rows.count
  }

  /// Brings the samples to the disk; once per round is enough.
  package func flush() throws(ResultsError) { try samples.flush() }

  /// Writes the file of these rows, in place of an earlier one.
  package func write<Row: RunFileRow>(_ rows: [Row]) throws(ResultsError) {
    try Row.schema.write(rows, inFolder: path)
  }

  /// Writes `environment.json`, in place of an earlier one.
  package func write(_ environment: Environment) throws(ResultsError) {
    try Self.replace(Environment.fileName, in: path, with: environment.jsonText())
  }

  /// Writes a whole file beside its name, then renames it.
  static func replace(
    _ name: String, in folder: String, with text: String
  ) throws(ResultsError) {
    let target = join(folder, name)
    let temporary = join(folder, ".\(name).partial")
    // A left-over of a killed process would be appended to.
    unlink(temporary)
    do {
      let file = try AppendedFile(path: temporary)
      try file.append(text)
      try file.flush()
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, target) == 0 else {
      let code = errno
      unlink(temporary)
      throw .cannotWrite(path: target, reason: systemMessage(code))
    }
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      cause.domain == NSPOSIXErrorDomain
    {
      return systemMessage(Int32(cause.code))
    }
    return error.localizedDescription
  }
}

/// Writes a text file, in place of an earlier one; whole or not at all.
package func writeFile(_ text: String, to path: String) throws(ResultsError) {
  let url = URL(fileURLWithPath: path)
  try RunFolder.replace(
    url.lastPathComponent, in: url.deletingLastPathComponent().path, with: text)
}

extension Schema {
  /// Writes this file of a run's folder, in place of an earlier one; whole or not at all.
  package func write(_ rows: [Row], inFolder folder: String) throws(ResultsError) {
    try RunFolder.replace(fileName, in: folder, with: text(rows))
  }

  /// Writes a whole file, in place of an earlier one; creates missing folders.
  package func write(_ rows: [Row], to path: String) throws(ResultsError) {
    try WholeFile.write(text(rows), to: path)
  }
}

/// The system's sentence for an error number.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A file that only grows, by whole texts.
final class AppendedFile {
  private let descriptor: Int32
  private let path: String
  private var byteCount = 0

  /// - Parameter isNew: creates the file, and one that exists already is an error; otherwise goes on
  ///   with what is there, if anything.
  init(path: String, isNew: Bool = true) throws(ResultsError) {
    self.path = path
    let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (isNew ? O_EXCL : 0)
    descriptor = open(path, flags, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
    byteCount = Int(lseek(descriptor, 0, SEEK_END))
  }

  /// Keeps other processes from locking it as long as it is open.
  /// - Returns: false when another one has it.
  func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Keeps whole lines only, and of these the first ones.
  func cut(toLines count: Int = .max) throws(ResultsError) {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard pread(descriptor, &bytes, byteCount, 0) == byteCount else {
      throw .cannotRead(path: path, reason: systemMessage(errno))
    }
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.prefix(count)
    byteCount = ends.last.map { $0 + 1 } ?? 0
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
  }

  deinit { close(descriptor) }

  /// One `write` call as long as the system takes all bytes at once, which it does for regular
  /// files unless the disk is full. What was written of a text that does not fit is cut off.
  func append(_ text: String) throws(ResultsError) {
    var text = text
    let code = text.withUTF8 { bytes -> Int32 in
      var done = 0
      while done < bytes.count {
        let count = systemWrite(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        done += count
      }
      return 0
    }
    guard code == 0 else {
      ftruncate(descriptor, off_t(byteCount))
      throw .cannotWrite(path: path, reason: systemMessage(code))
    }
    byteCount += text.utf8.count
  }

  func flush() throws(ResultsError) {
    guard fsync(descriptor) == 0 else {
      throw .cannotWrite(path: path, reason: systemMessage(errno))
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
