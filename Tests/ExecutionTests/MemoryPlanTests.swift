import Execution
import Networks
import Tensors
import Testing

@Suite("MemoryPlan")
struct MemoryPlanTests {
  @Test("No step of a random graph finds its input overwritten", arguments: 0..<200)
  func isSound(seed: Int) throws {
    let graph = try randomGraph(seed: seed)
    let steps = randomSteps(for: graph, seed: seed)
    for sharing in [false, true] {
      let plan = MemoryPlan(graph: graph, steps: steps, sharing: sharing)
      let problems = Simulation(graph: graph, steps: steps, plan: plan, sharing: sharing).problems
      #expect(problems.isEmpty, "sharing: \(sharing)")
    }
  }

  @Test("Sharing memory never needs more, and much less for AlexNet")
  func saves() throws {
    for seed in 0..<50 {
      let graph = try randomGraph(seed: seed)
      let steps = randomSteps(for: graph, seed: seed)
      let shared = MemoryPlan(graph: graph, steps: steps, sharing: true)
      let apart = MemoryPlan(graph: graph, steps: steps, sharing: false)
      #expect(shared.floatCount <= apart.floatCount)
    }
    let network = try #require(NetworkCatalog.network(named: "alexnet"))
    let graph = try network.graph(batch: 1)
    let steps = plainSteps(for: graph)
    let shared = MemoryPlan(graph: graph, steps: steps, sharing: true)
    let apart = MemoryPlan(graph: graph, steps: steps, sharing: false)
    #expect(Simulation(graph: graph, steps: steps, plan: shared, sharing: true).problems.isEmpty)
    #expect(shared.floatCount * 2 < apart.floatCount)
    // The input lives throughout; beside it the largest layer needs its input and its output.
    let norm1 = 2 * 96 * 55 * 55
    #expect(shared.floatCount >= 3 * 227 * 227 + norm1)
  }

  private static func chain(_ specs: [LayerSpec], readers: [String: String] = [:]) throws -> Graph {
    var layers: [Layer] = []
    for (index, spec) in specs.enumerated() {
      let name = "v\(index + 1)"
      layers.append(
        Layer(name: name, spec: spec, bottoms: [readers[name] ?? "v\(index)"], tops: [name]))
    }
    let input = Network.Input(blob: "v0", shape: Shape(n: 1, c: 2, h: 4, w: 4))
    return try Network(name: "chain", inputs: [input], layers: layers).graph()
  }

  private static func offsets(_ graph: Graph, sharing: Bool = true) -> [Int?] {
    let plan = MemoryPlan(graph: graph, steps: plainSteps(for: graph), sharing: sharing)
    return graph.values.indices.map { plan.offsets[Operand(value: $0, layout: .nchw)] }
  }

  private static let relu = LayerSpec.relu(ReLUSpec())
  private static let dropout = LayerSpec.dropout(DropoutSpec())
  private static let norm = LayerSpec.lrn(LRNSpec())

  @Test("A step that may run in place does, but not on the network's input")
  func inPlace() throws {
    let offsets = Self.offsets(try Self.chain([Self.relu, Self.relu, Self.norm]))
    #expect(offsets[0] != offsets[1])
    #expect(offsets[1] == offsets[2])
    #expect(offsets[2] != offsets[3])
  }

  @Test("An elided step's output is its input, with and without sharing")
  func elided() throws {
    for sharing in [false, true] {
      let graph = try Self.chain([Self.norm, Self.dropout, Self.norm])
      let offsets = Self.offsets(graph, sharing: sharing)
      #expect(offsets[1] == offsets[2])
      #expect(Set(offsets).count == 3)
    }
  }

  @Test("An elided copy of the network's input is not overwritten")
  func elidedInput() throws {
    let offsets = Self.offsets(try Self.chain([Self.dropout, Self.relu]))
    #expect(offsets[0] == offsets[1])
    #expect(offsets[2] != offsets[0])
  }

  @Test("A value that is read again later is not overwritten through its elided copy")
  func elidedBranch() throws {
    // v1 = norm(v0), v2 = dropout(v1), v3 = relu(v2), v4 = norm(v1)
    let graph = try Self.chain(
      [Self.norm, Self.dropout, Self.relu, Self.norm], readers: ["v4": "v1"])
    let offsets = Self.offsets(graph)
    #expect(offsets[1] == offsets[2])
    #expect(offsets[3] != offsets[2])
  }

  @Test("Without sharing every operand keeps its own memory")
  func apart() throws {
    let graph = try Self.chain([Self.relu, Self.relu, Self.norm, Self.relu])
    #expect(Set(Self.offsets(graph, sharing: false)).count == 5)
  }
}
