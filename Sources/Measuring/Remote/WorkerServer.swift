import Execution
import Files
import Foundation
import Networks
import Results

/// Workloads of this process for a runner in another one, over the worker protocol.
package final class WorkerServer {
  /// How a session ended.
  package enum End: Equatable, Sendable {
    /// `quit`, or the end of the input.
    case quit
    case protocolVersion
  }

  private let host: any WorkloadHost
  private let backends: BackendSource
  private var workloads: [Int: any Workload] = [:]
  private var lastHandle = 0
  /// By network with its options or problem, and batch size.
  private var graphs: [[String]: Graph] = [:]
  private let channel: LineChannel

  /// - Parameters:
  ///   - backends: all that there are, given the user's own CBLAS libraries.
  ///   - input: file descriptor that requests come from.
  ///   - output: file descriptor that replies go to.
  package init(
    host: any WorkloadHost, backends: @escaping BackendSource, input: Int32 = 0, output: Int32 = 1
  ) {
    self.host = host
    self.backends = backends
    channel = LineChannel(input: input, output: output, peer: "the runner")
  }

  /// Answers requests until the end.
  /// - Throws: only when the channel breaks; everything else is an error reply.
  package func serve() throws -> End {
    var hasGreeted = false
    while let line = try channel.readLine() {
      guard !line.isEmpty else { continue }
      var reply = WorkerProtocol.Reply()
      var end: End?
      do {
        let request = try JSONDecoder().decode(WorkerProtocol.Request.self, from: line)
        if request.op == .hello {
          let theirs = request.version ?? 0
          guard theirs == WorkerProtocol.version else {
            throw MeasuringError.protocolVersion(theirs: theirs, ours: WorkerProtocol.version)
          }
          hasGreeted = true
        } else if !hasGreeted {
          throw MeasuringError.worker("the first request must be 'hello' with the version")
        }
        if request.op == .quit { end = .quit }
        try answer(request, &reply)
      } catch {
        reply.error = Self.sentence(error)
        if case .workload(let status, _) = error as? MeasuringError { reply.status = status }
        if error is ThreadShortage { reply.isUnavailable = true }
        if case .unavailable = error as? MeasuringError { reply.isUnavailable = true }
        if case .protocolVersion = error as? MeasuringError {
          reply.version = WorkerProtocol.version
          end = .protocolVersion
        }
      }
      let line = try WorkerProtocol.line(reply)
      do { try channel.write(line) } catch let error as LineChannel.Closed {
        throw FilesError.cannotWrite(path: StandardOutput.name, reason: error.reason)
      }
      if let end { return end }
    }
    return .quit
  }

  private func answer(
    _ request: WorkerProtocol.Request, _ reply: inout WorkerProtocol.Reply
  ) throws {
    func required<Value>(_ value: Value?, _ name: String) throws -> Value {
      guard let value else {
        throw MeasuringError.worker("request '\(request.op.rawValue)' lacks '\(name)'")
      }
      return value
    }
    func workload() throws -> any Workload {
      let handle = try required(request.handle, "handle")
      guard let workload = workloads[handle] else { throw MeasuringError.unknownHandle(handle) }
      return workload
    }
    func block() throws -> BlockRequest {
      let block = try required(request.block, "block")
      guard block.iterations >= 1 else {
        throw MeasuringError.usage(
          "a block of \(block.iterations) calls cannot be timed; it takes at least 1")
      }
      return block
    }
    switch request.op {
    case .hello:
      reply.version = WorkerProtocol.version
      reply.identity = WorkerProtocol.Identity(
        program: "alexbench", processID: Int(ProcessInfo.processInfo.processIdentifier))
      reply.features = WorkerProtocol.Feature.allCases.map(\.rawValue)
    case .prepare: reply.prepared = try prepare(required(request.workload, "workload"))
    case .outputs:
      let blobs = try workload().outputs(images: request.images)
      try BlobFile.write(blobs, to: required(request.file, "file"))
      reply.blobs = blobs.map {
        WorkerProtocol.Blob(value: $0.value, blob: $0.blob, count: $0.values.count)
      }
    case .time: reply.block = try workload().time(block())
    case .timeSteps:
      let steps = try workload().timeSteps(block())
      reply.block = steps.block
      reply.stepNanoseconds = steps.stepNanoseconds
    case .phases:
      reply.phases = try workload().phases(calls: max(required(request.calls, "calls"), 1))
    case .counters:
      reply.counters = try workload().counters(
        required(request.counters, "counters"), calls: max(required(request.calls, "calls"), 1),
        allowsMultiplexing: request.allowsMultiplexing ?? false)
    case .roofs: reply.roofs = try host.roofs(required(request.roofs, "roofs"))
    case .release:
      let handle = try required(request.handle, "handle")
      guard workloads.removeValue(forKey: handle) != nil else {
        throw MeasuringError.unknownHandle(handle)
      }
    case .quit:
      workloads = [:]
      host.close()
    }
  }

  private func prepare(_ message: WorkerProtocol.Workload) throws -> WorkerProtocol.Prepared {
    let name =
      [message.network, message.problem ?? "", "\(message.batch)"]
      + (message.description?.arguments ?? [])
    let graph = try graphs[name] ?? message.resolveGraph()
    graphs[name] = graph
    let workload = try host.prepare(
      try message.request(graph, backends: backends(message.customBLAS)))
    lastHandle += 1
    workloads[lastHandle] = workload
    return WorkerProtocol.Prepared(handle: lastHandle, facts: workload.facts)
  }

  private static func sentence(_ error: any Error) -> String {
    if let error = error as? DecodingError { return "not a request: \(error)" }
    return "\(error)"
  }
}
