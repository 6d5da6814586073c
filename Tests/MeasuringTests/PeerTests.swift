import Backends
import Execution
import Foundation
import Measuring
import Networks
import Reference
import Results
import Tensors
import Testing

/// The peers from PyPI: only where `Scripts/peers` has made their environment.
@Suite(
  "Peers from PyPI",
  .enabled(if: !Peers.names.isEmpty, "without .peers; Scripts/peers makes it"))
struct PeerTests {
  @Test("All layers and the nets are right, and say what ran", arguments: Peers.names)
  func networks(name: String) throws {
    var options = RunOptions()
    options.networks = ["alexnet-mini", "caffenet-mini"]
    options.batches = [1, 4]
    options.threads = [1, 2]
    options.passes = [.isolated, .net]
    options.isCheckOnly = true
    let record = try run(options, routing: [try Peers.backend(name)])
    #expect(record.workloads.count > 100)
    let wrong = record.workloads.filter { $0.status != .ok && $0.status != .elided }
    #expect(wrong.isEmpty, "\(wrong.map { "\($0.key.layer): \($0.reason)" })")
    let net = try #require(record.workloads.first { $0.key.layer == "net" })
    #expect(net.facts.implementation.hasPrefix("f32-net-"))
    #expect(net.facts.kernelID.contains("Conv"))
    #expect(net.check.nrmse != nil)
  }

  @Test("They take turns with the others, cold weights included", arguments: Peers.names)
  func timed(name: String) throws {
    var options = RunOptions()
    options.networks = ["alexnet-mini"]
    options.layers = ["conv5", "relu5", "fc6"]
    options.caches = [.warm, .coldWeights]
    options.passes = Pass.allCases
    options.rounds = 2
    options.warmUpNanoseconds = 0
    let own = WrappedBackend(name: "own")
    let record = try run(options, routing: [own, try Peers.backend(name)])
    let rows = record.workloads.filter { $0.key.backend == name }
    #expect(rows.first { $0.key.layer == "net" }?.status == .ok)
    #expect(rows.filter { $0.key.pass == .isolated && $0.key.cache == .warm }.count == 3)
    for row in rows where row.key.pass == .isolated {
      switch (row.key.layer, row.key.cache) {
      case ("relu5", .coldWeights): #expect(row.status == .skipped)
      // Some hundred kilobytes of weights take more copies than there may be of a session.
      case (_, .coldWeights):
        #expect(row.status == .ok || row.reason.contains("sessions"), "\(row.reason)")
      default: #expect(row.status == .ok, "\(row.reason)")
      }
    }
    let blocks = record.samples.filter { $0.key.backend == name }.map(\.block)
    #expect(!blocks.isEmpty)
    #expect(blocks.allSatisfy { $0.wallNanoseconds > 0 && $0.cpuUserNanoseconds >= 0 })
    #expect(
      rows.filter { $0.key.pass == .inNet && $0.status != .elided }.allSatisfy {
        $0.status == .skipped && $0.reason.contains("how long its steps take")
      })
  }

  @Test("Two threads and cold weights are refused where threads would spin")
  func spinning() throws {
    let backend = try Peers.backend("onnxruntime")
    let host = RoutingHost(base: LocalHost { _ in [] })
    defer { host.close() }
    let request = try makeRequest(
      "fc8", network: "alexnet", on: backend, threads: 2, cache: .coldWeights)
    #expect {
      try host.prepare(request)
    } throws: {
      guard case .workload(.skipped, let reason)? = $0 as? MeasuringError else { return false }
      return reason.contains("spin")
    }
  }

  @Test("Layers far from AlexNet's are right, or refused with a reason", arguments: Peers.names)
  func oddLayers(name: String) throws {
    let (backend, worker) = (try Peers.backend(name), try Peers.worker(name))
    defer { worker.close() }
    for (index, layer) in Peers.oddLayers.enumerated() {
      let inputs = layer.shapes.indices.map { "in\($0)" }
      let network = Network(
        name: "odd\(index)",
        inputs: zip(inputs, layer.shapes).map { Network.Input(blob: $0, shape: $1) },
        layers: [Layer(name: "odd", spec: layer.spec, bottoms: inputs, tops: ["out"])])
      let graph = try network.graph()
      let blobs = try Peers.withModel(of: graph, backend) { message in
        try worker.prepare(message).outputs(images: nil)
      }
      let got = try #require(blobs.first)
      #expect(blobs.count == 1 && got.value == graph.outputs[0])
      let values = layer.shapes.indices.map {
        SeededInput.operand(seed: 1, of: graph.nodes[0], position: $0, in: graph).values
      }
      if let expected = layer.expected {
        let want = expected(values)
        #expect(got.values.count == want.count)
        let isNear = zip(got.values, want).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
        #expect(isNear, "\(layer.spec)")
        continue
      }
      let reference = Reference.forward(
        graph.nodes[0], in: graph, inputs: values,
        weights: try SeededWeights(seed: 1).weights(of: graph.nodes[0], in: graph))
      let verdict = Judge.judge(
        layer: got.values, kind: layer.spec.kind, against: reference, amplification: 1)
      #expect(verdict.status == .ok, "\(layer.spec): \(verdict.reason)")
    }
  }

  @Test("What ONNX cannot say is refused with a reason", arguments: Peers.names)
  func refusals(name: String) throws {
    let (backend, worker) = (try Peers.backend(name), try Peers.worker(name))
    defer { worker.close() }
    for (spec, reason) in [
      (LayerSpec.lrn(LRNSpec(region: .withinChannel)), "within a channel"),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(1), stride: Extent(3))), "padding"),
      (.power(PowerSpec(power: 2)), "'power' is not translated"),
    ] {
      let network = Network(
        name: "odd",
        inputs: [Network.Input(blob: "data", shape: Shape(n: 1, c: 3, h: 5, w: 5))],
        layers: [Layer(name: "odd", spec: spec, bottoms: ["data"], tops: ["out"])])
      #expect {
        try Peers.withModel(of: network.graph(), backend) { try worker.prepare($0) }
      } throws: {
        guard case .workload(.unsupported, let text)? = $0 as? MeasuringError else { return false }
        return text.contains(reason)
      }
    }
  }
}

