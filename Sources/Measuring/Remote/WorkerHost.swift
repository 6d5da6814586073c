import Foundation
import Processes
import Results
import Tensors

/// Workloads in another process that speaks the worker protocol: a fresh launch of this program,
/// another build of it, or a peer in another language.
package final class WorkerHost: WorkloadHost {
  /// The error that a sentence about the worker becomes.
  package typealias ErrorMaker = (String) -> MeasuringError

  private let process: ChildProcess
  private let channel: LineChannel
  private let blobFile: String
  private let timeout: Duration?
  private let makeError: ErrorMaker
  /// Workloads that are alive there.
  package fileprivate(set) var workloadCount = 0
  package private(set) var identity: WorkerProtocol.Identity?
  private var features: [String] = []
  /// Why nothing more can be asked of it; nil while it works.
  package private(set) var failure: Failure?

  /// What a worker cannot be used after.
  package enum Failure: Sendable {
    /// It is gone, or no longer speaks the protocol.
    case ended
    /// It did not answer in time and was ended; the sentence that says so.
    case silent(String)
  }

  /// How long a worker may take to end.
  private static let patience = Duration.seconds(5)

  /// Starts a worker and greets it.
  /// - Parameters:
  ///   - command: program and arguments, for example `[alexbench, "worker"]`.
  ///   - timeout: longest wait for an answer; nil for any.
  ///   - makeError: what goes wrong with the worker is thrown as this.
  /// - Throws: ``MeasuringError/protocolVersion(theirs:ours:)``, or that it cannot be started.
  package init(
    command: [String], timeout: Duration? = nil,
    makeError: @escaping ErrorMaker = MeasuringError.worker
  ) throws {
    self.timeout = timeout
    self.makeError = makeError
    guard !command.isEmpty else { throw makeError("the command of a worker is empty") }
    // A worker that died must give an error, not end this process.
    signal(SIGPIPE, SIG_IGN)
    blobFile =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-blobs-\(UUID().uuidString)").path
    process = try Self.start(command, makeError)
    channel = LineChannel(input: process.output, output: process.input)
    var hello = WorkerProtocol.Request(op: .hello)
    hello.version = WorkerProtocol.version
    let reply = try checked { try send(hello) }
    guard reply.version == WorkerProtocol.version else {
      throw MeasuringError.protocolVersion(
        theirs: reply.version ?? 0, ours: WorkerProtocol.version)
    }
    identity = reply.identity
    features = reply.features ?? []
  }

  private static func start(_ command: [String], _ makeError: ErrorMaker) throws -> ChildProcess {
    do { return try ChildProcess(command: command) } catch {
      throw unavailable("no worker: \(error)", makeError)
    }
  }

  /// What the system refuses is no fault of a worker of this program; what a program needs for its
  /// workloads is theirs to tell.
  private static func unavailable(_ sentence: String, _ makeError: ErrorMaker) -> MeasuringError {
    let error = makeError(sentence)
    if case .worker = error { return .unavailable(sentence) }
    return error
  }

  deinit { close() }

  /// The process that was started.
  package var processID: Int32 { process.processID }

  package func prepare(_ request: WorkloadRequest) throws -> any Workload {
    try prepare(WorkerProtocol.Workload(request))
  }

  package func prepare(_ message: WorkerProtocol.Workload) throws -> RemoteWorkload {
    try beginPreparing(message)
    return try finishPreparing()
  }

  /// Asks without waiting for the answer, so that several workers prepare at the same time.
  /// - Throws: ``MeasuringError/unavailable(_:)`` for a network that this worker would read otherwise.
  func beginPreparing(_ message: WorkerProtocol.Workload) throws {
    if let description = message.description,
      !features.contains(WorkerProtocol.Feature.description.rawValue)
    {
      throw MeasuringError.unavailable(
        "the other program is of an earlier release, which would ignore "
          + "\(ShellText.command(description.arguments)); give it a description that needs no options "
          + "('alexbench export' writes one)")
    }
    var request = WorkerProtocol.Request(op: .prepare)
    request.workload = message
    try checked { try post(request) }
  }

  /// The answer to ``beginPreparing(_:)``, which nothing else may be asked before.
  func finishPreparing() throws -> RemoteWorkload {
    let prepared = try checked {
      try receive(WorkerProtocol.Request(op: .prepare), timeout: timeout).workload()
    }
    return RemoteWorkload(prepared, on: self)
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    var message = WorkerProtocol.Request(op: .roofs)
    message.roofs = request
    return try checked {
      let reply = try send(message)
      return try reply.required(reply.roofs, "roofs")
    }
  }

  package func close() {
    defer { failure = failure ?? .ended }
    guard process.isRunning else { return }
    if failure == nil { _ = try? send(WorkerProtocol.Request(op: .quit), timeout: Self.patience) }
    process.closeInput()
    _ = process.wait(within: Self.patience)
  }

  /// The answer to a request, which a closure looks into.
  fileprivate func ask<Answer>(
    _ request: WorkerProtocol.Request,
    _ answer: (WorkerProtocol.Reply) throws(MeasuringError) -> Answer
  ) throws -> Answer {
    try checked { try answer(try send(request)) }
  }

  /// Reads the file that the worker writes for `outputs`.
  fileprivate func outputs(_ request: WorkerProtocol.Request) throws -> [BlobValues] {
    var request = request
    request.file = blobFile
    defer { try? FileManager.default.removeItem(atPath: blobFile) }
    return try ask(request) { reply throws(MeasuringError) in
      try reply.values(in: try? Data(contentsOf: URL(fileURLWithPath: blobFile)))
    }
  }

  fileprivate func release(_ handle: Int) {
    workloadCount -= 1
    guard failure == nil else { return }
    var request = WorkerProtocol.Request(op: .release)
    request.handle = handle
    // A worker that died is noticed by the next call that matters.
    _ = try? send(request)
  }

  private func checked<Answer>(_ body: () throws -> Answer) throws -> Answer {
    do { return try body() } catch MeasuringError.worker(let sentence) {
      throw makeError(sentence)
    } catch MeasuringError.unavailable(let sentence) {
      throw Self.unavailable(sentence, makeError)
    }
  }

  private func send(_ request: WorkerProtocol.Request) throws -> WorkerProtocol.Reply {
    try send(request, timeout: timeout)
  }

  private func send(
    _ request: WorkerProtocol.Request, timeout: Duration?
  ) throws -> WorkerProtocol.Reply {
    try post(request)
    return try receive(request, timeout: timeout)
  }

  private func post(_ request: WorkerProtocol.Request) throws {
    guard failure == nil else { throw makeError("the worker is no longer there") }
    let line = try WorkerProtocol.line(request)
    do {
      try channel.write(line, timeout: timeout) { !process.isRunning }
    } catch is LineChannel.Timeout {
      throw silent(request, timeout)
    } catch {
      throw ended(request)
    }
  }

  /// The answer to a request that was posted.
  private func receive(
    _ request: WorkerProtocol.Request, timeout: Duration?
  ) throws -> WorkerProtocol.Reply {
    let line: Data
    do {
      let answer = try channel.readLine(timeout: timeout) { !process.isRunning }
      guard let answer else { throw ended(request) }
      line = answer
    } catch is LineChannel.Timeout {
      throw silent(request, timeout)
    } catch {
      failure = failure ?? .ended
      throw error
    }
    let reply: WorkerProtocol.Reply
    do throws(MeasuringError) {
      reply = try WorkerProtocol.Reply(line: line, to: request.op)
    } catch {
      // Whose answer the next line would be is not known.
      failure = .ended
      throw error
    }
    try reply.check(request.op)
    return reply
  }

  private func silent(
    _ request: WorkerProtocol.Request, _ timeout: Duration?
  ) -> MeasuringError {
    let sentence =
      "the worker did not answer '\(request.op.rawValue)' within "
      + "\((timeout ?? .zero) / .seconds(1)) s and was ended"
    failure = .silent(sentence)
    _ = process.wait(within: .zero)
    return .worker(sentence)
  }

  private func ended(_ request: WorkerProtocol.Request) -> MeasuringError {
    failure = .ended
    switch process.wait(within: Self.patience) {
    case .exit(5): return .protocolVersion(theirs: 0, ours: WorkerProtocol.version)
    case .exit(MemoryShortage.exitCode):
      return .unavailable(
        "the worker ended at '\(request.op.rawValue)' with exit code \(MemoryShortage.exitCode): the "
          + "system gave it no memory; take a smaller --batch or name fewer backends")
    case .exit(let code):
      return .worker("the worker ended at '\(request.op.rawValue)' with exit code \(code)")
    case .signal(SIGKILL):
      return .unavailable(
        "the worker ended at '\(request.op.rawValue)' with signal \(SIGKILL), as the system does it "
          + "when memory runs out; take a smaller --batch or name fewer backends")
    case .signal(let number):
      return .worker("the worker ended at '\(request.op.rawValue)' with signal \(number)")
    }
  }
}

