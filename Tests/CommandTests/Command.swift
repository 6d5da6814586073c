import Foundation

/// The built program, run as a user would.
struct Command {
  /// Also the number of a signal that ended it.
  var exitCode: Int32
  var endedBySignal: Bool
  var output: String
  var errors: String

  /// The program next to the test bundle.
  static let program = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  ).deletingLastPathComponent().appendingPathComponent("alexbench").path

  /// Runs to the end.
  /// - Parameters:
  ///   - environment: variables on top of this process's; nil removes one.
  ///   - input: text on standard input.
  ///   - workingFolder: nil = this process's.
  ///   - whileRunning: called once the process runs.
  init(
    _ arguments: [String], environment: [String: String?] = [:], input: String = "",
    workingFolder: String? = nil,
    whileRunning: (Process) throws -> Void = { _ in }
  ) throws {
    try self.init(
      program: [Self.program] + arguments, environment: environment, input: input,
      workingFolder: workingFolder, whileRunning: whileRunning)
  }

  /// - Parameters:
  ///   - program: its path, and arguments.
  ///   - limit: seconds after which it is ended.
  init(
    program: [String], environment: [String: String?] = [:], input: String = "",
    workingFolder: String? = nil, limit: Int = 900,
    whileRunning: (Process) throws -> Void = { _ in }
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program[0])
    process.arguments = Array(program.dropFirst())
    var variables = ProcessInfo.processInfo.environment
    // Other tests run at the same time.
    variables["ALEXBENCH_LOCK"] = ""
    // Nothing of a test stays in the user's folders.
    variables["ALEXBENCH_CACHE"] = "off"
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    if let workingFolder { process.currentDirectoryURL = URL(fileURLWithPath: workingFolder) }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: a full pipe would stop the program.
    func file(_ name: String, _ text: String = "") throws -> URL {
      let url = folder.appendingPathComponent(name)
      try Data(text.utf8).write(to: url)
      return url
    }
    let (inputURL, outputURL, errorURL) = (
      try file("in", input), try file("out"), try file("err")
    )
    process.standardInput = try FileHandle(forReadingFrom: inputURL)
    process.standardOutput = try FileHandle(forWritingTo: outputURL)
    process.standardError = try FileHandle(forWritingTo: errorURL)
    try process.run()
    // A program that hangs must not hang the tests.
    let watchdog = DispatchWorkItem { [id = process.processIdentifier] in kill(id, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(limit), execute: watchdog)
    defer { watchdog.cancel() }
    try whileRunning(process)
    process.waitUntilExit()
    exitCode = process.terminationStatus
    endedBySignal = process.terminationReason == .uncaughtSignal
    output = try String(contentsOf: outputURL, encoding: .utf8)
    errors = try String(contentsOf: errorURL, encoding: .utf8)
  }
}

/// A folder of its own for each test.
func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("alexbench-out-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

/// The one folder that a run made.
func runFolder(in parent: String) throws -> String {
  let names = try FileManager.default.contentsOfDirectory(atPath: parent)
  guard names.count == 1 else { throw CocoaError(.fileNoSuchFile) }
  return parent + "/" + names[0]
}