/// The peers that are there.
enum Peers {
  static let names = BackendCatalog.all().filter { $0.program != nil && $0.unavailability == nil }
    .map(\.name)

  static func backend(_ name: String) throws -> any Backend {
    try #require(BackendCatalog.backend(named: name))
  }

  static func worker(_ name: String) throws -> WorkerHost {
    let program = try #require(try backend(name).program)
    return try WorkerHost(command: program.command)
  }

  /// Asks about the first layer of a graph, with its numbers in a file.
  static func withModel<Answer>(
    of graph: Graph, _ backend: any Backend, _ ask: (WorkerProtocol.Workload) throws -> Answer
  ) throws -> Answer {
    let place = WorkloadPlace(graph, network: graph.networkName, node: 0)
    let request = WorkloadRequest(place, on: backend, kernels: .baseline)
    let file = try ModelFile(request, graph: place.compiledGraph)
    var message = WorkerProtocol.Workload(request)
    message.model = file.model
    return try withExtendedLifetime(file) { try ask(message) }
  }

  struct OddLayer: Sendable {
    var spec: LayerSpec
    var shapes: [Shape]
    /// What comes out, where the reference does not tell.
    var expected: (@Sendable ([[Float]]) -> [Float])?

    init(
      _ spec: LayerSpec, _ shapes: [Shape],
      expected: (@Sendable ([[Float]]) -> [Float])? = nil
    ) {
      self.spec = spec
      self.shapes = shapes
      self.expected = expected
    }
  }

  private static let image = Shape(n: 2, c: 6, h: 8, w: 7)

  private static func pool(
    _ method: PoolingSpec.Method, _ kernel: Int, _ stride: Int, _ pad: Int = 0
  ) -> OddLayer {
    OddLayer(
      .pooling(
        PoolingSpec(
          method: method, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad))),
      [image])
  }

  static let oddLayers: [OddLayer] = [
    OddLayer(
      .convolution(
        ConvolutionSpec(
          outputs: 9, kernel: Extent(h: 3, w: 2), stride: Extent(h: 2, w: 1),
          pad: Extent(h: 1, w: 2), dilation: Extent(h: 2, w: 1), groups: 3)), [image]),
    OddLayer(
      .convolution(ConvolutionSpec(outputs: 5, kernel: Extent(1), hasBias: false)), [image]),
    OddLayer(
      .convolution(ConvolutionSpec(outputs: 4, kernel: Extent(9), stride: Extent(3))), [image]),
    pool(.max, 3, 2), pool(.max, 2, 2, 1), pool(.max, 3, 2, 1), pool(.max, 3, 1, 1),
    pool(.average, 3, 2), pool(.average, 2, 2, 1), pool(.average, 3, 2, 1), pool(.average, 4, 3),
    OddLayer(
      .pooling(PoolingSpec(method: .average, kernel: .one, isGlobal: true)), [image]),
    OddLayer(.pooling(PoolingSpec(method: .max, kernel: .one, isGlobal: true)), [image]),
    OddLayer(
      .pooling(
        PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2), pad: .one, roundsDown: true)
      ),
      [image]),
    OddLayer(
      .pooling(
        PoolingSpec(method: .average, kernel: Extent(3), stride: Extent(2), roundsDown: true)),
      [image]),
    OddLayer(
      .pooling(PoolingSpec(method: .average, kernel: Extent(9), stride: Extent(4))), [image]),
    OddLayer(.relu(ReLUSpec(negativeSlope: 0.1)), [image]),
    OddLayer(.lrn(LRNSpec(size: 3, alpha: 0.5, beta: 0.6, k: 2)), [image]),
    OddLayer(.softmax(SoftmaxSpec(axis: 2)), [image]),
    OddLayer(.softmax(SoftmaxSpec(axis: 1)), [Shape([3, 10])]),
    OddLayer(.innerProduct(InnerProductSpec(outputs: 7)), [image]),
    OddLayer(.innerProduct(InnerProductSpec(outputs: 7, hasBias: false, axis: 2)), [image]),
    OddLayer(.innerProduct(InnerProductSpec(outputs: 5)), [Shape([4, 9])]),
    OddLayer(.sigmoid, [image]) { $0[0].map { 1 / (1 + exp(-$0)) } },
    OddLayer(.tanh, [image]) { $0[0].map { tanh($0) } },
    OddLayer(.flatten(FlattenSpec(axis: 1, endAxis: 2)), [image]) { $0[0] },
    OddLayer(.concat(ConcatSpec(axis: 0)), [image, image]) { $0[0] + $0[1] },
    OddLayer(
      .eltwise(EltwiseSpec(operation: .sum, coefficients: [2, -1, 0.5])), [image, image, image]
    ) { x in x[0].indices.map { 2 * x[0][$0] - x[1][$0] + 0.5 * x[2][$0] } },
    OddLayer(.eltwise(EltwiseSpec(operation: .product)), [image, image, image]) { x in
      x[0].indices.map { x[0][$0] * x[1][$0] * x[2][$0] }
    },
    OddLayer(.eltwise(EltwiseSpec(operation: .maximum)), [image, image]) { x in
      x[0].indices.map { max(x[0][$0], x[1][$0]) }
    },
  ]
}
