import Backends
import Measuring
import Networks
import Results
import Tensors
import Testing

@Suite("Every kind of layer")
struct LayerKindsTests {
  private let network = "layers-mini"

  @Test("The net of all kinds has all kinds")
  func kinds() throws {
    let graph = try #require(NetworkCatalog.network(named: network)).graph(batch: 1)
    let kinds = Set(graph.nodes.map(\.layer.spec.kind))
    #expect(kinds == Set(LayerKind.allCases).subtracting([.reorder, .network]))
  }

  @Test("Every backend passes the check of every layer and of the net, at any batch")
  func allBackends() throws {
    var options = RunOptions()
    options.networks = [network]
    options.batches = [1, 5]
    options.threads = [1, 2]
    options.isCheckOnly = true
    let backends = BackendCatalog.all().filter(\.canCompile)
    let record = try run(options, backends)
    let graph = try #require(NetworkCatalog.network(named: network)).graph(batch: 1)
    // Layers and the net, at two batches and two thread counts each.
    let rows = record.workloads.filter { $0.key.kind != LayerKind.reorder.rawValue }
    let names = Set(rows.map(\.key.layer))
    #expect(names == Set(graph.nodes.map(\.layer.name) + ["net"]))
    for row in record.workloads {
      let isSingle = row.key.backend == "naive" && (row.key.batch > 1 || row.key.threads > 1)
      let expected: [Status] = isSingle ? [.skipped] : [.ok, .elided, .fused]
      #expect(
        expected.contains(row.status),
        "\(row.key.layer), \(row.key.backend), batch \(row.key.batch): \(row.reason)")
    }
    let elided = Set(record.workloads.filter { $0.status == .elided }.map(\.key.layer))
    #expect(elided == ["drop", "flat"])
    func delegates(_ backend: String, _ layer: String) -> Set<String> {
      Set(
        record.workloads.filter {
          $0.key.backend == backend && $0.key.layer == layer && $0.status == .ok
            && $0.key.pass == .isolated
        }.map(\.facts.delegatedTo))
    }
    #expect(delegates("simd", "blocks") == [""])
    #expect(delegates("simd", "mixed") == ["plain"])
    #expect(delegates("winograd", "blocks") == ["simd"])
    for layer in ["sum", "pool", "within", "tanh", "power", "gate", "loss", "accuracy", "distance"]
    {
      #expect(delegates("simd", layer) == ["plain"], "\(layer)")
      #expect(delegates("winograd", layer) == ["plain"], "\(layer)")
      #expect(delegates("im2col-swift", layer) == [""], "\(layer)")
    }
  }

  @Test("A wrong loss, softmax beside a loss, mask or joined blob is found")
  func wrong() throws {
    for layer in ["distance", "loss", "pool", "blocks", "sum"] {
      var options = RunOptions()
      options.networks = [network]
      options.layers = [layer]
      options.batches = [2]
      options.isCheckOnly = true
      let record = try run(options, [WrappedBackend(name: "bad", flaw: .writesZeros)])
      let alone = try #require(record.workloads.first { $0.key.layer == layer })
      #expect(alone.status == .failed, "\(layer)")
    }
  }

  @Test("Geometry of a layer with several operands names all of them")
  func geometry() throws {
    var options = RunOptions()
    options.networks = [network]
    options.batches = [2]
    options.layers = ["loss"]
    options.isCheckOnly = true
    let record = try run(options, [WrappedBackend(name: "good")])
    let row = try #require(record.layers.first { $0.layer == "loss" })
    #expect(row.inputShape == "2x6 2")
    #expect(row.outputShape == "scalar 2x6")
    #expect(row.problem == "axis1 valid")
  }
}

@Suite("Blobs that hang on comparisons")
struct ChoiceTests {
  /// Scores and labels of two images, an accuracy, and a pooling with its mask.
  private func graph() throws -> Graph {
    let pool = PoolingSpec(method: .max, kernel: Extent(2), stride: Extent(2))
    return try Network(
      name: "choices",
      inputs: [
        Network.Input(blob: "scores", shape: Shape([2, 3])),
        Network.Input(blob: "label", shape: Shape([2])),
        Network.Input(blob: "image", shape: Shape([2, 1, 2, 2])),
      ],
      layers: [
        Layer(
          name: "accuracy", spec: .accuracy(AccuracySpec()), bottoms: ["scores", "label"],
          tops: ["accuracy", "shares"]),
        Layer(name: "pool", spec: .pooling(pool), bottoms: ["image"], tops: ["pool", "mask"]),
      ]
    ).graph()
  }

  /// In the first image classes 0 and 1 are as good as equal, in the second they are not; so it is
  /// with the pixels.
  private let reference: [[Double]] = [
    [1, 1 + 1e-7, 0, 3, 2, 1], [0, 0], [5, 5 + 1e-7, 1, 1, 7, 2, 3, 4], [0.5], [0.5, 0, 0],
    [5 + 1e-7, 7], [1, 0],
  ]

  private func judge(_ values: [Int: [Float]]) throws -> Verdict {
    let graph = try graph()
    let blobs = (3..<7).map { id in
      BlobValues(
        value: id, blob: graph.values[id].blob,
        values: values[id] ?? reference[id].map { Float($0) })
    }
    return Judge.judge(net: blobs, graph: graph, against: reference)
  }

  @Test("Near ties may fall either way")
  func ties() throws {
    #expect(try judge([:]).status == .ok)
    #expect(try judge([3: [1], 4: [1, 0, 0]]).status == .ok)
    #expect(try judge([6: [0, 0]]).status == .ok)
  }

  @Test(
    "Anything else fails",
    arguments: [
      [3: [0]], [3: [0.75 + 0.5]], [3: [.nan]], [4: [0.5, 0.5, 0]], [6: [2, 0]], [6: [1, 1]],
      [6: [1, 4]], [6: [1, -1]], [6: [1, .nan]], [6: [1, 0.5]],
    ] as [[Int: [Float]]])
  func wrong(values: [Int: [Float]]) throws {
    let verdict = try judge(values)
    #expect(verdict.status == .failed)
    #expect(!verdict.reason.isEmpty)
  }
}
