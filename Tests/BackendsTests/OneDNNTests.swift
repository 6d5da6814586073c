import Backends
import CSupport
import Execution
import Kernels
import Networks
import Reference
import Tensors
import Testing

/// What conformance over the catalog does not reach: every primitive rather than the first, and what
/// becomes of a library that is not the one we know.
@Suite("oneDNN", .serialized)
struct OneDNNTests {
  private static let isThere = OneDNNBackend().unavailability == nil

  private func options(
    tiles: TilePlan? = nil, threads: Int = 1, boundary: Boundary = .native
  ) throws -> CompileOptions {
    try CompileOptions(
      kernels: InstructionSet.best.kernels, pool: ThreadPool(threadCount: threads),
      boundary: boundary, tiles: tiles)
  }

  /// Channels and outputs of which AVX-512 primitives take whole blocks.
  private static let layers: [LayerCase] = [
    LayerCase(
      name: "conv3", spec: .convolution(ConvolutionSpec(outputs: 64, kernel: Extent(3), pad: .one)),
      input: Shape(n: 2, c: 32, h: 13, w: 13)),
    LayerCase(
      name: "conv1",
      spec: .convolution(ConvolutionSpec(outputs: 32, kernel: Extent(11), stride: Extent(4))),
      input: Shape(n: 1, c: 3, h: 35, w: 35)),
    LayerCase(
      name: "conv2",
      spec: .convolution(
        ConvolutionSpec(outputs: 64, kernel: Extent(5), pad: Extent(2), groups: 2)),
      input: Shape(n: 1, c: 32, h: 9, w: 9)),
    LayerCase(
      name: "fc6", spec: .innerProduct(InnerProductSpec(outputs: 48)),
      input: Shape(n: 3, c: 16, h: 6, w: 6)),
    LayerCase(
      name: "norm", spec: .lrn(LRNSpec(size: 5, alpha: 0.0001)),
      input: Shape(n: 2, c: 32, h: 7, w: 5)),
    LayerCase(
      name: "pool",
      spec: .pooling(PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))),
      input: Shape(n: 2, c: 32, h: 13, w: 13)),
  ]

  @Test("every primitive that is tried is right", .enabled(if: isThere), arguments: layers)
  func everyPrimitive(layer: LayerCase) throws {
    let graph = try layer.graph()
    let backend = OneDNNBackend()
    let plan = TilePlan(cacheByteCount: 0)
    _ = try backend.compile(graph, weights: layer.weights, options: options(tiles: plan))
    let names = plan.candidates.map(\.tile)
    #expect(Set(names).count == names.count)
    #expect(plan.candidates.filter(\.isChosen).count == 1)
    try #require(names.count > 1, "one primitive only: nothing to choose from")
    let input = layer.tensors(of: graph)[0]
    let want = Reference.forward(
      graph.nodes[0], in: graph, inputs: [input.values],
      weights: try layer.weights.weights(of: graph.nodes[0], in: graph))
    for name in names {
      for (threads, boundary) in [(1, Boundary.native), (2, .native), (1, .nchw)] {
        let steps = try backend.compile(
          graph, weights: layer.weights,
          options: options(
            tiles: TilePlan(tiles: [layer.name: name], cacheByteCount: 0), threads: threads,
            boundary: boundary))
        let network = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
        network.setInput(graph.inputs[0], to: input)
        network.run()
        network.run()
        let main = try #require(steps.map(\.info).first { !$0.nodes.isEmpty })
        let output = try #require(
          steps.flatMap(\.info.outputs).last { $0.value == graph.outputs[0] })
        let norms = ErrorNorms(
          got: network.values(of: output), want: want.values,
          bound: want.bounds(amplification: main.errorAmplification, tile: main.errorTile))
        let ratio = try #require(norms.maxBoundRatio)
        #expect(ratio <= 1, "\(name), \(threads) threads, \(boundary): \(norms)")
        #expect(name.contains(String(main.kernelID.split(separator: " ")[2])))
        if name.contains("wino") {
          #expect(main.errorAmplification > 1 && main.errorTile > 1)
        } else {
          #expect(main.errorAmplification == 1 && main.errorTile == 1)
        }
      }
    }
  }

  @Test("its layouts are ones that results can be read through", .enabled(if: isThere))
  func layouts() throws {
    let layer = Self.layers[0]
    let plan = TilePlan(cacheByteCount: 0)
    _ = try OneDNNBackend().compile(
      layer.graph(), weights: layer.weights, options: options(tiles: plan))
    let layouts = Set(plan.candidates.compactMap { $0.tile.split(separator: "@").last })
    #expect(layouts.isSubset(of: ["nchw", "nhwc", "nChw8c", "nChw16c"]))
  }

  @Test(
    "a primitive that there is not is refused, with those that there are", .enabled(if: isThere))
  func unknownPrimitive() throws {
    let layer = Self.layers[0]
    let plan = TilePlan(tiles: [layer.name: "nothing@nchw"], cacheByteCount: 0)
    let graph = try layer.graph()
    let error = #expect(throws: BackendError.self) {
      try OneDNNBackend().compile(graph, weights: layer.weights, options: options(tiles: plan))
    }
    let text = try #require(error).description
    #expect(text.contains("no primitive 'nothing@nchw'") && text.contains("conv3"))
  }

  @Test("tiles of our own Winograd kernels are none of its business", .enabled(if: isThere))
  func winogradTiles() throws {
    let layer = Self.layers[0]
    for plan in [
      TilePlan(tiles: [layer.name: "4"], cacheByteCount: 0),
      TilePlan(everywhere: "direct", cacheByteCount: 0),
    ] {
      let steps = try OneDNNBackend().compile(
        layer.graph(), weights: layer.weights, options: options(tiles: plan))
      #expect(steps[0].info.tile.contains("@"))
    }
  }

  @Test("a ReLU is fused inside its stage, and not where blobs are kept", .enabled(if: isThere))
  func fusion() throws {
    let network = MiniNetwork.all[0]
    for keeps in [false, true] {
      var options = try options(boundary: .nchw)
      options.keepsAllBlobs = keeps
      let steps = try OneDNNBackend().compile(
        network.graph, weights: network.weights, options: options)
      let rectifiers = steps.map(\.info).filter { $0.kind == .relu }
      #expect(rectifiers.isEmpty == !keeps)
      let fused = steps.map(\.info).filter { $0.nodes.count > 1 }
      #expect(fused.isEmpty == keeps)
    }
  }

  @Test("denormals pass through, on every thread", .enabled(if: isThere))
  func denormals() throws {
    let layer = LayerCase(
      name: "relu", spec: .relu(ReLUSpec()), input: Shape(n: 2, c: 16, h: 32, w: 32))
    let graph = try layer.graph()
    let before = alex_denormal_mode()
    let steps = try OneDNNBackend().compile(
      graph, weights: layer.weights, options: options(threads: 2))
    let network = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
    let tiny = Float.leastNonzeroMagnitude * 1000
    let shape = layer.inputs[0]
    let input = Tensor(shape, values: [Float](repeating: tiny, count: shape.count))
    network.setInput(graph.inputs[0], to: input)
    network.run()
    #expect(network.values(of: steps[0].info.outputs[0]).allSatisfy { $0 == tiny })
    #expect(alex_denormal_mode() == before)
  }

  @Test("networks with other thread counts may alternate", .enabled(if: isThere))
  func alternatingThreads() throws {
    let network = MiniNetwork.all[0]
    let compiled = try [1, 2, 1].map { (threads: Int) -> CompiledNetwork in
      let steps = try OneDNNBackend().compile(
        network.graph, weights: network.weights,
        options: options(threads: threads, boundary: .nchw))
      let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .liveness)
      network.setInputs(of: compiled)
      return compiled
    }
    let output = try #require(network.graph.outputs.last)
    for _ in 0..<2 {
      for compiled in compiled {
        compiled.run()
        try network.check(compiled.values(of: Operand(value: output, layout: .nchw)), of: output)
      }
    }
  }

  @Test(
    "average pooling that Caffe counts in a way of its own is handed to the plain code",
    .enabled(if: isThere))
  func delegatedPooling() throws {
    let layer = LayerCase(
      name: "pool",
      spec: .pooling(
        PoolingSpec(method: .average, kernel: Extent(2), stride: Extent(2), pad: .one)),
      input: Shape(n: 1, c: 3, h: 6, w: 6))
    let hanging = LayerCase(
      name: "pool",
      spec: .pooling(
        PoolingSpec(method: .average, kernel: Extent(3), stride: Extent(2), pad: .one)),
      input: Shape(n: 1, c: 3, h: 6, w: 6))
    let graphs = try [layer.graph(), hanging.graph()]
    let delegates = try graphs.map { graph in
      try OneDNNBackend().compile(graph, weights: layer.weights, options: options())
        .first { !$0.info.nodes.isEmpty }?.info.delegatedTo
    }
    #expect(delegates == [nil, "plain"])
  }

  // MARK: The library

  @Test("a missing library makes the backend unavailable, with the package to install")
  func missing() throws {
    let backend = OneDNNBackend(libraryName: "/nowhere/libdnnl.so.2")
    let unavailability = try #require(backend.unavailability)
    #expect(unavailability.reason.contains("/nowhere/libdnnl.so.2"))
    #expect(unavailability.hint == "apt-get install libdnnl2")
    #expect(backend.library == nil && backend.warnings.isEmpty)
    let network = MiniNetwork.all[0]
    #expect(throws: BackendError.unavailable(unavailability)) {
      try backend.compile(network.graph, weights: network.weights, options: options())
    }
  }

  @Test("a library that is not oneDNN is refused by name")
  func another() throws {
    let unavailability = try #require(OneDNNBackend(libraryName: "libc.so.6").unavailability)
    #expect(unavailability.reason.contains("libc.so.6 has no dnnl_version"))
  }

  @Test("other major versions and other threads are refused with a reason")
  func versions() throws {
    let omp = Int(ALEX_DNNL_RUNTIME_OMP)
    #expect(OneDNNLibrary.refusal(version: "2.6.3", major: 2, runtime: omp) == nil)
    let three = try #require(OneDNNLibrary.refusal(version: "3.1.0", major: 3, runtime: omp))
    #expect(three.contains("3.1.0") && three.contains("version 2"))
    let pool = Int(ALEX_DNNL_RUNTIME_THREADPOOL)
    #expect(OneDNNLibrary.refusal(version: "2.6.3", major: 2, runtime: pool) != nil)
  }
}

