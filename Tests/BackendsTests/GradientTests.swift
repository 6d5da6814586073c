import Backends
import Execution
import GoldenSupport
import Kernels
import Networks
import Reference
import Tensors
import Testing

/// Backward: the reference against real Caffe and against differences of forward, backends against both.
@Suite("Gradients", .serialized)
struct GradientTests {
  /// Backends that compute some gradients, and those that compute all.
  private static let someGradients = Candidate.all.filter {
    $0.backend.directions.contains(.backwardData)
  }
  private static let candidates = Candidate.all.filter {
    $0.backend.directions.isSuperset(of: [.backwardData, .backwardWeights])
  }
  private static let goldenLayers = Golden.layers.filter { (try? $0.topGradient()) != nil }

  /// A case's layer forward and backward, and what it reads.
  private static func training(
    _ golden: GoldenLayer
  ) throws -> (graph: Graph, inputs: [[Float]], want: [String: GoldenArray]) {
    let forward = try golden.graph()
    let isLoss = [.softmaxWithLoss, .euclideanLoss].contains(forward.nodes[0].layer.spec.kind)
    let graph = try forward.training(
      allGradients: true, given: isLoss ? [] : [forward.nodes[0].outputs[0]])
    var inputs = try golden.inputs().map(\.values)
    if !isLoss { inputs.append(try #require(try golden.topGradient()).values) }
    var want: [String: GoldenArray] = [:]
    for (position, array) in try golden.gradients(of: "bottom") {
      want[forward.values[forward.nodes[0].inputs[position]].blob + "_diff"] = array
    }
    for (position, array) in try golden.gradients(of: "param") {
      want["\(forward.nodes[0].layer.name)_param\(position)_diff"] = array
    }
    return (graph, inputs, want)
  }

  /// Of softmax_large float32 has nothing but rounding errors, which float64 has not.
  @Test(
    "every single layer: the reference is what Caffe computes",
    arguments: goldenLayers.filter { $0.name != "softmax_large" })
  func referenceLayers(golden: GoldenLayer) throws {
    let (graph, inputs, want) = try Self.training(golden)
    #expect(!want.isEmpty)
    let values = try Reference.forward(graph, inputs: inputs, weights: golden.weights())
    for (name, array) in want {
      let value = try #require(graph.value(ofBlob: name), "\(name)")
      #expect(graph.values[value].shape == array.shape)
      #expect(
        relativeError(values[value].map { Float($0) }, array.values) <= Golden.layerTolerance,
        "\(name)")
    }
  }

  @Test("every single layer, on every backend", arguments: candidates, goldenLayers)
  func layers(candidate: Candidate, golden: GoldenLayer) throws {
    let (graph, inputs, want) = try Self.training(golden)
    for threads in candidate.threadCounts {
      let values = try run(candidate, graph, inputs, golden.weights(), threads: threads)
      for (name, array) in want {
        let error = relativeError(
          try values(#require(graph.value(ofBlob: name), "\(name)")), array.values)
        #expect(error <= Golden.layerTolerance, "\(name)")
      }
    }
  }

  @Test(
    "whole networks, on every backend", arguments: candidates,
    Golden.networks.filter { ["mini-caffenet", "mini-googlenet"].contains($0.name) })
  func networks(candidate: Candidate, golden: GoldenNetwork) throws {
    let graph = try golden.lossGraph().training()
    let want = try golden.gradients(in: "grads").merging(golden.gradients(in: "diffs")) { $1 }
    #expect(want.count > 20)
    // Of an image itself no gradient is computed.
    #expect(graph.value(ofBlob: "data_diff") == nil)
    let values = try run(
      candidate, graph, golden.lossInputs().map(\.values), golden.weights(), threads: 1)
    for (name, array) in want {
      let error = relativeError(
        try values(#require(graph.value(ofBlob: name), "\(name)")), array.values)
      #expect(error <= Golden.gradientTolerance, "\(name)")
    }
  }

  @Test(
    "odd layers, node by node, within the derived bounds", arguments: someGradients, OddCases.all)
  func oddLayers(candidate: Candidate, layer: LayerCase) throws {
    let forward = try layer.graph()
    let kind = forward.nodes[0].layer.spec.kind
    guard kind != .accuracy else { return }
    let isLoss = [.softmaxWithLoss, .euclideanLoss].contains(kind)
    let graph = try forward.training(
      allGradients: true, given: isLoss ? [] : [forward.nodes[0].outputs[0]])
    var inputs = layer.tensors(of: forward).map(\.values)
    if !isLoss {
      let gradient = Tensor(forward.values[forward.nodes[0].outputs[0]].shape)
      CounterGenerator(seed: 9, stream: "gradient").fill(gradient.buffer.elements, amplitude: 1)
      inputs.append(gradient.values)
    }
    let values = try Reference.forward(graph, inputs: inputs, weights: layer.weights)
    for (index, node) in graph.nodes.enumerated()
    where node.direction != .forward && candidate.backend.directions.contains(node.direction) {
      let single = graph.single(index)
      // As float32 has them.
      let operands = node.inputs.map { id in
        Tensor(graph.values[id].shape, values: values[id].map { Float($0) })
      }
      let want = Reference.outputs(
        of: single.nodes[0], in: single, inputs: operands.map(\.values),
        weights: try layer.weights.weights(of: node, in: graph))
      for (threads, boundary) in candidate.settings {
        do {
          let outcome = try compare(
            candidate, single, inputs: operands, weights: layer.weights, want: want,
            threads: threads, boundary: boundary)
          #expect(
            outcome.maxBoundRatio <= 1,
            "\(node.direction), \(threads) threads: error \(outcome.maxAbsError)")
        } catch BackendError.unsupported(_, let reason) {
          // Where the kernels of forward do not do.
          guard case .convolution(let spec) = node.layer.spec else {
            throw BackendError.unsupported(layer: node.layer.name, reason: reason)
          }
          let fits = spec.pad.h < spec.kernel.h && spec.pad.w < spec.kernel.w
          #expect(spec.stride != .one || spec.dilation != .one || !fits, "\(reason)")
        }
      }
    }
  }

  @Test("the reference is what differences of forward are", arguments: differentiable)
  func differences(layer: LayerCase) throws {
    let forward = try layer.graph()
    let output = forward.nodes[0].outputs[0]
    let isLoss = [.softmaxWithLoss, .euclideanLoss].contains(forward.nodes[0].layer.spec.kind)
    let graph = try forward.training(allGradients: true, given: isLoss ? [] : [output])
    let inputs = layer.tensors(of: forward).map(\.values)
    let gradient = Tensor(forward.values[output].shape)
    CounterGenerator(seed: 9, stream: "gradient").fill(gradient.buffer.elements, amplitude: 1)
    let values = try Reference.forward(
      graph, inputs: inputs + (isLoss ? [] : [gradient.values]), weights: layer.weights)
    /// The loss whose gradient it is.
    func loss(_ inputs: [[Float]]) throws -> Double {
      let values = try Reference.forward(forward, inputs: inputs, weights: layer.weights)
      if isLoss { return values[output][0] }
      return zip(values[output], gradient.values).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let step: Float = 1.0 / 1024
    for position in inputs.indices {
      guard let value = graph.value(ofBlob: forward.values[position].blob + "_diff") else {
        continue
      }
      let largest = values[value].reduce(0) { max($0, abs($1)) }
      for index in stride(from: 0, to: inputs[position].count, by: 3) {
        var (less, more) = (inputs, inputs)
        less[position][index] -= step
        more[position][index] += step
        let width = Double(more[position][index]) - Double(less[position][index])
        let difference = try (loss(more) - loss(less)) / width
        #expect(
          abs(difference - values[value][index]) <= 1e-3 * largest + 1e-5,
          "input \(position), element \(index)")
      }
    }
  }

  /// Layers without edges at which a difference is none.
  private static let differentiable: [LayerCase] = {
    let image = Shape(n: 2, c: 4, h: 5, w: 6)
    let specs: [(String, LayerSpec)] = [
      (
        "convolution",
        .convolution(
          ConvolutionSpec(
            outputs: 6, kernel: Extent(h: 3, w: 2), stride: Extent(h: 1, w: 2), pad: Extent(1),
            dilation: Extent(h: 2, w: 1), groups: 2))
      ),
      ("product", .innerProduct(InnerProductSpec(outputs: 5))),
      (
        "average",
        .pooling(
          PoolingSpec(method: .average, kernel: Extent(3), stride: Extent(2), pad: Extent(1)))
      ),
      ("across", .lrn(LRNSpec(size: 3, alpha: 2, beta: 0.6, k: 1.5))),
      ("within", .lrn(LRNSpec(size: 3, alpha: 2, region: .withinChannel))),
      ("sigmoid", .sigmoid), ("tanh", .tanh),
      ("power", .power(PowerSpec(power: 3, scale: 0.5, shift: 2))),
      ("softmax", .softmax(SoftmaxSpec(axis: 1))),
    ]
    let product = LayerCase(
      name: "eltwise", spec: .eltwise(EltwiseSpec(operation: .product)),
      inputs: [image, image, image])
    let distance = LayerCase(
      name: "euclidean", spec: .euclideanLoss(EuclideanLossSpec()), inputs: [image, image])
    return specs.map { LayerCase(name: $0, spec: $1, input: image) } + [product, distance]
  }()

  /// Runs a graph once.
  /// - Returns: the contents of its values, row-major.
  private func run(
    _ candidate: Candidate, _ graph: Graph, _ inputs: [[Float]], _ weights: any WeightSource,
    threads: Int
  ) throws -> (Graph.ValueID) throws -> [Float] {
    let steps = try candidate.backend.steps(
      of: graph, weights: weights,
      options: candidate.options(threads: threads, boundary: .nchw, keepsAllBlobs: true))
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
    for (value, values) in zip(graph.inputs, inputs) {
      compiled.setInput(value, to: Tensor(graph.values[value].shape, values: values))
    }
    // Twice: gradients that are added to what was there would be right only once.
    compiled.run()
    compiled.run()
    return { value in
      let operand = steps.flatMap(\.info.outputs).last { $0.value == value }
      return compiled.values(of: try #require(operand, "no step writes value \(value)"))
    }
  }
}

/// What the training graph is.
@Suite("Training graph")
struct TrainingGraphTests {
  @Test("Only what has parameters above it has a gradient; labels never")
  func needs() throws {
    let forward = try Golden.networks[0].lossGraph()
    let graph = try forward.training()
    let data = graph.nodes.filter { $0.direction == .backwardData }.map(\.layer.name)
    let weights = graph.nodes.filter { $0.direction == .backwardWeights }.map(\.layer.name)
    #expect(weights == ["fc8", "fc7", "fc6", "conv5", "conv4", "conv3", "conv2", "conv1"])
    #expect(data.first == "loss" && data.last == "relu1" && !data.contains("conv1"))
    let all = try forward.training(allGradients: true)
    #expect(all.nodes.last?.layer.name == "conv1" && all.nodes.last?.direction == .backwardData)
    #expect(all.value(ofBlob: "data_diff") != nil && all.value(ofBlob: "label_diff") == nil)
    #expect(Array(graph.nodes.prefix(forward.nodes.count)) == forward.nodes)
  }

  @Test("What several layers read has the sum of their gradients")
  func sums() throws {
    let golden = try #require(Golden.networks.first { $0.name == "mini-googlenet" })
    let graph = try golden.lossGraph().training()
    let split = try #require(graph.nodes.first { $0.layer.name == "pool2/3x3_s2_split" })
    #expect(split.direction == .forward && split.inputs.count == 4)
    #expect(graph.values[split.outputs[0]].blob == "pool2/3x3_s2_diff")
    // The last value of that name is the sum.
    #expect(graph.value(ofBlob: "pool2/3x3_s2_diff") == split.outputs[0])
  }

  @Test("A network without a loss needs a gradient to begin with")
  func noLoss() throws {
    let graph = try Golden.networks[0].graph()
    #expect(throws: NetworkError.noLoss) { try graph.training() }
    let training = try graph.training(given: graph.outputs)
    #expect(training.inputs.count == graph.inputs.count + 1)
    #expect(training.values[training.inputs[1]].blob == "prob_diff")
  }

  @Test("A backend that does not go backward says so")
  func refusal() throws {
    let graph = try Golden.networks[0].lossGraph().training()
    let options = try CompileOptions(
      kernels: InstructionSet.baseline.kernels, pool: ThreadPool(), boundary: .nchw)
    #expect(throws: BackendError.self) {
      try SIMDBackend().steps(of: graph, weights: SeededWeights(seed: 1), options: options)
    }
  }
}
