import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

/// Nets of several backends.
///
/// One after the other: a BLAS has one thread count for the whole process.
@Suite("Backend auto", .serialized)
struct AutoTests {
  /// Backends that may be parts, those that can run here.
  private static let parts = BackendCatalog.all().filter {
    $0.canCompile && $0.threading != .single && $0.precision == .single
  }
  private static let auto = AutoBackend(of: BackendCatalog.all())

  /// Every stage by the next backend in turn.
  private static func mixed(_ graph: Graph, from first: Int) -> [String: String] {
    var tiles: [String: String] = [:]
    for node in graph.nodes where tiles[node.stage] == nil {
      tiles[node.stage] = parts[(first + tiles.count) % parts.count].name
    }
    return tiles
  }

  private static func options(
    _ tiles: [String: String], threads: Int = 1, keepsAllBlobs: Bool = false,
    everywhere: String? = nil
  ) throws -> CompileOptions {
    try CompileOptions(
      kernels: InstructionSet.best.kernels, pool: ThreadPool(threadCount: threads),
      boundary: .nchw, keepsAllBlobs: keepsAllBlobs,
      tiles: TilePlan(tiles: tiles, everywhere: everywhere, cacheByteCount: 1 << 20))
  }

  @Test(
    "A net of all backends in turns computes every blob as the reference does",
    arguments: MiniNetwork.all, [1, 2])
  func mixed(network: MiniNetwork, threads: Int) throws {
    for first in Self.parts.indices {
      let options = try Self.options(
        Self.mixed(network.graph, from: first), threads: threads, keepsAllBlobs: true)
      let steps = try Self.auto.compile(
        network.graph, weights: network.weights, options: options)
      let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .keepAll)
      network.setInputs(of: compiled)
      compiled.run()
      var seen: Set<Graph.ValueID> = []
      for operand in steps.flatMap(\.info.outputs) {
        seen.insert(operand.value)
        // A choice among equals is none of a norm's business.
        guard !Self.isChoice(operand.value, network.graph) else { continue }
        try network.check(compiled.values(of: operand), of: operand.value)
      }
      // An input in another layout is one of the steps' outputs too.
      let written = network.graph.values.indices.filter {
        network.graph.values[$0].producer != nil
      }
      #expect(seen.isSuperset(of: written))
    }
  }

  @Test(
    "The same in shared memory and with fused layers, with changes of layout between the parts",
    arguments: MiniNetwork.all)
  func fused(network: MiniNetwork) throws {
    var reorderCount = 0
    for first in Self.parts.indices {
      let plan = Self.mixed(network.graph, from: first)
      let steps = try Self.auto.compile(
        network.graph, weights: network.weights, options: Self.options(plan))
      let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .liveness)
      network.setInputs(of: compiled)
      for _ in 0..<2 { compiled.run() }
      for output in network.graph.outputs where !Self.isChoice(output, network.graph) {
        try network.check(
          compiled.values(of: Operand(value: output, layout: .nchw)), of: output)
      }
      reorderCount += steps.count { $0.info.kind == .reorder }
      let covered = steps.flatMap(\.info.nodes).sorted()
      #expect(covered == Array(network.graph.nodes.indices))
      // Every row says who computes it.
      for info in steps.map(\.info) where !info.isElided {
        let name = try #require(info.delegatedTo)
        guard let node = info.nodes.first, name != "plain", name != "simd" else { continue }
        #expect(name == plan[network.graph.nodes[node].stage])
      }
    }
    #expect(reorderCount > 0)
  }

  /// Outputs that say which or how many, where equals may swap places.
  private static func isChoice(_ value: Graph.ValueID, _ graph: Graph) -> Bool {
    guard let producer = graph.values[value].producer else { return false }
    let node = graph.nodes[producer]
    return node.layer.spec.kind == .accuracy
      || (node.layer.spec.kind == .pooling && node.outputs.firstIndex(of: value) == 1)
  }

  @Test("A plan of one backend gives exactly that backend's steps")
  func single() throws {
    let network = MiniNetwork.all[0]
    let backend = try #require(BackendCatalog.backend(named: "simd"))
    var tiles: [String: String] = [:]
    for node in network.graph.nodes { tiles[node.stage] = "simd" }
    let options = try Self.options(tiles)
    let mine = try Self.auto.compile(network.graph, weights: network.weights, options: options)
    let theirs = try backend.compile(
      network.graph, weights: network.weights, options: Self.options([:]))
    #expect(mine.map(\.info.implementation) == theirs.map(\.info.implementation))
    #expect(mine.map(\.info.nodes) == theirs.map(\.info.nodes))
    #expect(mine.map(\.info.outputs) == theirs.map(\.info.outputs))
  }

  @Test("Tiles of the plan are taken, and what it leaves open is chosen and noted")
  func tiles() throws {
    let network = MiniNetwork.all[1]
    var tiles: [String: String] = [:]
    for node in network.graph.nodes { tiles[node.stage] = "simd" }
    tiles["conv3"] = "winograd:2"
    let fixed = try Self.options(tiles)
    let steps = try Self.auto.compile(network.graph, weights: network.weights, options: fixed)
    let conv3 = try network.graph.node(named: "conv3")
    let first = steps.map(\.info).first { $0.nodes.contains(conv3) }
    let info = try #require(first)
    #expect(info.delegatedTo == "winograd" && info.tile == "F(2x2,3x3)")
    #expect(fixed.tiles?.candidates.isEmpty == true)

    tiles["conv3"] = "winograd"
    let open = try Self.options(tiles)
    _ = try Self.auto.compile(network.graph, weights: network.weights, options: open)
    let found = open.tiles?.candidates.first { $0.isChosen }
    let chosen = try #require(found)
    #expect(chosen.layer == "conv3" && chosen.tile.hasPrefix("winograd:"))
    #expect(open.tiles?.tiles["conv3"] == chosen.tile)
  }

  @Test("Threads are those of all parts together")
  func threading() {
    #expect(Self.auto.threading(tiles: ["conv1": "simd", "conv2": "winograd:4"]) == .pool)
    #expect(Self.auto.threading(tiles: ["conv1": "simd", "conv2": "onednn"]) == .library)
  }

  @Test(
    "A plan that cannot be carried out is refused, and nothing else runs",
    arguments: [
      ([:], nil, "alexbench tune"),
      (["conv2": "im2col-nowhere"], nil, "'conv2' computed by 'im2col-nowhere'"),
      (["conv2": "naive"], nil, "'conv2' computed by 'naive'"),
      (["conv9": "simd"], nil, "has no layer 'conv9'"),
      (["conv2": nil], nil, "does not say what computes 'conv2'"),
      (["relu2": "winograd"], nil, "a stage has one backend"),
      (["conv3": "winograd:99"], nil, "no Winograd tile '99'"),
      (["conv2": "simd"], "4", "not '4' for every layer"),
    ] as [([String: String?], String?, String)])
  func refusals(changes: [String: String?], everywhere: String?, sentence: String) throws {
    let network = MiniNetwork.all[1]
    var tiles: [String: String] = [:]
    if !changes.isEmpty {
      for node in network.graph.nodes { tiles[node.stage] = "simd" }
    }
    for (layer, choice) in changes { tiles[layer] = choice }
    let error = #expect(throws: BackendError.self) {
      try Self.auto.compile(
        network.graph, weights: network.weights,
        options: Self.options(tiles, everywhere: everywhere))
    }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  @Test("Without a plan it is not available, and says what makes one")
  func unavailability() {
    #expect(Self.auto.unavailability?.hint.contains("alexbench tune") == true)
    #expect(!Self.auto.canCompile && Self.auto.needsPlan)
  }
}
