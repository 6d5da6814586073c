import Foundation
import Measuring
import Networks
import Results
import Testing

@Suite("Answers of a worker that cannot be")
struct WorkerReplyTests {
  private static let block =
    #"{"iterations":3,"startNanoseconds":1,"wallNanoseconds":WALL,"cpuUserNanoseconds":0,"#
    + #""cpuSystemNanoseconds":0,"faults":FAULTS,"switches":0,"migrations":0}"#

  private func reply(
    _ text: String, to op: WorkerProtocol.Operation
  ) throws(MeasuringError) -> WorkerProtocol.Reply {
    try WorkerProtocol.Reply(line: Data(text.utf8), to: op)
  }

  private func block(wall: String, faults: String = "0", calls: Int = 3) throws -> Int {
    let text = Self.block.replacing("WALL", with: wall).replacing("FAULTS", with: faults)
    return try reply("{\"block\":\(text)}", to: .time)
      .block(for: BlockRequest(iterations: calls, isPrimed: true)).wallNanoseconds
  }

  @Test("A time that no sum of times could hold is refused, as are negative counts")
  func blocks() throws {
    #expect(try block(wall: "12345") == 12345)
    for wall in ["0", "-1", "\(Int.max)", "\(1 << 53)"] {
      #expect(throws: MeasuringError.self, "\(wall)") { try block(wall: wall) }
    }
    #expect(throws: MeasuringError.self) { try block(wall: "5", faults: "-1") }
    #expect(throws: MeasuringError.self) { try block(wall: "5", calls: 4) }
  }

  @Test("Steps that name layers or values outside of the graph are refused")
  func steps() throws {
    let graph = try #require(try NetworkCatalog.resolve("lenet")).graph(batch: 1)
    func flaw(nodes: [Int], inputs: [Int], outputs: [Int]) -> String? {
      var facts = PreparedFacts()
      facts.coverage = graph.nodes.map { LayerCoverage(layer: $0.layer.name) }
      facts.steps = [
        StepFacts(
          nodes: nodes, isElided: false, inputs: inputs, outputs: outputs, facts: WorkloadFacts())
      ]
      return facts.flaw(in: graph)
    }
    #expect(flaw(nodes: [0], inputs: [0], outputs: [1]) == nil)
    #expect(flaw(nodes: [], inputs: [0], outputs: [0]) == nil)
    #expect(flaw(nodes: [], inputs: [], outputs: []) != nil)
    #expect(flaw(nodes: [graph.nodes.count], inputs: [0], outputs: [1]) != nil)
    #expect(flaw(nodes: [0], inputs: [-1], outputs: [1]) != nil)
    #expect(flaw(nodes: [0], inputs: [0], outputs: [graph.values.count]) != nil)
  }

  @Test("A workload with an impossible tile, factor or time is refused")
  func workloads() throws {
    func prepared(_ more: String) throws -> Int {
      let text = #"{"prepared":{"handle":7,"facts":{"implementation":"x"}"# + more + "}}"
      return try reply(text, to: .prepare).workload().handle
    }
    #expect(try prepared("") == 7)
    for more in [
      #","errorTile":0"#, #","errorAmplification":0"#, #","errorAmplification":-1"#,
      #","candidates":[{"layer":"c","tile":"4","nanoseconds":-1,"isChosen":true}]"#,
    ] {
      #expect(throws: MeasuringError.self, "\(more)") { try prepared(more) }
    }
  }

  @Test("A file of numbers is held against what the answer says of it")
  func values() throws {
    func count(_ count: Int, in data: Data?) throws -> Int {
      let text = "{\"blobs\":[{\"value\":1,\"blob\":\"b\",\"count\":\(count)}]}"
      return try reply(text, to: .outputs).values(in: data)[0].values.count
    }
    #expect(try count(2, in: Data(count: 8)) == 2)
    for wrong in [1, 3, -2, Int.max, Int.min] {
      #expect(throws: MeasuringError.self, "\(wrong)") { try count(wrong, in: Data(count: 8)) }
    }
    #expect(throws: MeasuringError.self) { try count(2, in: nil) }
  }

  @Test("A program that sends no end of line is not listened to for ever")
  func endlessLine() throws {
    let error = #expect(throws: MeasuringError.self) {
      try WorkerHost(
        command: ["/bin/sh", "-c", "read line; head -c 70000000 /dev/zero"],
        timeout: .seconds(60))
    }
    #expect(try #require(error).description.contains("without an end of line"))
  }
}
