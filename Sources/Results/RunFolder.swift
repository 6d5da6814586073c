import Foundation

/// The folder of a run while it is written.
///
/// `samples.csv` grows row by row, whole lines per write, so that a killed run leaves valid CSV.
/// The other files are written beside their name and renamed, so that each is there whole or not
/// at all; they may be written again as the run goes on.
public final class RunFolder {
  public let runID: String
  public let path: String
  private let samples: AppendedFile

  /// Makes `<parent>/<run-id>/` and an empty `samples.csv` in it; never reuses a folder.
  /// - Parameter parent: made with its own parents where it does not exist.
  public init(parent: String) throws(ResultsError) {
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

  /// Appends blocks to `samples.csv`, in one write of whole lines.
  public func append(_ rows: [SampleRow]) throws(ResultsError) {
    guard !rows.isEmpty else { return }
    try samples.append(rows.map(Schema.samples.line).joined())
  }

  /// Brings the samples to the disk; once per round is enough.
  public func flush() throws(ResultsError) { try samples.flush() }

  /// Writes `workloads.csv`, in place of an earlier one.
  public func write(_ rows: [WorkloadRow]) throws(ResultsError) {
    try replace(Schema.workloads.fileName, with: Schema.workloads.text(rows))
  }

  /// Writes `layers.csv`, in place of an earlier one.
  public func write(_ rows: [LayerRow]) throws(ResultsError) {
    try replace(Schema.layers.fileName, with: Schema.layers.text(rows))
  }

  /// Writes `roofs.csv`, in place of an earlier one.
  public func write(_ rows: [RoofRow]) throws(ResultsError) {
    try replace(Schema.roofs.fileName, with: Schema.roofs.text(rows))
  }

  /// Writes `summary.csv`, in place of an earlier one.
  public func write(_ rows: [SummaryRow]) throws(ResultsError) {
    try replace(Schema.summary.fileName, with: Schema.summary.text(rows))
  }

  /// Writes `phases.csv`, in place of an earlier one.
  public func write(_ rows: [PhaseRow]) throws(ResultsError) {
    try replace(Schema.phases.fileName, with: Schema.phases.text(rows))
  }

  /// Writes `counters.csv`, in place of an earlier one.
  public func write(_ rows: [CounterRow]) throws(ResultsError) {
    try replace(Schema.counters.fileName, with: Schema.counters.text(rows))
  }

  /// Writes `plan.csv`, in place of an earlier one.
  public func write(_ rows: [PlanRow]) throws(ResultsError) {
    try replace(Schema.plan.fileName, with: Schema.plan.text(rows))
  }

  /// Writes `environment.json`, in place of an earlier one.
  public func write(_ environment: Environment) throws(ResultsError) {
    try replace(Environment.fileName, with: environment.jsonText())
  }

  private func replace(_ name: String, with text: String) throws(ResultsError) {
    let target = Self.join(path, name)
    let temporary = Self.join(path, ".\(name).partial")
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

/// The system's sentence for an error number.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A file that only grows, by whole texts.
final class AppendedFile {
  private let descriptor: Int32
  private let path: String
  private var byteCount = 0

  /// Creates the file; one that exists already is an error.
  init(path: String) throws(ResultsError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
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
