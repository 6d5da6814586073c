import CSupport
import Foundation
import Subprocess
import Synchronization

/// A program that runs to its end: what goes in, what comes out, and how long it may take.
///
/// For callers that are not asynchronous. Neither ``run()`` nor ``RunningProgram/wait()`` can hang,
/// also where no thread or child can be started: swift-subprocess and the runtime below it start
/// threads and try for ever, so whether that is possible is asked first, they are called from a
/// thread of their own, and the caller waits with a deadline.
///
/// Not where times are measured next: the first use of the runtime's threads starts a timer that
/// wakes this process once a second until it ends. A ``ChildProcess`` needs no thread.
package struct Program: Sendable {
  /// A path, or a name that is looked up in `PATH`.
  package var path: String
  package var arguments: [String]
  /// nil = this process's.
  package var environment: [String: String]?
  /// Where it runs; nil = this process's working folder.
  package var folder: String?
  /// What it reads on standard input.
  package var input = Data()
  /// After this time it is ended, with all that it started.
  package var timeLimit: Duration

  package init(_ path: String, _ arguments: [String], timeLimit: Duration) {
    self.path = path
    self.arguments = arguments
    self.timeLimit = timeLimit
  }

  /// What a program said and how it ended.
  package struct Outcome: Sendable {
    package var end: ProcessEnd
    package var output: Data
    package var errors: Data
  }

  /// Runs it to its end. An exit code other than 0 is no error.
  package func run() throws(ProcessError) -> Outcome { try start().wait() }

  /// Starts it without waiting, so that several run at the same time.
  /// - Throws: that it cannot be started, at the latest after ten seconds.
  package func start() throws(ProcessError) -> RunningProgram {
    // One at a time: asking whether threads can be started takes them from who needs them.
    try Self.library.withLock { library throws(ProcessError) -> RunningProgram in
      if library == .cold { library = try Self.warmUp(for: path) }
      guard library == .warm else { throw .cannotStart(path, EAGAIN) }
      let running = try RunningProgram(self)
      try running.awaitStart()
      return running
    }
  }

  private enum Library { case cold, warm, broken }
  private static let library = Mutex(Library.cold)

  /// Makes swift-subprocess start its threads, which it does at its first child. It does not try
  /// again if it gets none, and waits for ever for what they should do.
  private static func warmUp(for path: String) throws(ProcessError) -> Library {
    do {
      let first = Program("true", [], timeLimit: .seconds(10))
      _ = try RunningProgram(first, isFirst: true).wait()
      return .warm
    } catch {
      switch error {
      case .missing: return .warm
      case .timeLimit: return .broken
      case .cannotStart(_, let reason): throw .cannotStart(program: path, reason: reason)
      }
    }
  }
}

