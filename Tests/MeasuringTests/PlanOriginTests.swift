import Backends
import Kernels
import Measuring
import Networks
import Results
import Testing

/// Where the choices of a plan come from, and what a run makes of it.
@Suite struct PlanOriginTests {
  private static let own = PlanOrigin(
    hostClass: HostFingerprint.collect().hostClass, program: BuildFingerprint.executable ?? "",
    graph: "")

  private func graphHash(_ network: String) throws -> String {
    ContentHash.of(try #require(NetworkCatalog.network(named: network)).graph(batch: 1))
  }

  private func matrix(_ origins: PlanOrigin...) throws -> RunMatrix {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.backends = ["winograd"]
    options.plan = origins.enumerated().map { index, origin in
      PlanRow(
        key: WorkloadKey(
          runID: "", network: "caffenet-mini", layerIndex: 4, layer: "conv2", stage: "conv2",
          kind: "convolution", direction: .forward, backend: "winograd",
          isa: InstructionSet.best.rawValue, threads: 1, batch: 1, pass: .net, cache: .warm),
        tile: "\(index + 2)", nanoseconds: 1, isChosen: true, origin: origin)
    }
    return try RunMatrix(options, backends: BackendCatalog.all())
  }

  @Test("Choices of this host, this program and this network need no word")
  func here() throws {
    var origin = Self.own
    origin.graph = try graphHash("caffenet-mini")
    let matrix = try matrix(origin)
    #expect(matrix.warnings.isEmpty && matrix.options.plan.count == 1)
    #expect(matrix.inputs.map(\.graph) == [origin.graph] && matrix.inputs[0].path == nil)
  }

  @Test("Those of another network of that name are refused")
  func otherNetwork() throws {
    var origin = Self.own
    origin.graph = try graphHash("alexnet-mini")
    #expect {
      try matrix(origin)
    } throws: { error in
      "\(error)".contains("the plan was made for another network 'caffenet-mini'")
    }
  }

  @Test("Those of another host, another build or an earlier version are used with a warning")
  func elsewhere() throws {
    var origin = Self.own
    origin.hostClass = "elsewhere"
    #expect(try matrix(origin).warnings.map { $0.contains("hosts, elsewhere") } == [true])
    origin = Self.own
    origin.program = "0"
    #expect(try matrix(origin).warnings.map { $0.contains("another build") } == [true])
    #expect(try matrix(PlanOrigin()).warnings.map { $0.contains("does not say") } == [true])
  }

  @Test("Of one condition those of this host are taken")
  func preferred() throws {
    var other = Self.own
    other.hostClass = "elsewhere"
    let matrix = try matrix(other, Self.own)
    #expect(matrix.options.plan.map(\.tile) == ["3"] && matrix.warnings.isEmpty)
  }

  @Test("Tuning again replaces choices of this host and those of unknown origin")
  func replaced() throws {
    var other = Self.own
    other.hostClass = "elsewhere"
    func rows(_ origins: PlanOrigin...) throws -> [PlanRow] {
      try origins.flatMap { try matrix($0).options.plan }
    }
    let plan = try rows(other, Self.own, PlanOrigin()).replaced(by: rows(Self.own))
    #expect(plan.map(\.origin) == [other, Self.own])
  }
}
