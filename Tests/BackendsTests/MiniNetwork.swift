import Execution
import Networks
import Reference
import Tensors
import Testing

/// A small network with the reference's results, computed once for all tests.
struct MiniNetwork: Sendable, CustomTestStringConvertible {
  /// A layer alone: its graph, a float32 operand, and what float64 makes of that.
  struct Operand: Sendable {
    let graph: Graph
    let inputs: [Tensor]
    let want: [ReferenceResult]
  }

  let graph: Graph
  /// One per input of the graph.
  let inputs: [Tensor]
  let weights = SeededWeights(seed: 20)
  /// One per node.
  let operands: [Operand]
  /// Float64 all the way; one per value.
  let values: [[Double]]

  var testDescription: String { graph.networkName }

  static let all: [MiniNetwork] =
    ["alexnet-mini", "caffenet-mini", "lenet", "cifar10_quick", "cifar10_full"].map {
      guard let network = NetworkCatalog.network(named: $0) else { fatalError("no network \($0)") }
      return MiniNetwork(network)
    } + [MiniNetwork(branches)]

  /// All that the catalog's small networks lack: branches, joined again in three ways, several inputs,
  /// losses, and an accuracy.
  private static let branches: Network = {
    func layer(_ name: String, _ spec: LayerSpec, _ bottoms: [String], _ tops: [String]? = nil)
      -> Layer
    {
      Layer(name: name, spec: spec, bottoms: bottoms, tops: tops ?? [name])
    }
    func convolution(_ outputs: Int, _ kernel: Int) -> LayerSpec {
      .convolution(
        ConvolutionSpec(outputs: outputs, kernel: Extent(kernel), pad: Extent(kernel / 2)))
    }
    let pool = PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))
    return Network(
      name: "branches",
      inputs: [
        Network.Input(blob: "data", shape: Shape([3, 5, 13, 11])),
        Network.Input(blob: "label", shape: Shape([3])),
        Network.Input(blob: "target", shape: Shape([3, 6])),
      ],
      layers: [
        layer("in/1", convolution(16, 3), ["data"]),
        layer("in/relu", .relu(ReLUSpec()), ["in/1"], ["in/1"]),
        layer("a", convolution(16, 1), ["in/1"]),
        layer("b", convolution(32, 3), ["in/1"]),
        layer("b/relu", .relu(ReLUSpec()), ["b"], ["b"]),
        layer("c", convolution(7, 5), ["in/1"]),
        layer("joined", .concat(ConcatSpec()), ["a", "b", "c"]),
        layer("mixed", .concat(ConcatSpec()), ["c", "a"]),
        layer("d", convolution(55, 1), ["mixed"]),
        layer("sum", .eltwise(EltwiseSpec(coefficients: [1, -0.5])), ["joined", "d"]),
        layer("masked", .pooling(pool), ["sum"], ["masked", "mask"]),
        layer(
          "norm", .lrn(LRNSpec(size: 3, alpha: 0.5, region: .withinChannel)), ["masked"]),
        layer("squashed", .tanh, ["norm"]),
        layer("flat", .flatten(FlattenSpec()), ["squashed"]),
        layer(
          "fc", .innerProduct(InnerProductSpec(outputs: 6, isTransposed: true)), ["flat"]),
        layer("power", .power(PowerSpec(power: 2, scale: 0.5, shift: 1)), ["fc"]),
        layer("gate", .sigmoid, ["power"]),
        layer("drop", .dropout(DropoutSpec()), ["fc"], ["dropped"]),
        layer(
          "loss", .softmaxWithLoss(SoftmaxWithLossSpec()), ["dropped", "label"],
          ["loss", "share"]),
        layer("accuracy", .accuracy(AccuracySpec(topK: 2)), ["fc", "label"]),
        layer("distance", .euclideanLoss(EuclideanLossSpec()), ["gate", "target"]),
      ])
  }()

  private init(_ network: Network) {
    let name = network.name
    do {
      let graph = try network.graph(batch: 2)
      let weights = weights
      let inputs = graph.inputs.map { SeededInput.input(seed: 20, of: $0, in: graph) }
      operands = try graph.nodes.indices.map { index in
        let single = graph.single(index)
        let node = single.nodes[0]
        let inputs = node.inputs.indices.map {
          SeededInput.operand(seed: 20, of: node, position: $0, in: single)
        }
        let want = Reference.outputs(
          of: node, in: single, inputs: inputs.map(\.values),
          weights: try weights.weights(of: node, in: single))
        return Operand(graph: single, inputs: inputs, want: want)
      }
      values = try Reference.forward(graph, inputs: inputs.map(\.values), weights: weights)
      self.graph = graph
      self.inputs = inputs
    } catch {
      fatalError("\(name): \(error)")
    }
  }

  func setInputs(of compiled: CompiledNetwork) {
    for (value, input) in zip(graph.inputs, inputs) { compiled.setInput(value, to: input) }
  }

  /// Compares a blob of a whole forward.
  func check(_ got: [Float], of value: Graph.ValueID) throws {
    let norms = ErrorNorms(got: got, want: values[value])
    #expect(norms.nrmse <= 1e-5, "\(graph.values[value].blob), value \(value)")
  }
}
