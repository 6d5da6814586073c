import Foundation
import Results

/// A ``WorkloadHost`` exposed over the worker protocol.
package final class WorkerServer {
  /// How a session ended.
  package enum End: Equatable, Sendable {
    /// `quit`, or the end of the input.
    case quit
    case protocolVersion
  }

  private let host: any WorkloadHost
  private let channel: LineChannel

  /// - Parameters:
  ///   - input: file descriptor that requests come from.
  ///   - output: file descriptor that replies go to.
  package init(host: any WorkloadHost, input: Int32 = 0, output: Int32 = 1) {
    self.host = host
    channel = LineChannel(input: input, output: output)
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
        if case .protocolVersion = error as? MeasuringError {
          reply.version = WorkerProtocol.version
          end = .protocolVersion
        }
      }
      try channel.write(try WorkerProtocol.line(reply))
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
    switch request.op {
    case .hello:
      reply.version = WorkerProtocol.version
      reply.identity = WorkerProtocol.Identity(
        program: "alexbench", processID: Int(ProcessInfo.processInfo.processIdentifier))
    case .prepare:
      reply.prepared = try host.prepare(required(request.workload, "workload"))
    case .outputs:
      let blobs = try host.outputs(
        required(request.handle, "handle"), images: request.images)
      try BlobFile.write(blobs, to: required(request.file, "file"))
      reply.blobs = blobs.map {
        WorkerProtocol.Blob(value: $0.value, blob: $0.blob, count: $0.values.count)
      }
    case .time:
      reply.block = try host.time(
        required(request.handle, "handle"), required(request.block, "block"))
    case .timeSteps:
      let steps = try host.timeSteps(
        required(request.handle, "handle"), required(request.block, "block"))
      reply.block = steps.block
      reply.stepNanoseconds = steps.stepNanoseconds
    case .phases:
      reply.phases = try host.phases(
        required(request.handle, "handle"), calls: required(request.calls, "calls"))
    case .counters:
      reply.counters = try host.counters(
        required(request.handle, "handle"), required(request.counters, "counters"),
        calls: required(request.calls, "calls"),
        allowsMultiplexing: request.allowsMultiplexing ?? false)
    case .roofs: reply.roofs = try host.roofs(required(request.roofs, "roofs"))
    case .release: try host.release(required(request.handle, "handle"))
    case .quit: host.close()
    }
  }

  private static func sentence(_ error: any Error) -> String {
    if let error = error as? DecodingError { return "not a request: \(error)" }
    return "\(error)"
  }
}

/// Values of blobs as little-endian float32, one blob after the other.
enum BlobFile {
  static func write(_ blobs: [BlobValues], to path: String) throws {
    var data = Data(capacity: blobs.reduce(0) { $0 + 4 * $1.values.count })
    for blob in blobs {
      blob.values.withUnsafeBufferPointer { FloatBytes.append($0, to: &data) }
    }
    do { try data.write(to: URL(fileURLWithPath: path)) } catch {
      throw MeasuringError.cannotWrite(path: path, reason: error.localizedDescription)
    }
  }

  static func values(
    of blobs: [WorkerProtocol.Blob], in data: Data
  ) throws(MeasuringError) -> [BlobValues] {
    // A count from elsewhere may be anything.
    let count = blobs.reduce(0) { $0 &+ $1.count }
    guard blobs.allSatisfy({ 0...data.count ~= $0.count }), data.count == 4 &* count else {
      throw .worker(
        "a worker wrote \(data.count) bytes of blobs where its reply says \(4 &* count)")
    }
    var offset = 0
    return data.withUnsafeBytes { bytes in
      blobs.map { blob in
        let values = (0..<blob.count).map { index in
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(
                fromByteOffset: offset + 4 * index, as: UInt32.self)))
        }
        offset += 4 * blob.count
        return BlobValues(value: blob.value, blob: blob.blob, values: values)
      }
    }
  }
}
