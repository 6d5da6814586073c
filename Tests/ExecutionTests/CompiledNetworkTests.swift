import Execution
import Networks
import Tensors
import Testing

/// out = factor · in + 1 on row-major or blocked memory; counts its runs.
private final class AffineStep: Step {
  let info: StepInfo
  let factor: Float
  private(set) var runs = 0
  private(set) var workspace: UnsafeMutableRawPointer?
  private var bindings: Bindings?
  private let count: Int

  init(
    node: Int, in graph: Graph, layout: Layout, factor: Float, workspaceByteCount: Int,
    weightByteCount: Int
  ) {
    let operands = graph.nodes[node]
    var info = StepInfo(
      kind: .relu, nodes: [node], inputs: [Operand(value: operands.inputs[0], layout: layout)],
      outputs: [Operand(value: operands.outputs[0], layout: layout)], implementation: "affine",
      kernelID: "test", isa: "test")
    info.canRunInPlace = true
    info.workspaceByteCount = workspaceByteCount
    info.weightByteCount = weightByteCount
    self.info = info
    self.factor = factor
    count = layout.elementCount(of: graph.inputShape(of: operands))
  }

  func bind(_ bindings: Bindings) {
    self.bindings = bindings
    workspace = bindings.workspace
  }

  func run() {
    guard let bindings else { return }
    runs += 1
    for index in 0..<count { bindings.outputs[0][index] = factor * bindings.inputs[0][index] + 1 }
  }
}

@Suite("CompiledNetwork")
struct CompiledNetworkTests {
  private static let shape = Shape(n: 2, c: 5, h: 3, w: 2)
  private static let image = (0..<60).map { Float($0) - 30 }

  /// a → b → (dropout) c → d
  private static func graph() throws -> Graph {
    let specs: [(String, LayerSpec)] = [
      ("a", .relu(ReLUSpec())), ("b", .relu(ReLUSpec())), ("c", .dropout(DropoutSpec())),
      ("d", .relu(ReLUSpec())),
    ]
    var bottom = "data"
    var layers: [Layer] = []
    for (name, spec) in specs {
      layers.append(Layer(name: name, spec: spec, bottoms: [bottom], tops: [name]))
      bottom = name
    }
    let input = Network.Input(blob: "data", shape: shape)
    return try Network(name: "chain", inputs: [input], layers: layers).graph()
  }

  private static func steps(_ graph: Graph, layout: Layout = .nchw) -> [any Step] {
    func affine(_ node: Int, _ factor: Float, workspace: Int) -> AffineStep {
      AffineStep(
        node: node, in: graph, layout: layout, factor: factor, workspaceByteCount: workspace,
        weightByteCount: 100)
    }
    return [
      affine(0, 2, workspace: 40), affine(1, 3, workspace: 1001),
      ElidedStep(node: 2, in: graph, layout: layout), affine(3, 5, workspace: 0),
    ]
  }

  private static let want: [[Float]] = {
    let a = image.map { 2 * $0 + 1 }
    let b = a.map { 3 * $0 + 1 }
    return [image, a, b, b, b.map { 5 * $0 + 1 }]
  }()

  @Test(
    "Results are right in both kinds of memory and in any layout, run after run",
    arguments: [CompiledNetwork.Memory.keepAll, .liveness],
    [Layout.nchw, .blockedChannels(block: 4)])
  func results(memory: CompiledNetwork.Memory, layout: Layout) throws {
    let graph = try Self.graph()
    let compiled = CompiledNetwork(
      graph: graph, steps: Self.steps(graph, layout: layout), memory: memory)
    compiled.setInput(0, to: Tensor(Self.shape, values: Self.image))
    for _ in 0..<3 {
      compiled.run()
      #expect(compiled.values(of: Operand(value: 4, layout: layout)) == Self.want[4])
    }
    #expect(compiled.values(of: Operand(value: 0, layout: layout)) == Self.want[0])
  }

  @Test("With all operands kept, each can be read after the run")
  func keepsAll() throws {
    let graph = try Self.graph()
    let compiled = CompiledNetwork(graph: graph, steps: Self.steps(graph), memory: .keepAll)
    compiled.setInput(0, to: Tensor(Self.shape, values: Self.image))
    compiled.run()
    for value in 0...4 {
      #expect(compiled.values(of: Operand(value: value, layout: .nchw)) == Self.want[value])
    }
  }

  @Test("A look after each step sees that step's output, in order")
  func looksAfterEachStep() throws {
    let graph = try Self.graph()
    let compiled = CompiledNetwork(graph: graph, steps: Self.steps(graph), memory: .liveness)
    compiled.setInput(0, to: Tensor(Self.shape, values: Self.image))
    var seen: [Int] = []
    compiled.run { step in
      seen += step.info.nodes
      #expect(compiled.values(of: step.info.outputs[0]) == Self.want[step.info.outputs[0].value])
    }
    #expect(seen == [0, 1, 2, 3])
  }

  @Test("An error of the look ends the run")
  func passesErrorsOn() throws {
    struct Stop: Error {}
    let graph = try Self.graph()
    let steps = Self.steps(graph)
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
    #expect(throws: Stop.self) { try compiled.run { _ in throw Stop() } }
    #expect(steps.compactMap { ($0 as? AffineStep)?.runs } == [1, 0, 0])
  }

  @Test("Memory is aligned, shared where possible, and accounted for")
  func memory() throws {
    let graph = try Self.graph()
    let steps = Self.steps(graph)
    let shared = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
    let apart = CompiledNetwork(graph: graph, steps: Self.steps(graph), memory: .keepAll)
    for value in 0...4 {
      let pointer = shared.pointer(Operand(value: value, layout: .nchw))
      #expect(UInt(bitPattern: pointer) % 64 == 0)
    }
    #expect(shared.workspaceByteCount < apart.workspaceByteCount)
    #expect(shared.workspaceByteCount >= 4 * shared.plan.floatCount + 1001)
    #expect(shared.weightByteCount == 300)
    // One workspace, of the largest step, for all.
    let workspaces = Set(steps.compactMap { ($0 as? AffineStep)?.workspace })
    #expect(workspaces.count == 1)
    #expect(workspaces.allSatisfy { UInt(bitPattern: $0) % 64 == 0 })
  }

  @Test("The input comes in through the layout that a step reads, not one that a step makes")
  func inputOperands() throws {
    let graph = try Self.graph()
    let blocked = Layout.blockedChannels(block: 4)
    let compiled = CompiledNetwork(
      graph: graph, steps: Self.steps(graph, layout: blocked), memory: .liveness)
    #expect(compiled.inputOperands(of: 0) == [Operand(value: 0, layout: blocked)])
    #expect(compiled.inputOperands(of: 1) == [])
  }
}
