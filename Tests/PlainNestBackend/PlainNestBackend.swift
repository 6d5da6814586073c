import Execution
import KernelInterface
import Networks
import PlainNest
import Tensors

/// The layers of backend `naive` as a C compiler translates the same loop nests.
package struct PlainNestBackend: Backend {
  package let name = "plain-nest"
  package let summary = "the loop nests of naive in C"
  package let threading = Threading.single

  package init() {}

  package func isa(with kernels: KernelTable) -> String { "baseline" }

  /// - Throws: for softmax with loss and accuracy, which have no nest in C: one is made of a softmax,
  ///   the other of comparisons.
  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    var steps: [any Step] = []
    for (index, node) in graph.nodes.enumerated() {
      switch node.layer.spec {
      case .dropout, .flatten: steps.append(ElidedStep(node: index, in: graph, layout: .nchw))
      default: steps.append(try step(index, in: graph, weights: weights))
      }
    }
    return steps
  }

  private func step(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let node = graph.nodes[index]
    let shape = graph.inputShape(of: node)
    let (input, output) = (PlainAxes(shape), PlainAxes(graph.outputShape(of: node)))
    let count = shape.count
    let compute: PlainStep.Compute
    switch node.layer.spec {
    case .convolution(let spec):
      let weights = try weights.required(for: node, in: graph)
      let window = PlainWindow(
        kernel: PlainExtent(spec.kernel), stride: PlainExtent(spec.stride),
        pad: PlainExtent(spec.pad), dilation: PlainExtent(spec.dilation))
      compute = { x, y in
        plain_convolution(
          window, spec.groups, weights.weight.pointer, weights.bias?.pointer, x[0], input, y[0],
          output)
      }
    case .innerProduct(let spec):
      let weights = try weights.required(for: node, in: graph)
      let length = weights.weight.shape.countPerImage
      compute = { x, y in
        plain_inner_product(
          count / length, length, spec.outputs, weights.weight.pointer, weights.bias?.pointer,
          x[0], y[0])
      }
    case .pooling(let spec):
      let window = PlainWindow(
        kernel: PlainExtent(spec.isGlobal ? Extent(h: shape.h, w: shape.w) : spec.kernel),
        stride: PlainExtent(spec.isGlobal ? .one : spec.stride),
        pad: PlainExtent(spec.isGlobal ? .zero : spec.pad), dilation: PlainExtent(.one))
      switch (spec.method, node.outputs.count) {
      case (.average, _):
        compute = { x, y in plain_average_pooling(window, x[0], input, y[0], output) }
      case (.max, 2):
        compute = { x, y in plain_masked_pooling(window, x[0], input, y[0], y[1], output) }
      case (.max, _):
        compute = { x, y in plain_maximum_pooling(window, x[0], input, y[0], output) }
      }
    case .lrn(let spec):
      let size = spec.size
      switch spec.region {
      case .acrossChannels:
        compute = { x, y in
          plain_lrn_across(size, spec.alpha, spec.beta, spec.k, x[0], input, y[0])
        }
      case .withinChannel:
        compute = { x, y in plain_lrn_within(size, spec.alpha, spec.beta, x[0], input, y[0]) }
      }
    case .relu(let spec):
      compute = { x, y in plain_relu(spec.negativeSlope, x[0], count, y[0]) }
    case .softmax(let spec):
      let axes = shape.dimensions
      let axis = PlainAxis(
        outer: axes[..<spec.axis].reduce(1, *), count: axes[spec.axis],
        inner: axes[(spec.axis + 1)...].reduce(1, *))
      compute = { x, y in plain_softmax(axis, x[0], y[0]) }
    case .power(let spec):
      compute = { x, y in plain_power(spec.power, spec.scale, spec.shift, x[0], count, y[0]) }
    case .sigmoid: compute = { x, y in plain_sigmoid(x[0], count, y[0]) }
    case .tanh: compute = { x, y in plain_tanh(x[0], count, y[0]) }
    case .eltwise(let spec):
      compute = { x, y in
        plain_scale(spec.operation == .sum ? spec.coefficient(0) : 1, x[0], count, y[0])
        for i in 1..<x.count {
          switch spec.operation {
          case .sum: plain_add(spec.coefficient(i), x[i], count, y[0])
          case .product: plain_multiply(x[i], count, y[0])
          case .maximum: plain_maximum(x[i], count, y[0])
          }
        }
      }
    case .concat(let spec):
      let counts = node.inputs.map { id in
        let shape = graph.values[id].shape
        return shape.count(of: spec.axis..<shape.rank)
      }
      let items = shape.count(of: 0..<spec.axis)
      compute = { x, y in
        var next = y[0]
        for item in 0..<items {
          for i in x.indices {
            plain_copy(x[i] + item * counts[i], counts[i], next)
            next += counts[i]
          }
        }
      }
    case .euclideanLoss:
      compute = { x, y in
        y[0][0] = plain_squared_distance(x[0], x[1], count) / Float(2 * input.n)
      }
    case .softmaxWithLoss, .accuracy, .dropout, .flatten:
      throw .unsupported(layer: node.layer.name, reason: "it has no loop nest in C")
    }
    return PlainStep(index, in: graph, compute: compute)
  }
}

private final class PlainStep: Step {
  typealias Compute = ([UnsafeMutablePointer<Float>], [UnsafeMutablePointer<Float>]) -> Void

  let info: StepInfo
  private let compute: Compute
  private var bindings: Bindings?

  init(_ index: Int, in graph: Graph, compute: @escaping Compute) {
    info = StepInfo(
      nodes: [index], in: graph, from: .nchw, to: .nchw, implementation: "plain-nest",
      kernelID: "c", isa: "baseline")
    self.compute = compute
  }

  func bind(_ bindings: Bindings) { self.bindings = bindings }

  func run() {
    guard let bindings else { preconditionFailure("\(info.implementation) is not bound") }
    compute(bindings.inputs, bindings.outputs)
  }
}

extension PlainAxes {
  fileprivate init(_ shape: Shape) { self.init(n: shape.n, c: shape.c, h: shape.h, w: shape.w) }
}

extension PlainExtent {
  fileprivate init(_ extent: Extent) { self.init(h: extent.h, w: extent.w) }
}