@Suite("oneDNN identity")
struct OneDNNIdentityTests {
  private func identity(isa: Int, runtime: Int = Int(ALEX_DNNL_RUNTIME_OMP)) -> OneDNNIdentity {
    OneDNNIdentity(version: "2.6.3", effectiveISA: isa, runtime: runtime)
  }

  @Test(
    "knows the instruction set by its bits",
    arguments: [
      (0, "avx512"), (39, "avx512"), (231, "avx512"), (7, "avx2"), (1031, "avx2"), (3, "avx"),
      (1, "baseline"), (15, "avx2"),
    ])
  func isa(bits: Int, isa: String) {
    #expect(identity(isa: bits).isa == isa)
  }

  @Test(
    "knows the instruction set of an implementation",
    arguments: [
      ("brgconv:avx512_core", "avx512"), ("jit:avx512_core_bf16", "avx512"), ("jit:avx2", "avx2"),
      ("jit:avx", "avx"), ("jit:sse41", "baseline"), ("ref:any", "baseline"),
      ("x64:gemm:jit", "avx2"), ("gemm:jit", "avx2"),
    ])
  func implementation(text: String, isa: String) {
    #expect(identity(isa: 7).isa(ofImplementation: text) == isa)
  }

  @Test("warns of variables that steer it, by name and value; of none in a clean environment")
  func steering() {
    let free = identity(isa: 0)
    #expect(free.warnings(environment: ["PATH": "/bin"], canSetThreads: true).isEmpty)
    let environment = [
      "DNNL_MAX_CPU_ISA": "AVX2", "ONEDNN_VERBOSE": "1", "GOMP_SPINCOUNT": "0",
      "OPENBLAS_CORETYPE": "Haswell",
    ]
    let warnings = free.warnings(environment: environment, canSetThreads: true)
    #expect(warnings.count == 3)
    #expect(
      warnings.contains { $0.text.contains("DNNL_MAX_CPU_ISA=AVX2") && $0.text.contains("2.6.3") })
  }

  @Test(
    "warns of lesser code than the processor offers", .enabled(if: InstructionSet.best != .baseline)
  )
  func lesser() {
    let warnings = identity(isa: 1).warnings(environment: [:], canSetThreads: true)
    #expect(warnings.count == 1)
    #expect(warnings[0].text.contains("uses baseline kernels"))
  }

  @Test("warns when it cannot be told how many threads to use")
  func threads() {
    let sequential = identity(isa: 0, runtime: Int(ALEX_DNNL_RUNTIME_SEQUENTIAL))
    let one = sequential.warnings(environment: [:], canSetThreads: false)
    #expect(one[0].text.contains("sequential"))
    let unknown = identity(isa: 0).warnings(environment: [:], canSetThreads: false)
    #expect(unknown[0].text.contains("threads"))
  }
}