/// A ``Program`` that was started.
package final class RunningProgram: Sendable {
  private struct State {
    var processID: Int32?
    var isAbandoned = false
    var result: Result<Program.Outcome, ProcessError>?
  }

  private let program: Program
  private let deadline: DispatchTime
  private let state = Mutex(State())
  private let begun = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Bytes of an output; more is an error.
  private static let byteLimit = 64 << 20
  /// Threads that may be needed at the same time: one here, and those of the runtime for timers and
  /// tasks.
  private static let threadCount = 2 + min(ProcessInfo.processInfo.activeProcessorCount, 8)
  /// Those of swift-subprocess, which stay.
  private static let libraryThreadCount = 3

  fileprivate init(_ program: Program, isFirst: Bool = false) throws(ProcessError) {
    self.program = program
    deadline = .now() + program.timeLimit / .seconds(1)
    alex_keep_child_status()
    let threadCount = Self.threadCount + (isFirst ? Self.libraryThreadCount : 0)
    var code = alex_can_start(Int32(threadCount), 1)
    if code == 0 { code = startThread() }
    guard code == 0 else { throw .cannotStart(program.path, code) }
  }

  /// Starts the task from a thread of its own, which may never come back from that.
  private func startThread() -> Int32 {
    var thread = pthread_t()
    let this = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let running = Unmanaged<RunningProgram>.fromOpaque(raw).takeRetainedValue()
        // What starts from here inherits this: children run on all CPUs, and signals are for the
        // threads of the program.
        StartingMask.apply()
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        // Of a priority that nothing else here has, since each has threads of its own: those of the
        // usual one may all wait for a child.
        Task(priority: .utility) { await running.execute() }
        return nil
      }, this.toOpaque())
    if code == 0 { pthread_detach(thread) } else { this.release() }
    return code
  }

  /// Waits until the child runs, or is known not to.
  fileprivate func awaitStart() throws(ProcessError) {
    guard begun.wait(timeout: .now() + 10) == .timedOut else { return }
    abandon()
    throw .cannotStart(program.path, EAGAIN)
  }

  /// Ends the child, also if it starts only later.
  private func abandon() {
    let processID = state.withLock { state in
      state.isAbandoned = true
      return state.processID
    }
    if let processID { Self.end(processID) }
  }

  /// Waits for the end, and brings it about at the time limit. Call it once.
  package func wait() throws(ProcessError) -> Program.Outcome {
    if ended.wait(timeout: deadline) == .timedOut {
      abandon()
      // A moment for the child to be seen off.
      _ = ended.wait(timeout: .now() + 2)
      throw .timeLimit(program: program.path, limit: program.timeLimit)
    }
    guard let result = state.withLock({ $0.result }) else {
      throw .cannotStart(program: program.path, reason: "it ended without a result")
    }
    return try result.get()
  }

  private static func end(_ processID: Int32) {
    kill(-processID, SIGKILL)
    kill(processID, SIGKILL)
  }

  private func execute() async {
    let result: Result<Program.Outcome, ProcessError>
    do { result = .success(try await outcome()) } catch { result = .failure(sentence(error)) }
    state.withLock { state in
      state.processID = nil
      state.result = result
    }
    begun.signal()
    ended.signal()
  }

  private func outcome() async throws -> Program.Outcome {
    // A file rather than a pipe: a child that does not read must neither stop nor end this process.
    var input: Int32 = -1
    let code = program.input.withUnsafeBytes { alex_memory_file($0.baseAddress, $0.count, &input) }
    guard code == 0 else { throw ProcessError.cannotStart(program.path, code) }
    defer { close(input) }
    var options = PlatformOptions()
    options.processGroupID = 0
    let result = try await Subprocess.run(
      program.path.contains("/") ? .path(.init(program.path)) : .name(program.path),
      arguments: Arguments(program.arguments),
      environment: program.environment.map { .custom(Self.variables($0)) } ?? .inherit,
      workingDirectory: program.folder.map { .init($0) }, platformOptions: options,
      input: .fileDescriptor(.init(rawValue: input), closeAfterSpawningProcess: false),
      output: .bytes(limit: Self.byteLimit), error: .bytes(limit: Self.byteLimit)
    ) { execution in
      let processID = execution.processIdentifier.value
      let isLate = self.state.withLock { state in
        state.processID = processID
        return state.isAbandoned
      }
      if isLate { Self.end(processID) }
      self.begun.signal()
    }
    let end: ProcessEnd
    switch result.terminationStatus {
    case .exited(let code): end = .exit(code)
    case .signaled(let number): end = .signal(number)
    }
    return Program.Outcome(
      end: end, output: Data(result.standardOutput), errors: Data(result.standardError))
  }

  private static func variables(_ environment: [String: String]) -> [Environment.Key: String] {
    var variables: [Environment.Key: String] = [:]
    for (name, value) in environment {
      if let key = Environment.Key(rawValue: name) { variables[key] = value }
    }
    return variables
  }

  private func sentence(_ error: any Error) -> ProcessError {
    switch error {
    case let error as ProcessError: return error
    case let error as SubprocessError:
      if error.code == .executableNotFound { return .missing(program: program.path) }
      if let code = error.underlyingError?.rawValue { return .cannotStart(program.path, code) }
      return .cannotStart(program: program.path, reason: "\(error)")
    default: return .cannotStart(program: program.path, reason: "\(error)")
    }
  }
}
