import Backends
import CSupport
import Execution
import Foundation
import Measuring
import Networks
import Results
import Testing

@Suite("Programs as backends")
struct ProgramTests {
  private let naive = WrappedBackend(name: "naive")

  private func row(_ record: RunRecord, _ backend: String, _ layer: String) -> WorkloadRow? {
    record.workloads.first { $0.key.backend == backend && $0.key.layer == layer }
  }

  @Test(
    "The example of the article is checked and timed in the rounds of the others",
    .enabled(if: Programs.hasPython, "python3 is not installed"))
  func example() throws {
    var options = RunOptions()
    options.networks = ["alexnet-mini"]
    options.layers = ["conv1", "relu6", "drop6", "fc7", "fc8"]
    options.passes = [.isolated]
    options.rounds = 2
    options.batches = [1, 5]
    options.warmUpNanoseconds = 0
    let record = try run(options, routing: [naive, Programs.example])
    #expect(record.workloads.count == 20)
    for layer in ["relu6", "fc7", "fc8"] {
      for batch in [1, 5] {
        let timed = try #require(
          record.workloads.first {
            $0.key.backend == "example" && $0.key.layer == layer && $0.key.batch == batch
          })
        #expect(timed.status == .ok, "\(timed.reason)")
        #expect(timed.facts.implementation == "f32-plain-python")
        #expect(timed.check.maxAbsError != nil)
        let samples = record.samples.filter { $0.key == timed.key }
        #expect(samples.allSatisfy { $0.block.wallNanoseconds > 0 && $0.block.clockGHz > 0 })
        #expect(samples.count >= 2)
      }
    }
    let conv = try #require(row(record, "example", "conv1"))
    #expect(conv.status == .unsupported)
    #expect(conv.reason == "it has no 'convolution' of this kind")
    #expect(row(record, "example", "drop6")?.status == .elided)
    #expect(row(record, "naive", "drop6")?.status == .elided)
  }

  @Test("A program takes turns with the backends of this process, and its steps are timed")
  func interleaved() throws {
    let own = WrappedBackend(name: "own")
    let record = try run(
      smallOptions(passes: [.isolated, .inNet, .net]), routing: [own, Programs.worker("naive")])
    #expect(record.workloads.allSatisfy { $0.status == .ok })
    for layer in ["conv", "net"] {
      for pass in Pass.allCases where (pass == .net) == (layer == "net") {
        let samples = record.samples.filter { $0.key.layer == layer && $0.key.pass == pass }
        let rounds = Dictionary(grouping: samples, by: \.round)
        #expect(rounds.count >= 2)
        #expect(rounds.values.allSatisfy { Set($0.map(\.key.backend)) == ["own", "naive"] })
      }
    }
  }

  @Test("One that tells no steps has its net timed, and a reason in the pass that looks inside")
  func noSteps() throws {
    let silent = Programs.worker("naive", filter: #" | sed -u 's/,"steps":\[.*\]}}$/}}/'"#)
    let both = try run(smallOptions(passes: [.inNet, .net]), routing: [silent])
    #expect(both.workloads.map(\.key.pass) == [.net, .inNet])
    #expect(both.workloads.map(\.status) == [.ok, .skipped])
    #expect(both.workloads[1].reason == "naive does not tell how long its steps take")
    #expect(Set(both.samples.map(\.key.pass)) == [.net])
    let inside = try run(smallOptions(passes: [.inNet]), routing: [silent])
    #expect(inside.workloads.allSatisfy { $0.status == .skipped })
    #expect(!inside.hasAnyResult)
  }

  @Test(
    "What goes wrong in a program stands in its row, and the others are measured",
    arguments: [
      (Programs.fake(prepare: "exit 7"), "ended at 'prepare' with exit code 7"),
      (Programs.fake(prepare: "kill -9 $$"), "ended at 'prepare' with signal 9"),
      (Programs.fake(prepare: "echo hello"), "something that is no reply: hello"),
      (Programs.fake(prepare: "echo '{}'"), "lacks 'prepared'"),
      (
        Programs.fake(prepare: #"echo '{"prepared":{"handle":1,"facts":{}}}'"#),
        "something that is no reply"
      ),
      (Programs.fake(prepare: #"echo '{"error":"no memory"}'"#), "no memory"),
      (Programs.fake(), "ended at 'outputs' with exit code 9"),
      (Programs.fake(outputs: Programs.blobs(value: 1, count: 486)), "no file of blobs"),
      (
        Programs.fake(outputs: ": > \"$file\"; " + Programs.blobs(value: 1, count: 486)),
        "0 bytes of blobs where its reply says 1944"
      ),
      (
        Programs.fake(outputs: ": > \"$file\"; " + Programs.blobs(value: 99, count: 0)),
        "it gave a value 99, of which there are 2"
      ),
      (
        Programs.fake(outputs: #": > "$file"; echo '{"blobs":[]}'"#),
        "it did not give blob 'conv'"
      ),
      (
        Programs.fake(
          outputs: "head -c 1944 /dev/zero > \"$file\"; " + Programs.blobs(value: 1, count: 486)),
        "times its error bound"
      ),
      (Programs.shell("fake", "exit 3"), "ended at 'hello' with exit code 3"),
      (Programs.shell("fake", "read line; echo hello"), "something that is no reply: hello"),
    ] as [(ProgramBackend, String)])
  func failures(program: ProgramBackend, reason: String) throws {
    let record = try run(smallOptions(passes: [.isolated]), routing: [program, naive])
    let failed = try #require(row(record, "fake", "conv"))
    #expect(failed.status == .failed)
    #expect(failed.reason.contains(reason), "\(failed.reason)")
    #expect(row(record, "naive", "conv")?.status == .ok)
    #expect(record.samples.contains { $0.key.backend == "naive" })
    #expect(!record.samples.contains { $0.key.backend == "fake" })
  }

  @Test("One that dies while it is timed is out, and is started again for the next workload")
  func dies() throws {
    // Answers to hello, prepare, outputs and one block. The shell ends itself: a worker that answers
    // before sed has closed the pipe would wait for the next request for ever.
    let mortal = Programs.worker("naive", filter: " | (sed -u 4q; kill $$)")
    let own = WrappedBackend(name: "own")
    let record = try run(smallOptions(passes: [.isolated, .net]), routing: [mortal, own])
    for layer in ["conv", "net"] {
      let dead = try #require(row(record, "naive", layer))
      #expect(dead.status == .failed)
      #expect(dead.reason.contains("ended at 'time'"), "\(dead.reason)")
      #expect(record.workloads.contains { $0.key.backend == "own" && $0.status == .ok })
    }
  }

  @Test("One that hangs is ended after a while, and not tried again")
  func hangs() throws {
    let hanging = Programs.fake(prepare: "echo $$ >> /dev/null; exec sleep 600")
    let start = ContinuousClock.now
    let record = try run(
      smallOptions(passes: [.isolated, .net]), routing: [hanging, naive],
      timeout: .milliseconds(300))
    #expect(ContinuousClock.now - start < .seconds(60))
    let rows = record.workloads.filter { $0.key.backend == "fake" }
    #expect(rows.map(\.status) == [.failed, .failed])
    #expect(
      rows.allSatisfy { $0.reason.contains("did not answer 'prepare' within 0.3 s and was ended") })
    #expect(record.workloads.filter { $0.key.backend == "naive" }.allSatisfy { $0.status == .ok })
  }

  @Test("What a program leaves behind neither hides its end nor outlives it")
  func orphans() throws {
    // The child holds on to everything that the program had open.
    let program = Programs.fake(prepare: "sleep 600 & exit 7")
    let start = ContinuousClock.now
    let record = try run(
      smallOptions(passes: [.isolated]), routing: [program, naive], timeout: .seconds(500))
    #expect(ContinuousClock.now - start < .seconds(100))
    #expect(row(record, "fake", "conv")?.reason.contains("exit code 7") == true)
    #expect(row(record, "naive", "conv")?.status == .ok)
  }

  @Test("One of another version ends the run")
  func otherVersion() throws {
    let other = Programs.shell("fake", #"read line; echo '{"version": 99}'"#)
    let options = try smallOptions()
    #expect(throws: MeasuringError.protocolVersion(theirs: 99, ours: WorkerProtocol.version)) {
      try run(options, routing: [other, naive])
    }
  }

  @Test("A slow-down makes a program's blocks longer by its share")
  func slowDown() throws {
    // 1 ms for every block.
    let answer =
      #"{"iterations":1,"startNanoseconds":1,"wallNanoseconds":1000000,"cpuUserNanoseconds":0,"#
      + #""cpuSystemNanoseconds":0,"faults":0,"switches":0,"migrations":0}"#
    let program = Programs.fake(time: "echo '{\"block\":\(answer)}'")
    let host = RoutingHost(base: LocalHost { _ in [] })
    defer { host.close() }
    let request = try makeRequest("conv", on: program)
    let workload = try host.prepare(request)
    let block = BlockRequest(iterations: 1, isPrimed: true)
    let measured = try workload.time(block)
    #expect(measured.wallNanoseconds == 1_000_000)
    #expect(measured.clockGHz > 0)
    let slowed = [SlowDown(layer: "conv", percent: 50)].applied(
      to: workload, request.place, backend: "fake"
    ) { Issue.record("\($0)") }
    #expect(try slowed.time(block).wallNanoseconds >= 1_500_000)
    // A block of other than what was asked for is none.
    #expect(throws: MeasuringError.self) {
      try workload.time(BlockRequest(iterations: 2, isPrimed: true))
    }
  }

  @Test("The request of a program has the graph with all that there is to know")
  func model() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = Programs.fake(
      prepare: "printf '%s' \"$line\" > '\(folder.path)/line'; "
        + "cp \"$file\" '\(folder.path)/numbers'; \(Programs.prepared)")
    let host = RoutingHost(base: LocalHost { _ in [] })
    defer { host.close() }
    func ask(_ request: WorkloadRequest) throws -> WorkerProtocol.Request {
      _ = try host.prepare(request)
      let line = try Data(contentsOf: folder.appendingPathComponent("line"))
      return try JSONDecoder().decode(WorkerProtocol.Request.self, from: line)
    }
    // So small that it would take more copies than anyone makes.
    #expect {
      try host.prepare(makeRequest("conv", on: program, cache: .coldWeights))
    } throws: {
      guard case .workload(.skipped, _)? = $0 as? MeasuringError else { return false }
      return true
    }
    let cold = try makeRequest(
      "conv", problem: "c64 h9 k64 r3 p1", on: program, cache: .coldWeights)
    let copies = try ask(cold).workload?.model?.weightCopies ?? 0
    #expect(copies > 1)
    let copy = RepeatedBackend(base: program, name: "fake#2")
    let message = try ask(makeRequest("conv", on: copy, seed: 5))
    #expect(message.op == .prepare)
    let workload = try #require(message.workload)
    #expect(workload.backend == "fake")
    #expect(!workload.cpus.isEmpty)
    let model = try #require(workload.model)
    #expect(!FileManager.default.fileExists(atPath: model.file), "it goes away with the answer")
    #expect(model.weightCopies == 1)
    #expect(model.values.map(\.blob) == ["data", "conv"])
    #expect(model.values.map(\.shape) == [[1, 4, 9, 9], [1, 6, 9, 9]])
    #expect(model.inputs == [0] && model.outputs == [1])
    let node = try #require(model.nodes.first)
    #expect(model.nodes.count == 1 && node.layer == "conv" && node.kind == "convolution")
    #expect(node.inputs == [0] && node.outputs == [1])
    #expect(
      node.parameters == [
        "outputs": .integer(6), "kernel": .integers([3, 3]), "stride": .integers([1, 1]),
        "pad": .integers([1, 1]), "dilation": .integers([1, 1]), "groups": .integer(1),
      ])
    let graph = try Problem(smallProblem).network.graph(batch: 1)
    let weights = try #require(
      try SeededWeights(seed: 5).weights(of: graph.nodes[0], in: graph))
    let input = SeededInput.operand(
      seed: 5, of: graph.nodes[0], position: 0, in: graph)
    let numbers = try Data(contentsOf: folder.appendingPathComponent("numbers"))
    func values(_ place: ProgramModel.Place?) throws -> [Float] {
      let place = try #require(place)
      return (0..<place.shape.reduce(1, *)).map { index in
        numbers.withUnsafeBytes {
          Float(
            bitPattern: UInt32(
              littleEndian: $0.loadUnaligned(
                fromByteOffset: place.byteOffset + 4 * index, as: UInt32.self)))
        }
      }
    }
    #expect(try values(model.values[0].input) == input.values)
    #expect(try values(node.weight) == weights.weight.values)
    #expect(try values(node.bias) == weights.bias?.values)
    #expect(node.weight?.shape == [6, 4, 3, 3] && node.bias?.shape == [6])
  }

  @Test("Parameters go through JSON unchanged, numbers of no fraction aside")
  func parameters() throws {
    let all: [String: LayerParameter] = [
      "a": .flag(true), "b": .integer(3), "c": .real(0.1), "d": .text("max"),
      "e": .integers([1, 2]), "f": .reals([0.5, -0.1]),
    ]
    let data = try JSONEncoder().encode(all)
    #expect(try JSONDecoder().decode([String: LayerParameter].self, from: data) == all)
  }

  @Test("A program at another number of threads is another process, until nothing is left in it")
  func threads() throws {
    let program = Programs.fake(
      prepare: #"echo "{\"prepared\":{\"handle\":$$,\"facts\":{\"implementation\":\"$$\"}}}""#)
    let host = RoutingHost(base: LocalHost { _ in [] })
    defer { host.close() }
    var alive: [any Workload] = []
    func process(threads: Int) throws -> String {
      alive.append(try host.prepare(makeRequest("conv", on: program, threads: threads)))
      return alive[alive.count - 1].facts.facts.implementation
    }
    let one = try process(threads: 1)
    #expect(try process(threads: 1) == one)
    let two = try process(threads: 2)
    #expect(two != one)
    #expect(try process(threads: 1) == one, "its workloads are still there")
    // Any but the one that is asked for makes room once it holds nothing.
    alive = []
    #expect(try process(threads: 2) == two)
    #expect(try process(threads: 1) != one)
    #expect(try process(threads: 2) == two)
  }

  @Test("A workload of a process that died fails, and the next one is in a new process")
  func generations() throws {
    let mortal = Programs.worker("naive", filter: " | (sed -u 3q; kill $$)")
    let host = RoutingHost(base: LocalHost { _ in [] })
    defer { host.close() }
    func expectFailed(_ body: () throws -> Void) {
      #expect {
        try body()
      } throws: {
        guard case .workload(.failed, _)? = $0 as? MeasuringError else { return false }
        return true
      }
    }
    let request = try makeRequest("conv", on: mortal)
    let old = try host.prepare(request)
    // The third answer is its last one.
    #expect(try !old.outputs(images: nil).isEmpty)
    expectFailed { _ = try old.outputs(images: nil) }
    let new = try host.prepare(request)
    expectFailed { _ = try old.outputs(images: nil) }
    #expect(try !new.outputs(images: nil).isEmpty)
  }

  @Test("The processor time of another process is seen, until it is gone")
  func processorTime() throws {
    let busy = Process()
    busy.executableURL = URL(fileURLWithPath: "/bin/sh")
    // It ends by itself, should nobody be left to end it.
    busy.arguments = ["-c", "i=0; while [ $i -lt 5000000 ]; do i=$((i + 1)); done"]
    try busy.run()
    let start = alex_other_process_cpu_ns(busy.processIdentifier)
    #expect(start >= 0)
    let deadline = ContinuousClock.now + .seconds(60)
    var now = start
    while now < start + 1_000_000, ContinuousClock.now < deadline {
      now = alex_other_process_cpu_ns(busy.processIdentifier)
    }
    #expect(now >= start + 1_000_000)
    // Any other signal may be blocked, as it is in this thread.
    kill(busy.processIdentifier, SIGKILL)
    busy.waitUntilExit()
    #expect(alex_other_process_cpu_ns(busy.processIdentifier) == -1)
  }
}
