import Networks
import Tensors
import Testing

@Suite("Graph")
struct GraphTests {
  static func graph(_ name: String, batch: Int? = nil) throws -> Graph {
    try #require(NetworkCatalog.network(named: name)).graph(batch: batch)
  }

  @Test("The catalog's names are distinct, and every network resolves")
  func catalog() throws {
    let names = NetworkCatalog.entries.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names {
      let graph = try Self.graph(name)
      #expect(graph.networkName == name)
      #expect(try Self.graph(name, batch: 7).batch == 7)
    }
    #expect(NetworkCatalog.network(named: "AlexNet") == nil)
  }

  @Test(
    "AlexNet has 23 layers of the published kinds",
    arguments: ["alexnet", "caffenet", "alexnet-mini", "caffenet-mini"])
  func layers(name: String) throws {
    let graph = try Self.graph(name)
    #expect(graph.nodes.count == 23)
    #expect(graph.nodes.map(\.layerIndex) == Array(0..<23))
    let counts = Dictionary(grouping: graph.nodes) { $0.layer.spec.kind }.mapValues(\.count)
    #expect(
      counts == [
        .convolution: 5, .relu: 7, .lrn: 2, .pooling: 3, .innerProduct: 3, .dropout: 2, .softmax: 1,
      ])
    let groups = graph.nodes.compactMap { node -> Int? in
      if case .convolution(let spec) = node.layer.spec { spec.groups } else { nil }
    }
    #expect(groups == [1, 2, 1, 2, 2])
  }

  @Test(
    "The other networks have the layers and blobs that are published",
    arguments: [
      ("lenet", 8, [("pool2", [2, 50, 4, 4]), ("ip1", [2, 500]), ("prob", [2, 10])]),
      ("cifar10_quick", 12, [("pool1", [2, 32, 16, 16]), ("pool3", [2, 64, 4, 4])]),
      ("cifar10_full", 13, [("norm2", [2, 32, 8, 8]), ("ip1", [2, 10])]),
      (
        "zfnet", 23,
        [
          ("conv1", [2, 96, 110, 110]), ("pool1", [2, 96, 55, 55]), ("conv2", [2, 256, 26, 26]),
          ("pool2", [2, 256, 13, 13]), ("pool5", [2, 256, 6, 6]),
        ]
      ),
      (
        "googlenet", 142,
        [
          ("conv1/7x7_s2", [2, 64, 112, 112]), ("pool2/3x3_s2", [2, 192, 28, 28]),
          ("inception_3a/output", [2, 256, 28, 28]), ("inception_3b/output", [2, 480, 28, 28]),
          ("inception_4a/output", [2, 512, 14, 14]), ("inception_4d/output", [2, 528, 14, 14]),
          ("inception_4e/output", [2, 832, 14, 14]), ("inception_5b/output", [2, 1024, 7, 7]),
          ("pool5/7x7_s1", [2, 1024, 1, 1]), ("prob", [2, 1000]),
        ]
      ),
    ] as [(String, Int, [(String, [Int])])])
  func otherNetworks(name: String, count: Int, blobs: [(String, [Int])]) throws {
    let graph = try Self.graph(name, batch: 2)
    #expect(graph.nodes.count == count)
    for (blob, shape) in blobs {
      let value = try #require(graph.value(ofBlob: blob))
      #expect(graph.values[value].shape == Shape(shape), "\(blob)")
    }
    #expect(graph.outputs.map { graph.values[$0].blob } == ["prob"])
  }

  @Test("A graph counts axes from the front, and knows whether it mixes images")
  func axesAndImages() throws {
    func graph(_ spec: LayerSpec, _ shapes: [[Int]]) throws -> Graph {
      let blobs = shapes.indices.map { "in\($0)" }
      return try Network(
        name: "x",
        inputs: zip(blobs, shapes).map { Network.Input(blob: $0, shape: Shape($1)) },
        layers: [Layer(name: "l", spec: spec, bottoms: blobs, tops: ["out"])]
      ).graph()
    }
    let softmax = try graph(.softmax(SoftmaxSpec(axis: -2)), [[2, 3, 4]])
    #expect(softmax.nodes[0].layer.spec == .softmax(SoftmaxSpec(axis: 1)))
    #expect(!softmax.mixesImages)
    let flat = try graph(.flatten(FlattenSpec()), [[2, 3, 4]])
    #expect(flat.nodes[0].layer.spec == .flatten(FlattenSpec(axis: 1, endAxis: 2)))
    #expect(!flat.mixesImages)
    #expect(try graph(.flatten(FlattenSpec(axis: 0)), [[2, 3]]).mixesImages)
    #expect(try graph(.concat(ConcatSpec(axis: -2)), [[2, 3], [1, 3]]).mixesImages)
    #expect(try graph(.accuracy(AccuracySpec()), [[2, 3], [2]]).mixesImages)
    let loss = try graph(.softmaxWithLoss(SoftmaxWithLossSpec(axis: -1)), [[2, 3], [2]])
    #expect(loss.nodes[0].layer.spec == .softmaxWithLoss(SoftmaxWithLossSpec(axis: 1)))
    #expect(loss.mixesImages)
    #expect(loss.labelClassCount(of: 1) == 3)
    #expect(loss.labelClassCount(of: 0) == nil)
  }

  @Test("Labels are whole numbers in the range of the classes, and operands differ")
  func seededInputs() throws {
    let network = Network(
      name: "x",
      inputs: [
        Network.Input(blob: "scores", shape: Shape([200, 7])),
        Network.Input(blob: "label", shape: Shape([200])),
      ],
      layers: [
        Layer(
          name: "loss", spec: .softmaxWithLoss(SoftmaxWithLossSpec()),
          bottoms: ["scores", "label"], tops: ["loss"]),
        Layer(
          name: "sum", spec: .eltwise(EltwiseSpec()), bottoms: ["scores", "scores"],
          tops: ["sum"]),
      ])
    let graph = try network.graph()
    let labels = SeededInput.input(seed: 1, of: 1, in: graph).values
    #expect(Set(labels) == Set((0..<7).map(Float.init)))
    let alone = graph.single(0)
    let operand = SeededInput.operand(seed: 1, of: alone.nodes[0], position: 1, in: alone).values
    #expect(Set(operand) == Set(labels))
    #expect(Set(SeededInput.input(seed: 1, of: 0, in: graph).values).count > 1000)
    let sum = graph.single(1)
    let terms = [0, 1].map {
      SeededInput.operand(seed: 1, of: sum.nodes[0], position: $0, in: sum).values
    }
    #expect(terms[0] != terms[1])
  }

  @Test(
    "The order of the first stage tells AlexNet from CaffeNet",
    arguments: [
      ("alexnet", ["conv1", "relu1", "norm1", "pool1", "conv2"]),
      ("caffenet", ["conv1", "relu1", "pool1", "norm1", "conv2"]),
    ])
  func order(name: String, layers: [String]) throws {
    #expect(try Self.graph(name).nodes.prefix(5).map(\.layer.name) == layers)
  }

  @Test("There are eight stages, each from a convolution or inner product to the next")
  func stages() throws {
    let graph = try Self.graph("alexnet")
    var stages: [String: [String]] = [:]
    for node in graph.nodes { stages[node.stage, default: []].append(node.layer.name) }
    #expect(
      stages == [
        "conv1": ["conv1", "relu1", "norm1", "pool1"],
        "conv2": ["conv2", "relu2", "norm2", "pool2"],
        "conv3": ["conv3", "relu3"], "conv4": ["conv4", "relu4"],
        "conv5": ["conv5", "relu5", "pool5"],
        "fc6": ["fc6", "relu6", "drop6"], "fc7": ["fc7", "relu7", "drop7"],
        "fc8": ["fc8", "prob"],
      ])
  }

  @Test("An in-place layer makes a new value of the same blob, which later layers read")
  func inPlace() throws {
    let graph = try Self.graph("caffenet")
    let versions = graph.values.indices.filter { graph.values[$0].blob == "fc6" }
    #expect(versions.count == 3)  // fc6, relu6, drop6
    #expect(graph.value(ofBlob: "fc6") == versions[2])
    let fc7 = graph.nodes[try graph.node(named: "fc7")]
    #expect(fc7.inputs == [versions[2]])
    #expect(graph.values[versions[2]].producer == (try graph.node(named: "drop6")))
    #expect(graph.value(ofBlob: "nothing") == nil)
  }

  @Test("The input is the only input, prob the only output")
  func boundary() throws {
    let graph = try Self.graph("alexnet", batch: 3)
    #expect(graph.inputs.map { graph.values[$0].blob } == ["data"])
    #expect(graph.outputs.map { graph.values[$0].blob } == ["prob"])
    #expect(graph.batch == 3)
    #expect(graph.values.allSatisfy { $0.shape.n == 3 })
  }

  @Test("A layer alone keeps its place and shapes and writes out of place")
  func single() throws {
    let graph = try Self.graph("alexnet", batch: 2)
    for index in graph.nodes.indices {
      let single = graph.single(index)
      let node = single.nodes[0]
      #expect(single.nodes.count == 1)
      #expect(node.layer == graph.nodes[index].layer)
      #expect(node.layerIndex == index)
      #expect(node.stage == graph.nodes[index].stage)
      #expect(single.inputShape(of: node) == graph.inputShape(of: graph.nodes[index]))
      #expect(single.outputShape(of: node) == graph.outputShape(of: graph.nodes[index]))
      #expect(single.inputs == node.inputs)
      #expect(single.outputs == node.outputs)
      #expect(Set(node.inputs).isDisjoint(with: node.outputs))
      #expect(single.cost(of: node) == graph.cost(of: graph.nodes[index]))
    }
  }

  @Test("What does not fit together is refused, with the layer's name")
  func errors() throws {
    let input = Network.Input(blob: "data", shape: Shape(n: 1, c: 3, h: 8, w: 8))
    func resolve(_ layers: [Layer], batch: Int? = nil) throws -> Graph {
      try Network(name: "x", inputs: [input], layers: layers).graph(batch: batch)
    }
    let relu = Layer(name: "r", spec: .relu(ReLUSpec()), bottoms: ["data"], tops: ["r"])
    var lost = relu
    lost.bottoms = ["nowhere"]
    var twoTops = relu
    twoTops.tops = ["a", "b"]
    #expect(throws: NetworkError.unknownBlob(layer: "r", blob: "nowhere")) { try resolve([lost]) }
    #expect(throws: NetworkError.duplicateLayer("r")) { try resolve([relu, relu]) }
    #expect(throws: NetworkError.self) { try resolve([twoTops]) }
    #expect(throws: NetworkError.batch(0)) { try resolve([relu], batch: 0) }
    // Nothing multiplies what would not fit into an integer.
    let error = #expect(throws: NetworkError.self) { try resolve([relu], batch: 1 << 62) }
    #expect(try #require(error).description.contains("input 'data': its blob of shape"))
    #expect(throws: NetworkError.batch(-1)) { try resolve([relu], batch: -1) }
    #expect(throws: NetworkError.unknownLayer("q", known: ["r"])) {
      try resolve([relu]).node(named: "q")
    }
  }
}
