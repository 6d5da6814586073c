import Backends
import CSupport
import Execution
import Kernels
import Networks
import PlainNestBackend
import Tensors

/// Times backend `naive` against the same loop nests in C, layer by layer, in turns: what
/// `Scripts/compare-naive` runs.
@main
struct NaiveComparison {
  /// Pairs of one layer; the median of their ratios is printed.
  private static let pairCount = 9
  /// What one side of a pair lasts at least.
  private static let blockNanoseconds: Int64 = 5_000_000

  static func main() throws {
    print("layer           naive ms     C ms  ratio")
    for network in [NetworkCatalog.network(named: "alexnet"), otherKinds].compactMap(\.self) {
      let graph = try network.graph()
      let options = CompileOptions(
        kernels: InstructionSet.baseline.kernels, pool: try ThreadPool(threadCount: 1),
        boundary: .nchw)
      let sides = try ([NaiveBackend(), PlainNestBackend()] as [any Backend]).map { backend in
        let compiled = CompiledNetwork(
          graph: graph,
          steps: try backend.steps(
            of: graph, weights: SeededWeights(seed: 1), options: options), memory: .keepAll)
        for (position, value) in graph.inputs.enumerated() {
          let tensor = Tensor(graph.values[value].shape)
          CounterGenerator(seed: 2, stream: "\(position)").fill(
            tensor.buffer.elements, amplitude: 1)
          compiled.setInput(value, to: tensor)
        }
        compiled.run()
        return compiled
      }
      for (index, step) in sides[0].steps.enumerated() where !step.info.isElided {
        compare(graph.nodes[index].layer.name, step, sides[1].steps[index])
      }
    }
  }

  private static func compare(_ name: String, _ naive: any Step, _ plain: any Step) {
    let count = max(1, Int(blockNanoseconds / max(1, nanoseconds(of: plain, count: 1))))
    let pairs = (0..<pairCount).map { pair in
      // Each goes first as often as the other.
      if pair % 2 == 0 {
        let first = nanoseconds(of: naive, count: count)
        return (naive: first, plain: nanoseconds(of: plain, count: count))
      }
      let first = nanoseconds(of: plain, count: count)
      return (naive: nanoseconds(of: naive, count: count), plain: first)
    }
    func milliseconds(_ times: [Int64]) -> String {
      text(Double(times.sorted()[pairCount / 2]) / Double(count) / 1e6, width: 9)
    }
    let ratio = pairs.map { Double($0.naive) / Double($0.plain) }.sorted()[pairCount / 2]
    print(
      name + String(repeating: " ", count: max(0, 15 - name.count))
        + milliseconds(pairs.map(\.naive)) + milliseconds(pairs.map(\.plain))
        + text(ratio, width: 7))
  }

  private static func nanoseconds(of step: any Step, count: Int) -> Int64 {
    let start = alex_monotonic_ns()
    for _ in 0..<count { step.run() }
    return alex_monotonic_ns() - start
  }

  /// With three digits behind the point.
  private static func text(_ value: Double, width: Int) -> String {
    let thousandths = Int((value * 1000).rounded())
    let digits = String(thousandths % 1000)
    let text =
      "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// What AlexNet has not, on blobs of the size of its second layer.
  private static let otherKinds: Network = {
    let shape = Shape(n: 1, c: 96, h: 27, w: 27)
    let kinds: [(String, LayerSpec, [String], [String])] = [
      (
        "conv-dilated",
        .convolution(
          ConvolutionSpec(
            outputs: 96, kernel: Extent(3), pad: Extent(2), dilation: Extent(2), groups: 2)),
        ["a"], ["conv"]
      ),
      (
        "pool-average",
        .pooling(
          PoolingSpec(method: .average, kernel: Extent(3), stride: Extent(2), pad: Extent(1))),
        ["a"], ["average"]
      ),
      (
        "pool-mask", .pooling(PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))),
        ["a"], ["maximum", "mask"]
      ),
      ("lrn-within", .lrn(LRNSpec(size: 3, region: .withinChannel)), ["a"], ["within"]),
      ("relu-leaky", .relu(ReLUSpec(negativeSlope: 0.1)), ["a"], ["leaky"]),
      ("softmax", .softmax(SoftmaxSpec()), ["a"], ["softmax"]),
      ("power", .power(PowerSpec(power: 2.5, scale: 0.5, shift: 1)), ["a"], ["power"]),
      ("sigmoid", .sigmoid, ["a"], ["sigmoid"]),
      ("tanh", .tanh, ["a"], ["tanh"]),
      ("eltwise-sum", .eltwise(EltwiseSpec(coefficients: [1, -0.5])), ["a", "b"], ["sum"]),
      ("eltwise-max", .eltwise(EltwiseSpec(operation: .maximum)), ["a", "b"], ["largest"]),
      ("concat", .concat(ConcatSpec()), ["a", "b"], ["both"]),
      ("euclidean-loss", .euclideanLoss(EuclideanLossSpec()), ["a", "b"], ["loss"]),
    ]
    return Network(
      name: "other-kinds",
      inputs: ["a", "b"].map { Network.Input(blob: $0, shape: shape) },
      layers: kinds.map { Layer(name: $0.0, spec: $0.1, bottoms: $0.2, tops: $0.3) })
  }()
}
