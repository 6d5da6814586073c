import Foundation
import Kernels
import Measuring
import Networks
import Reference
import Results
import Synchronization
import Testing

@Suite struct WorkerTests {
  /// The program next to the test bundle.
  static let program = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  ).deletingLastPathComponent().appendingPathComponent("alexbench").path

  private func request(_ layer: String?, backend: String = "naive") -> WorkloadRequest {
    WorkloadRequest(
      network: "", problem: smallProblem, layer: layer, backend: backend, isa: "baseline",
      seed: 5, pass: layer == nil ? .net : .isolated)
  }

  @Test("A worker process gives the same outputs as this one, and times blocks")
  func child() throws {
    let worker = try WorkerHost(command: [Self.program, "worker"])
    defer { worker.close() }
    let identity = try #require(worker.identity)
    #expect(identity.program == "alexbench")
    #expect(identity.processID != Int(ProcessInfo.processInfo.processIdentifier))
    let local = LocalHost { _ in [WrappedBackend(name: "naive")] }
    defer { local.close() }
    for layer in ["conv", nil] {
      let there = try worker.prepare(request(layer))
      let here = try local.prepare(request(layer))
      let got = try worker.outputs(there.handle, images: nil)
      let want = try local.outputs(here.handle, images: nil)
      #expect(got.map(\.blob) == want.map(\.blob))
      #expect(got.map(\.values) == want.map(\.values))
      let block = try worker.time(
        there.handle, BlockRequest(iterations: 7, isPrimed: true))
      #expect(block.iterations == 7)
      #expect(block.wallNanoseconds > 0)
      try worker.release(there.handle)
    }
  }

  @Test("A worker probes roofs as this process does")
  func roofs() throws {
    let worker = try WorkerHost(command: [Self.program, "worker"])
    defer { worker.close() }
    let local = LocalHost { _ in [] }
    defer { local.close() }
    let request = RoofRequest(threads: 2)
    func shapes(_ readings: [RoofReading]) -> [RoofReading] {
      readings.map { reading in
        var shape = reading
        shape.value = 0
        return shape
      }
    }
    let there = try worker.roofs(request)
    #expect(try shapes(there) == shapes(local.roofs(request)))
    #expect(there.allSatisfy { $0.value.isFinite && $0.value > 0 })
    #expect(throws: MeasuringError.self) { try worker.roofs(RoofRequest(threads: 0)) }
  }

  @Test("A worker's refusals keep their status, and it goes on")
  func refusals() throws {
    let worker = try WorkerHost(command: [Self.program, "worker"])
    defer { worker.close() }
    var bad = request("conv")
    bad.direction = "backward_data"
    #expect {
      try worker.prepare(bad)
    } throws: {
      guard case .workload(.unsupported, let reason)? = $0 as? MeasuringError else { return false }
      return reason.contains("backward_data")
    }
    #expect(throws: MeasuringError.self) { try worker.release(99) }
    #expect(try worker.prepare(request("conv")).handle == 1)
  }

  @Test("A run over worker processes has a row per launch and a check of each")
  func launches() throws {
    var options = try smallOptions(passes: [.isolated])
    options.launches = 2
    options.backends = ["naive"]
    let runner = try Runner(
      options: options, backends: [WrappedBackend(name: "naive", threading: .single)],
      makeHost: { _ in try WorkerHost(command: [Self.program, "worker"]) },
      progress: Progress(isTerminal: false, write: { _ in }), isInterrupted: { false })
    let record = try runner.run()
    #expect(record.workloads.map(\.status) == [.ok])
    #expect(Set(record.samples.map(\.launch)) == [0, 1])
  }

  @Test("A program that is no worker, or not there, is an error with a sentence")
  func noWorker() {
    #expect(throws: MeasuringError.self) { try WorkerHost(command: ["/bin/echo", "hello"]) }
    #expect(throws: MeasuringError.self) { try WorkerHost(command: ["/bin/false"]) }
    #expect(throws: MeasuringError.self) { try WorkerHost(command: ["/nonexistent/alexbench"]) }
    #expect(throws: MeasuringError.self) { try WorkerHost(command: []) }
  }

  @Test("A peer of another protocol version is refused")
  func otherVersion() {
    let script = #"read line; echo '{"version": 99, "identity": {"program": "x", "processID": 1}}'"#
    #expect(throws: MeasuringError.protocolVersion(theirs: 99, ours: WorkerProtocol.version)) {
      try WorkerHost(command: ["/bin/sh", "-c", script])
    }
  }

  @Test("The server answers every line, errors included, and demands a greeting")
  func server() throws {
    let lines = try serve([
      #"{"op":"release","handle":1}"#, hello, "not JSON",
      #"{"op":"time"}"#, #"{"op":"dance"}"#, #"{"op":"roofs"}"#, #"{"op":"quit"}"#, hello,
    ])
    #expect(lines.end == .quit)
    #expect(lines.replies.count == 7)
    #expect(lines.replies[0].error?.contains("hello") == true)
    #expect(lines.replies[1].version == WorkerProtocol.version)
    #expect(lines.replies[2...5].allSatisfy { $0.error != nil })
    #expect(lines.replies[6].error == nil)
  }

  @Test("The server ends when the version is another one, and at the end of its input")
  func serverEnds() throws {
    let other = try serve([#"{"op":"hello","version":1}"#, #"{"op":"quit"}"#])
    #expect(other.end == .protocolVersion)
    #expect(other.replies.count == 1)
    #expect(other.replies[0].version == WorkerProtocol.version)
    #expect(try serve([hello]).end == .quit)
  }

  private var hello: String { "{\"op\":\"hello\",\"version\":\(WorkerProtocol.version)}" }

  /// Feeds lines to a server in this process.
  private func serve(
    _ lines: [String]
  ) throws -> (end: WorkerServer.End, replies: [WorkerProtocol.Reply]) {
    let input = Pipe()
    let output = Pipe()
    try input.fileHandleForWriting.write(
      contentsOf: Data(lines.map { $0 + "\n" }.joined().utf8))
    try input.fileHandleForWriting.close()
    let server = WorkerServer(
      host: LocalHost { _ in [WrappedBackend(name: "exact")] },
      input: input.fileHandleForReading.fileDescriptor,
      output: output.fileHandleForWriting.fileDescriptor)
    let end = try server.serve()
    try output.fileHandleForWriting.close()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    let replies = try data.split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(WorkerProtocol.Reply.self, from: Data($0))
    }
    return (end, replies)
  }
}
