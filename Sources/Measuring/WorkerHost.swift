import Foundation
import Results

/// Workloads in another process that speaks the worker protocol: a fresh launch of this program,
/// another build of it, or a peer in another language.
package final class WorkerHost: WorkloadHost {
  private let process: ChildProcess
  private let channel: LineChannel
  private let blobFile: String
  private let timeout: Duration?
  package private(set) var identity: WorkerProtocol.Identity?
  /// Why nothing more can be asked of it; nil while it works.
  package private(set) var failure: Failure?

  /// What a worker cannot be used after.
  package enum Failure: Sendable {
    /// It is gone, or no longer speaks the protocol.
    case ended
    /// It did not answer in time and was ended.
    case silent
  }

  /// How long a worker may take to end.
  private static let patience = Duration.seconds(5)

  /// Starts a worker and greets it.
  /// - Parameters:
  ///   - command: program and arguments, for example `[alexbench, "worker"]`.
  ///   - timeout: longest wait for an answer; nil for any.
  /// - Throws: ``MeasuringError/protocolVersion(theirs:ours:)``, or that it cannot be started.
  package init(command: [String], timeout: Duration? = nil) throws {
    self.timeout = timeout
    guard !command.isEmpty else {
      throw MeasuringError.worker("the command of a worker is empty")
    }
    // A worker that died must give an error, not end this process.
    signal(SIGPIPE, SIG_IGN)
    blobFile =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-blobs-\(UUID().uuidString)").path
    process = try ChildProcess(command: command)
    channel = LineChannel(input: process.output, output: process.input)
    var hello = WorkerProtocol.Request(op: .hello)
    hello.version = WorkerProtocol.version
    let reply = try send(hello)
    guard reply.version == WorkerProtocol.version else {
      throw MeasuringError.protocolVersion(
        theirs: reply.version ?? 0, ours: WorkerProtocol.version)
    }
    identity = reply.identity
  }

  deinit { close() }

  /// The process that was started.
  package var processID: Int32 { process.processID }

  package func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload {
    try beginPreparing(request)
    return try finishPreparing()
  }

  /// Asks without waiting for the answer, so that several workers prepare at the same time.
  func beginPreparing(_ request: WorkloadRequest) throws {
    var message = WorkerProtocol.Request(op: .prepare)
    message.workload = request
    try post(message)
  }

  /// The answer to ``beginPreparing(_:)``, which nothing else may be asked before.
  func finishPreparing() throws -> PreparedWorkload {
    try receive(WorkerProtocol.Request(op: .prepare), timeout: timeout).workload()
  }

  package func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues] {
    var message = WorkerProtocol.Request(op: .outputs)
    message.handle = handle
    message.images = images
    message.file = blobFile
    defer { try? FileManager.default.removeItem(atPath: blobFile) }
    let reply = try send(message)
    return try reply.values(in: try? Data(contentsOf: URL(fileURLWithPath: blobFile)))
  }

  package func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement {
    try send(.time, handle, block).block(for: block)
  }

  package func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement {
    try send(.timeSteps, handle, block).steps(for: block)
  }

  private func send(
    _ op: WorkerProtocol.Operation, _ handle: Int, _ block: BlockRequest
  ) throws -> WorkerProtocol.Reply {
    var message = WorkerProtocol.Request(op: op)
    message.handle = handle
    message.block = block
    return try send(message)
  }

  package func phases(_ handle: Int, calls: Int) throws -> [PhaseTime] {
    var message = WorkerProtocol.Request(op: .phases)
    message.handle = handle
    message.calls = calls
    let reply = try send(message)
    return try reply.required(reply.phases, "phases")
  }

  package func counters(
    _ handle: Int, _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    var message = WorkerProtocol.Request(op: .counters)
    message.handle = handle
    message.counters = requests
    message.calls = calls
    message.allowsMultiplexing = allowsMultiplexing
    let reply = try send(message)
    return try reply.required(reply.counters, "counters")
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    var message = WorkerProtocol.Request(op: .roofs)
    message.roofs = request
    let reply = try send(message)
    return try reply.required(reply.roofs, "roofs")
  }

  package func release(_ handle: Int) throws {
    var message = WorkerProtocol.Request(op: .release)
    message.handle = handle
    _ = try send(message)
  }

  package func close() {
    guard process.isRunning else { return }
    if failure == nil { _ = try? send(WorkerProtocol.Request(op: .quit), timeout: Self.patience) }
    process.closeInput()
    _ = process.wait(within: Self.patience)
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
    guard failure == nil else { throw MeasuringError.worker("the worker is no longer there") }
    do { try channel.write(try WorkerProtocol.line(request)) } catch { throw ended(request) }
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
      failure = .silent
      _ = process.wait(within: .zero)
      throw MeasuringError.worker(
        "the worker did not answer '\(request.op.rawValue)' within "
          + "\((timeout ?? .zero) / .seconds(1)) s and was ended")
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

  private func ended(_ request: WorkerProtocol.Request) -> MeasuringError {
    failure = .ended
    switch process.wait(within: Self.patience) {
    case .exit(5): return .protocolVersion(theirs: 0, ours: WorkerProtocol.version)
    case .exit(let code):
      return .worker("the worker ended at '\(request.op.rawValue)' with exit code \(code)")
    case .signal(let number):
      return .worker("the worker ended at '\(request.op.rawValue)' with signal \(number)")
    }
  }
}
