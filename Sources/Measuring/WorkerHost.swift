import Foundation
import Results

/// Workloads in another process that speaks the worker protocol: a fresh launch of this program,
/// another build of it, or a peer in another language.
public final class WorkerHost: WorkloadHost {
  private let process = Process()
  private let channel: LineChannel
  // The pipes close their descriptors with them.
  private let toWorker = Pipe()
  private let fromWorker = Pipe()
  private let blobFile: String
  public private(set) var identity: WorkerProtocol.Identity?

  /// Starts a worker and greets it.
  /// - Parameter command: program and arguments, for example `[alexbench, "worker"]`.
  /// - Throws: ``MeasuringError/protocolVersion(theirs:ours:)``, or that it cannot be started.
  public init(command: [String]) throws {
    guard let program = command.first else {
      throw MeasuringError.worker("the command of a worker is empty")
    }
    // A worker that died must give an error, not end this process.
    signal(SIGPIPE, SIG_IGN)
    blobFile =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-blobs-\(UUID().uuidString)").path
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = Array(command.dropFirst())
    process.standardInput = toWorker
    process.standardOutput = fromWorker
    channel = LineChannel(
      input: fromWorker.fileHandleForReading.fileDescriptor,
      output: toWorker.fileHandleForWriting.fileDescriptor)
    do { try process.run() } catch {
      throw MeasuringError.worker(
        "cannot start the worker '\(program)': \(error.localizedDescription)")
    }
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

  public func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload {
    var message = WorkerProtocol.Request(op: .prepare)
    message.workload = request
    return try required(try send(message).prepared, "prepared")
  }

  public func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues] {
    var message = WorkerProtocol.Request(op: .outputs)
    message.handle = handle
    message.images = images
    message.file = blobFile
    defer { try? FileManager.default.removeItem(atPath: blobFile) }
    let blobs = try required(try send(message).blobs, "blobs")
    return try BlobFile.read(blobs, from: blobFile)
  }

  public func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement {
    try required(try send(.time, handle, block).block, "block")
  }

  public func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement {
    let reply = try send(.timeSteps, handle, block)
    return StepMeasurement(
      block: try required(reply.block, "block"),
      stepNanoseconds: try required(reply.stepNanoseconds, "stepNanoseconds"))
  }

  private func send(
    _ op: WorkerProtocol.Operation, _ handle: Int, _ block: BlockRequest
  ) throws -> WorkerProtocol.Reply {
    var message = WorkerProtocol.Request(op: op)
    message.handle = handle
    message.block = block
    return try send(message)
  }

  public func phases(_ handle: Int, calls: Int) throws -> [PhaseTime] {
    var message = WorkerProtocol.Request(op: .phases)
    message.handle = handle
    message.calls = calls
    return try required(try send(message).phases, "phases")
  }

  public func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    var message = WorkerProtocol.Request(op: .roofs)
    message.roofs = request
    return try required(try send(message).roofs, "roofs")
  }

  public func release(_ handle: Int) throws {
    var message = WorkerProtocol.Request(op: .release)
    message.handle = handle
    _ = try send(message)
  }

  public func close() {
    guard process.isRunning else { return }
    _ = try? send(WorkerProtocol.Request(op: .quit))
    try? toWorker.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  private func send(_ request: WorkerProtocol.Request) throws -> WorkerProtocol.Reply {
    do { try channel.write(try WorkerProtocol.line(request)) } catch { throw ended(request) }
    guard let line = try channel.readLine() else { throw ended(request) }
    let reply: WorkerProtocol.Reply
    do { reply = try JSONDecoder().decode(WorkerProtocol.Reply.self, from: line) } catch {
      throw MeasuringError.worker(
        "the worker answered '\(request.op.rawValue)' with something that is no reply: "
          + String(decoding: line.prefix(200), as: UTF8.self))
    }
    guard let error = reply.error else { return reply }
    if let status = reply.status {
      throw MeasuringError.workload(status: status, reason: error)
    }
    if request.op == .hello, let theirs = reply.version, theirs != WorkerProtocol.version {
      throw MeasuringError.protocolVersion(theirs: theirs, ours: WorkerProtocol.version)
    }
    throw MeasuringError.worker("the worker failed at '\(request.op.rawValue)': \(error)")
  }

  private func ended(_ request: WorkerProtocol.Request) -> MeasuringError {
    process.waitUntilExit()
    let how = process.terminationReason == .uncaughtSignal ? "signal" : "exit code"
    if process.terminationReason == .exit, process.terminationStatus == 5 {
      return .protocolVersion(theirs: 0, ours: WorkerProtocol.version)
    }
    return .worker(
      "the worker ended at '\(request.op.rawValue)' with \(how) \(process.terminationStatus)")
  }

  private func required<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw MeasuringError.worker("the worker's reply lacks '\(name)'") }
    return value
  }
}
