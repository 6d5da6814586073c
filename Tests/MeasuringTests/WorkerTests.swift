import Backends
import Execution
import Foundation
import Kernels
import Measuring
import Networks
import Processes
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

  /// For a worker by name, for this process the tests' own.
  private func request(_ layer: String?) throws -> WorkloadRequest {
    try makeRequest(layer, on: WrappedBackend(name: "naive"), seed: 5)
  }

  @Test("A worker process gives the same outputs as this one, and times blocks")
  func child() throws {
    let worker = try WorkerHost(command: [Self.program, "worker"])
    defer { worker.close() }
    let identity = try #require(worker.identity)
    #expect(identity.program == "alexbench")
    #expect(identity.processID != Int(ProcessInfo.processInfo.processIdentifier))
    let local = LocalHost { _ in [] }
    defer { local.close() }
    for layer in ["conv", nil] {
      let there = try worker.prepare(request(layer))
      let here = try local.prepare(request(layer))
      let got = try there.outputs(images: nil)
      let want = try here.outputs(images: nil)
      #expect(got.map(\.blob) == want.map(\.blob))
      #expect(got.map(\.values) == want.map(\.values))
      let block = try there.time(BlockRequest(iterations: 7, isPrimed: true))
      #expect(block.iterations == 7)
      #expect(block.wallNanoseconds > 0)
    }
  }

  @Test(
    "A worker that knows another network of the name refuses, one that writes it otherwise does not"
  )
  func otherGraph() throws {
    let worker = try WorkerHost(command: [Self.program, "worker"])
    defer { worker.close() }
    var message = WorkerProtocol.Workload(try request("conv"))
    let text = try #require(message.graph)
    #expect(text.hasPrefix(Graph.canonicalForm))
    message.graph = text.replacing("groups=1", with: "groups=2")
    #expect {
      try worker.prepare(message)
    } throws: { error in
      guard case .workload(.failed, let reason) = error as? MeasuringError else { return false }
      return reason.contains("is not what it was when the run began")
    }
    for other in [text, "graph of another form\n", nil] {
      message.graph = other
      _ = try worker.prepare(message)
    }
  }

  @Test("A workload that goes away is released in the worker, and one left over harms nobody")
  func released() throws {
    let log = RequestLog()
    let worker = try WorkerHost(command: ["/bin/sh", "-c", log.command])
    defer { worker.close() }
    let block = BlockRequest(iterations: 1, isPrimed: false)
    let kept = try worker.prepare(request("conv"))
    do {
      let dropped = try worker.prepare(request("conv"))
      #expect(worker.workloadCount == 2)
      #expect(try dropped.time(block).iterations == 1)
    }
    #expect(worker.workloadCount == 1)
    #expect(try kept.time(block).iterations == 1)
    worker.close()
    #expect(throws: MeasuringError.self) { try kept.time(block) }
    let sent = try log.all()
    #expect(sent.map(\.op) == [.hello, .prepare, .prepare, .time, .release, .time, .quit])
    #expect(sent.compactMap(\.handle) == [2, 2, 1])
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
        // Each finds out for itself how memory is read fastest.
        if reading.level.kind == .read {
          (shape.isa, shape.loop) = ("", reading.loop.map { _ in "" })
        }
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
    var bad = try WorkerProtocol.Workload(request("conv"))
    bad.direction = .update
    #expect {
      try worker.prepare(bad)
    } throws: {
      guard case .workload(.unsupported, let reason)? = $0 as? MeasuringError else { return false }
      return reason.contains("update")
    }
    let workload = try worker.prepare(request("conv"))
    #expect(try workload.time(BlockRequest(iterations: 2, isPrimed: false)).iterations == 2)
  }

  @Test("What a worker is asked for goes by names and comes out the same")
  func names() throws {
    let backends: [any Backend] = [NaiveBackend(), WinogradBackend()]
    let plain = try makeRequest("conv", on: backends[0], batch: 4)
    var full = try makeRequest(
      "conv3", network: "caffenet-mini", on: backends[1], isa: .avx2, threads: 2, batch: 3,
      seed: 7, cache: .coldWeights)
    full.cpus = [1, 0]
    full.measuresReorders = true
    full.tiles = ["conv3": "4"]
    full.tile = "2"
    full.customBLAS = ["x": "/x"]
    let net = try makeRequest(
      nil, network: "lenet", on: backends[0], netPasses: [.inNet])
    for request in [plain, full, net] {
      let message = WorkerProtocol.Workload(request)
      let line = try JSONEncoder().encode(message)
      let read = try JSONDecoder().decode(WorkerProtocol.Workload.self, from: line)
      #expect(read == message)
      let graph = try read.resolveGraph()
      let again = try read.request(graph, backends: backends)
      #expect(WorkerProtocol.Workload(again) == message)
      #expect(again.place.graph.networkName == request.place.graph.networkName)
      #expect(again.place.batch == request.place.batch && again.place.node == request.place.node)
      #expect(again.place.passes == request.place.passes)
      #expect(again.customBLAS == request.customBLAS)
    }
    for name in ["naive#2", "naive@3"] {
      var copy = WorkerProtocol.Workload(plain)
      copy.backend = name
      #expect(try copy.request(copy.resolveGraph(), backends: backends).backend.name == "naive")
    }
  }

  @Test("Names that are not known, and numbers that make no sense, are refused with a sentence")
  func unknownNames() throws {
    func refuse(_ change: (inout WorkerProtocol.Workload) -> Void) throws {
      var message = try WorkerProtocol.Workload(request("conv"))
      change(&message)
      let backends = [WrappedBackend(name: "naive")]
      #expect {
        try message.request(message.resolveGraph(), backends: backends)
      } throws: { !"\($0)".isEmpty && !"\($0)".contains("\n") }
    }
    try refuse { $0.layer = "conw" }
    try refuse { $0.backend = "exakt" }
    try refuse { $0.direction = .update }
    try refuse { $0.threads = 0 }
    try refuse { $0.batch = 0 }
    try refuse { $0.problem = "c4" }
    try refuse {
      $0.problem = nil
      $0.network = "alexnut"
    }
  }

  @Test("A run over worker processes has a row per launch and a check of each")
  func launches() throws {
    var options = try smallOptions(passes: [.isolated])
    options.launches = 2
    options.backends = ["naive"]
    let record = try run(
      options, inWorkers: [WrappedBackend(name: "naive", threading: .single)])
    #expect(record.workloads.map(\.status) == [.ok])
    #expect(Set(record.samples.map(\.launch)) == [0, 1])
  }

  @Test("A program that is no worker, or not there, is an error with a sentence")
  func noWorker() {
    #expect(throws: MeasuringError.self) { try WorkerHost(command: ["/bin/echo", "hello"]) }
    #expect(throws: MeasuringError.self) { try WorkerHost(command: ["/bin/false"]) }
    #expect(throws: MeasuringError.self) {
      try WorkerHost(command: ["/proc/nonexistent/alexbench"])
    }
    #expect(throws: MeasuringError.self) { try WorkerHost(command: []) }
  }

  @Test("A peer of another protocol version is refused")
  func otherVersion() {
    let script = #"read line; echo '{"version": 99, "identity": {"program": "x", "processID": 1}}'"#
    #expect(throws: MeasuringError.protocolVersion(theirs: 99, ours: WorkerProtocol.version)) {
      try WorkerHost(command: ["/bin/sh", "-c", script])
    }
  }

  @Test("A worker of an earlier release is refused by a sentence about the versions")
  func earlierVersion() {
    // As a worker answers a version that it does not know: with an error, its own version, and
    // exit code 5.
    let old = WorkerProtocol.version - 1
    let answer = #"{"error":"the worker protocol is another one","version":\#(old)}"#
    for script in ["read line; echo '\(answer)'; exit 5", "read line; echo '\(answer)'; sleep 60"] {
      let error = #expect(throws: MeasuringError.self) {
        try WorkerHost(command: ["/bin/sh", "-c", script])
      }
      #expect(
        error.map { "\($0)" }
          == "the worker protocol is version \(WorkerProtocol.version) here and version \(old) "
          + "there; use programs of the same release")
    }
    // One that ends without a word.
    #expect(throws: MeasuringError.protocolVersion(theirs: 0, ours: WorkerProtocol.version)) {
      try WorkerHost(command: ["/bin/sh", "-c", "read line; exit 5"])
    }
  }

  @Test("A worker that does not tell that it reads descriptions with options is not asked for one")
  func withoutOptions() throws {
    let script = #"read line; echo '{"version": \#(WorkerProtocol.version)}'; read line"#
    var request = try request("conv")
    request.place.problem = nil
    request.place.description.state.stages = ["a b"]
    let message = WorkerProtocol.Workload(request)
    #expect(message.description == request.place.description)
    let worker = try WorkerHost(command: ["/bin/sh", "-c", script])
    defer { worker.close() }
    let error = try #require(throws: MeasuringError.self) { try worker.prepare(message) }
    #expect("\(error)".contains("--stage 'a b'"), "\(error)")
    // A network that is read as it stands needs no such worker.
    request.place.description = DescriptionOptions()
    #expect(WorkerProtocol.Workload(request).description == nil)
  }

  @Test("A worker whose child outlives it is seen to be gone, whatever the child holds open")
  func orphan() {
    // It ends by itself; the time is far longer than what is waited.
    let start = ContinuousClock.now
    #expect(throws: MeasuringError.worker("the worker ended at 'hello' with exit code 4")) {
      try WorkerHost(command: ["/bin/sh", "-c", "sleep 200 & exit 4"])
    }
    #expect(ContinuousClock.now - start < .seconds(150))
  }

  @Test(
    "A worker that runs out of memory is told from one that fails",
    arguments: [
      ("exit 3", "with exit code 3: the system gave it no memory"),
      ("kill -9 $$", "with signal 9, as the system does it when memory runs out"),
    ])
  func memory(end: String, sentence: String) {
    let error = #expect(throws: MeasuringError.self) {
      try WorkerHost(command: ["/bin/sh", "-c", "read line; \(end)"])
    }
    guard case .unavailable(let said) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(said.contains(sentence))
  }

  @Test("A worker that cannot be started is not available; what the system refuses there either")
  func unavailable() {
    #expect(
      throws: MeasuringError.unavailable(
        "no worker: cannot start '/nowhere/x': No such file or directory")
    ) {
      try WorkerHost(command: ["/nowhere/x"])
    }
    let hello = #"{"version":\#(WorkerProtocol.version)}"#
    let script =
      "read line; echo '\(hello)'; read line; echo '{\"error\":\"no threads\",\"isUnavailable\":true}'"
    #expect(throws: MeasuringError.unavailable("no threads")) {
      let host = try WorkerHost(command: ["/bin/sh", "-c", script])
      _ = try host.roofs(RoofRequest(threads: 1, cpus: []))
    }
  }

  @Test("A worker that reads nothing is given up, also when the request is long")
  func deaf() throws {
    let child = try ChildProcess(command: ["/bin/sleep", "100"])
    let channel = LineChannel(input: child.output, output: child.input)
    #expect(throws: LineChannel.Timeout.self) {
      try channel.write(Data(count: 1 << 20), timeout: .milliseconds(200)) { !child.isRunning }
    }
    // It ends, and what it started keeps the pipe.
    #expect(child.wait(within: .zero) == .signal(SIGKILL))
    let left = try ChildProcess(
      command: ["/bin/bash", "-c", "sleep 100 <&0 & exit 0"])
    let leftChannel = LineChannel(input: left.output, output: left.input)
    #expect(throws: LineChannel.Closed.self) {
      try leftChannel.write(Data(count: 1 << 20)) { !left.isRunning }
    }
    #expect(left.wait(within: .zero) == .exit(0))
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

  @Test("A handle is good until it is released, and then the workload is gone")
  func handles() throws {
    func line(_ op: WorkerProtocol.Operation, _ handle: Int? = nil) throws -> String {
      var request = WorkerProtocol.Request(op: op)
      if op == .prepare { request.workload = WorkerProtocol.Workload(try self.request("conv")) }
      request.handle = handle
      request.block = BlockRequest(iterations: 1, isPrimed: false)
      request.file = "/dev/null"
      return String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    }
    let host = CountingHost()
    let replies = try serve(
      [
        hello, line(.prepare), line(.prepare), line(.time, 2), line(.release, 1), line(.time, 2),
        line(.time, 1), line(.outputs, 1), line(.release, 1), line(.release, 99), line(.prepare),
      ], host: host
    ).replies
    #expect(replies.compactMap(\.prepared?.handle) == [1, 2, 3])
    #expect(replies.compactMap(\.block?.faults) == [2, 1], "workloads alive")
    #expect(
      replies.compactMap(\.error)
        == [1, 1, 1, 99].map { MeasuringError.unknownHandle($0).description })
    #expect(host.aliveCount == 0, "the session is over")
    #expect(try serve([hello, line(.prepare), #"{"op":"quit"}"#], host: host).end == .quit)
    #expect(host.aliveCount == 0)
  }

  private var hello: String { "{\"op\":\"hello\",\"version\":\(WorkerProtocol.version)}" }

  /// Feeds lines to a server in this process.
  private func serve(
    _ lines: [String], host: any WorkloadHost = LocalHost { _ in [] }
  ) throws -> (end: WorkerServer.End, replies: [WorkerProtocol.Reply]) {
    let input = Pipe()
    let output = Pipe()
    try input.fileHandleForWriting.write(
      contentsOf: Data(lines.map { $0 + "\n" }.joined().utf8))
    try input.fileHandleForWriting.close()
    let server = WorkerServer(
      host: host, backends: { _ in [WrappedBackend(name: "naive")] },
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

/// Counts the workloads that are alive, and computes nothing.
private final class CountingHost: WorkloadHost {
  fileprivate(set) var aliveCount = 0

  func prepare(_ request: WorkloadRequest) -> any Workload { CountedWorkload(self) }
  func close() {}
}

private final class CountedWorkload: Workload {
  let facts = PreparedFacts()
  private let host: CountingHost

  init(_ host: CountingHost) {
    self.host = host
    host.aliveCount += 1
  }

  deinit { host.aliveCount -= 1 }

  func outputs(images: [Int]?) -> [BlobValues] { [] }

  /// The number of page faults is that of workloads alive.
  func time(_ block: BlockRequest) -> BlockMeasurement {
    BlockMeasurement(
      iterations: block.iterations, startNanoseconds: 0, wallNanoseconds: 1, cpuUserNanoseconds: 0,
      cpuSystemNanoseconds: 0, faults: host.aliveCount, switches: 0, migrations: 0,
      stealNanoseconds: nil, clockGHz: 1, isContaminated: false, isSteady: true)
  }

  func timeSteps(_ block: BlockRequest) -> StepMeasurement {
    StepMeasurement(block: time(block), stepNanoseconds: [])
  }
}