/// A workload in a worker.
package final class RemoteWorkload: Workload {
  package let facts: PreparedFacts
  private let handle: Int
  private let host: WorkerHost

  fileprivate init(_ prepared: WorkerProtocol.Prepared, on host: WorkerHost) {
    facts = prepared.facts
    handle = prepared.handle
    self.host = host
    host.workloadCount += 1
  }

  deinit { host.release(handle) }

  package func outputs(images: [Int]?) throws -> [BlobValues] {
    var request = request(.outputs)
    request.images = images
    return try host.outputs(request)
  }

  package func time(_ block: BlockRequest) throws -> BlockMeasurement {
    var request = request(.time)
    request.block = block
    return try host.ask(request) { reply throws(MeasuringError) in try reply.block(for: block) }
  }

  package func timeSteps(_ block: BlockRequest) throws -> StepMeasurement {
    var request = request(.timeSteps)
    request.block = block
    return try host.ask(request) { reply throws(MeasuringError) in
      let measured = try reply.steps(for: block)
      guard measured.stepNanoseconds.count == facts.steps.count else {
        throw .worker(
          "it timed \(measured.stepNanoseconds.count) steps where it has \(facts.steps.count)")
      }
      return measured
    }
  }

  package func phases(calls: Int) throws -> [PhaseTime] {
    var request = request(.phases)
    request.calls = calls
    return try host.ask(request) { reply throws(MeasuringError) in
      try reply.required(reply.phases, "phases")
    }
  }

  package func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    var request = request(.counters)
    request.counters = requests
    request.calls = calls
    request.allowsMultiplexing = allowsMultiplexing
    return try host.ask(request) { reply throws(MeasuringError) in
      try reply.required(reply.counters, "counters")
    }
  }

  private func request(_ op: WorkerProtocol.Operation) -> WorkerProtocol.Request {
    var request = WorkerProtocol.Request(op: op)
    request.handle = handle
    return request
  }
}
