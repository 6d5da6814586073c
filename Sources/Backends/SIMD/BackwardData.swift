import Execution
import Networks
import Tensors

/// The gradient of a layer's input by the kernels of forward: with stride 1 that of a convolution is a
/// convolution of the output's gradient with turned filters, and that of a fully connected layer is a
/// fully connected layer with the transposed weight.
extension BlockedPlanner {
  /// - Throws: a layer whose gradient is no such layer.
  func backwardStep(_ index: Int) throws(BackendError) -> any Step {
    let node = graph.nodes[index]
    switch node.layer.spec {
    case .convolution(let spec):
      guard let turned = spec.turned(of: graph.inputShape(of: node)) else {
        throw .unsupported(
          layer: node.layer.name,
          reason: "our kernels compute backward_data of convolutions with stride 1 only, without "
            + "dilation and with less padding than filter")
      }
      let weights = try weights.required(for: node, in: graph)
      let context = ConvolutionContext(
        graph: graph, nodes: [index], spec: turned,
        weights: LayerWeights(weight: spec.turned(weights.weight), bias: nil), floor: -.infinity,
        options: options)
      let own = try makeConvolution(context)
      let step = own ?? context.directStep()
      if own == nil { step.info.delegatedTo = delegate }
      return named(step)
    case .innerProduct(let spec):
      let input = graph.inputShape(of: node)
      let weights = try weights.required(for: node, in: graph)
      let product = FullyConnected(
        spec: InnerProductSpec(
          outputs: input.count(of: spec.axis..<input.rank), hasBias: false),
        input: Shape([input.count(of: 0..<spec.axis), spec.outputs]), layout: .nchw,
        kernels: options.kernels)
      let step = try product.makeStep(
        [index], in: graph,
        weights: LayerWeights(weight: weights.weight.transposed, bias: nil), floor: -.infinity,
        options: options)
      step.info.delegatedTo = delegate
      return named(step)
    default: return try NaiveBackend().delegated(index, in: graph, weights: weights)
    }
  }

  private func named(_ step: KernelStep) -> KernelStep {
    let words = step.info.implementation.split(separator: "-", maxSplits: 2)
    step.info.implementation = (words.prefix(2) + ["data"] + words.dropFirst(2))
      .joined(separator: "-")
    return step
  }
}

extension ConvolutionSpec {
  /// The convolution that makes the input's gradient from the output's; nil where there is none.
  fileprivate func turned(of input: Shape) -> ConvolutionSpec? {
    let pad = Extent(h: kernel.h - 1 - self.pad.h, w: kernel.w - 1 - self.pad.w)
    guard stride == .one, dilation == .one, pad.h >= 0, pad.w >= 0 else { return nil }
    return ConvolutionSpec(
      outputs: input.c, kernel: kernel, pad: pad, groups: groups, hasBias: false)
  }

  /// Filters turned by 180°, input and output channels of each group exchanged: K×C∕G×R×S as C×K∕G×R×S.
  fileprivate func turned(_ weight: Tensor) -> Tensor {
    let (outputs, channels) = (weight.shape.n / groups, weight.shape.c)
    let taps = kernel.h * kernel.w
    let result = Tensor(Shape([groups * channels, outputs, kernel.h, kernel.w]))
    for g in 0..<groups {
      for k in 0..<outputs {
        for c in 0..<channels {
          let from = weight.pointer + ((g * outputs + k) * channels + c) * taps
          let to = result.pointer + ((g * channels + c) * outputs + k) * taps
          for tap in 0..<taps { to[tap] = from[taps - 1 - tap] }
        }
      }
    }
    return result
  }
}
