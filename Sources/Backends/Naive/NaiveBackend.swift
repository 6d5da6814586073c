import Execution
import Foundation
import KernelInterface
import Kernels
import Networks
import Tensors

/// The plain loop nest: each layer as its definition reads, in float32, on one thread.
///
/// What a first, correct version costs; and, with a judge in float64 that shares its form, the
/// easiest of all backends to trust.
package struct NaiveBackend: Backend {
  package let name = "naive"
  package let summary = "plain loop nests, one thread: the definition of each layer"
  package let threading = Threading.single

  package init() {}

  /// Compiled for the baseline whatever instruction set the kernels use.
  package func isa(with kernels: KernelTable) -> String { InstructionSet.baseline.rawValue }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    var steps: [any Step] = []
    for index in graph.nodes.indices {
      steps.append(try step(index, in: graph, weights: weights))
    }
    return steps
  }

  private func step(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let node = graph.nodes[index]
    let input = graph.inputShape(of: node)
    let output = graph.outputShape(of: node)
    switch node.layer.spec {
    case .convolution(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "conv", weights: weights) { x, y in
        naiveConvolution(spec, weights, x, input, y, output)
      }
    case .innerProduct(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "fc", weights: weights) { x, y in
        naiveInnerProduct(spec, weights, x, input, y)
      }
    case .pooling(let spec) where node.outputs.count == 2:
      return NaiveStep(index, in: graph, operation: "pool-max-mask") { x, y in
        naiveMaskedPooling(spec, x[0], input, y[0], mask: y[1], output)
      }
    case .pooling(let spec):
      return NaiveStep(index, in: graph, operation: "pool-\(spec.method.rawValue)") { x, y in
        naivePooling(spec, x, input, y, output)
      }
    case .lrn(let spec):
      return NaiveStep(index, in: graph, operation: "lrn") { x, y in naiveLRN(spec, x, input, y) }
    case .relu(let spec):
      return NaiveStep(index, in: graph, operation: "relu", canRunInPlace: true) { x, y in
        naiveReLU(spec, x, input.count, y)
      }
    case .softmax(let spec):
      return NaiveStep(index, in: graph, operation: "softmax") { x, y in
        naiveSoftmax(spec, x, input, y)
      }
    case .softmaxWithLoss(let spec):
      let axis = AxisSplit(input, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "softmax-loss") { x, y in
        naiveSoftmaxWithLoss(
          spec, x[0], axis, labels: x[1], y[0], softmax: y.count > 1 ? y[1] : nil)
      }
    case .euclideanLoss:
      return NaiveStep(index, in: graph, operation: "euclidean-loss") { x, y in
        naiveEuclideanLoss(x[0], x[1], input, y[0])
      }
    case .accuracy(let spec):
      let axis = AxisSplit(input, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "accuracy") { x, y in
        naiveAccuracy(spec, x[0], axis, labels: x[1], y[0], ofClass: y.count > 1 ? y[1] : nil)
      }
    case .concat(let spec):
      let shapes = node.inputs.map { graph.values[$0].shape }
      return NaiveStep(index, in: graph, operation: "concat") { x, y in
        naiveConcat(spec, x, shapes, y[0], output)
      }
    case .eltwise(let spec):
      return NaiveStep(index, in: graph, operation: "eltwise-\(spec.operation.rawValue)") { x, y in
        naiveEltwise(spec, x, input.count, y[0])
      }
    case .power(let spec):
      return NaiveStep(index, in: graph, operation: "power", canRunInPlace: true) { x, y in
        naivePower(spec, x, input.count, y)
      }
    case .sigmoid:
      return NaiveStep(index, in: graph, operation: "sigmoid", canRunInPlace: true) { x, y in
        naiveSigmoid(x, input.count, y)
      }
    case .tanh:
      return NaiveStep(index, in: graph, operation: "tanh", canRunInPlace: true) { x, y in
        naiveTanh(x, input.count, y)
      }
    case .dropout, .flatten:
      return ElidedStep(node: index, in: graph, layout: .nchw)
    }
  }
}

/// One layer: a function from its inputs to its outputs, all row-major.
private final class NaiveStep: Step {
  typealias Compute = ([UnsafePointer<Float>], [UnsafeMutablePointer<Float>]) -> Void

  let info: StepInfo
  private let compute: Compute
  private var operands: ([UnsafePointer<Float>], [UnsafeMutablePointer<Float>])?

  /// A layer with one input and one output.
  convenience init(
    _ index: Int, in graph: Graph, operation: String, weights: LayerWeights? = nil,
    canRunInPlace: Bool = false,
    compute: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    self.init(
      index, in: graph, operation: operation, weights: weights, canRunInPlace: canRunInPlace
    ) { (x: [UnsafePointer<Float>], y: [UnsafeMutablePointer<Float>]) in
      compute(x[0], y[0])
    }
  }

  init(
    _ index: Int, in graph: Graph, operation: String, weights: LayerWeights? = nil,
    canRunInPlace: Bool = false, compute: @escaping Compute
  ) {
    var info = StepInfo(
      rowMajor: index, in: graph, implementation: "f32-\(operation)-naive-scalar",
      kernelID: "swift", isa: InstructionSet.baseline.rawValue)
    info.weightByteCount = weights?.byteCount ?? 0
    info.canRunInPlace = canRunInPlace
    self.info = info
    self.compute = compute
  }

  func bind(_ bindings: Bindings) {
    operands = (bindings.inputs.map { UnsafePointer($0) }, bindings.outputs)
  }

  func run() {
    guard let operands else { preconditionFailure("\(info.implementation) is not bound") }
    compute(operands.0, operands.1)
  }
}

/// y[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · x[n, g·C∕G + c, h, w], where
/// h = p·stride − pad + r·dilation and likewise w, and x is zero outside.
private func naiveConvolution(
  _ spec: ConvolutionSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let (stride, pad, dilation) = (spec.stride, spec.pad, spec.dilation)
  let channels = input.c / spec.groups  // of one group
  let outputs = output.c / spec.groups  // of one group
  for n in 0..<output.n {
    for k in 0..<output.c {
      let g = k / outputs
      for p in 0..<output.h {
        for q in 0..<output.w {
          var sum = bias?[k] ?? 0
          for c in 0..<channels {
            for r in 0..<spec.kernel.h {
              for s in 0..<spec.kernel.w {
                let h = p * stride.h - pad.h + r * dilation.h
                let w = q * stride.w - pad.w + s * dilation.w
                if h >= 0, h < input.h, w >= 0, w < input.w {
                  sum +=
                    weight[((k * channels + c) * spec.kernel.h + r) * spec.kernel.w + s]
                    * x[((n * input.c + g * channels + c) * input.h + h) * input.w + w]
                }
              }
            }
          }
          y[((n * output.c + k) * output.h + p) * output.w + q] = sum
        }
      }
    }
  }
}

/// y[m,k] = bias[k] + Σ_c weight[k,c] · x[m,c], where m counts what lies before the axis.
private func naiveInnerProduct(
  _ spec: InnerProductSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let count = weights.weight.shape.countPerImage
  let items = input.count / count
  for m in 0..<items {
    for k in 0..<spec.outputs {
      var sum = bias?[k] ?? 0
      for c in 0..<count { sum += weight[k * count + c] * x[m * count + c] }
      y[m * spec.outputs + k] = sum
    }
  }
}

/// y = max(x, 0) + slope · min(x, 0)
private func naiveReLU(
  _ spec: ReLUSpec, _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { y[i] = max(x[i], 0) + spec.negativeSlope * min(x[i], 0) }
}

/// Maximum or average over the part of each window that lies inside the input. The average divides
/// by the size of the window before that, cut off only at the far end of the padding, as Caffe does.
private func naivePooling(
  _ spec: PoolingSpec, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let window = spec.window(over: input)
  for n in 0..<output.n {
    for c in 0..<output.c {
      let plane = x + (n * input.c + c) * input.h * input.w
      for p in 0..<output.h {
        for q in 0..<output.w {
          let h = p * window.stride.h - window.pad.h
          let w = q * window.stride.w - window.pad.w
          let hEnd = min(h + window.kernel.h, input.h + window.pad.h)
          let wEnd = min(w + window.kernel.w, input.w + window.pad.w)
          var maximum = -Float.greatestFiniteMagnitude
          var sum: Float = 0
          var row = max(h, 0)
          while row < min(hEnd, input.h) {
            var column = max(w, 0)
            while column < min(wEnd, input.w) {
              let value = plane[row * input.w + column]
              maximum = max(maximum, value)
              sum += value
              column += 1
            }
            row += 1
          }
          let average = sum / Float((hEnd - h) * (wEnd - w))
          y[((n * output.c + c) * output.h + p) * output.w + q] =
            spec.method == .max ? maximum : average
        }
      }
    }
  }
}

/// The maximum of each window and where in its plane it stands: the first of equals, −1 where nothing
/// of the window lies inside the input.
private func naiveMaskedPooling(
  _ spec: PoolingSpec, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let window = spec.window(over: input)
  for n in 0..<output.n {
    for c in 0..<output.c {
      let plane = x + (n * input.c + c) * input.h * input.w
      for p in 0..<output.h {
        for q in 0..<output.w {
          var maximum = -Float.greatestFiniteMagnitude
          var position = -1
          for r in 0..<window.kernel.h {
            for s in 0..<window.kernel.w {
              let h = p * window.stride.h - window.pad.h + r
              let w = q * window.stride.w - window.pad.w + s
              if h >= 0, h < input.h, w >= 0, w < input.w, plane[h * input.w + w] > maximum {
                maximum = plane[h * input.w + w]
                position = h * input.w + w
              }
            }
          }
          let index = ((n * output.c + c) * output.h + p) * output.w + q
          y[index] = maximum
          mask[index] = Float(position)
        }
      }
    }
  }
}

/// y = x · (k + (α ∕ n) · Σ x²)^−β over `size` neighbouring channels, or over a size × size window
/// of the same channel, for which Caffe fixes k = 1.
private func naiveLRN(
  _ spec: LRNSpec, _ x: UnsafePointer<Float>, _ input: Shape, _ y: UnsafeMutablePointer<Float>
) {
  let half = (spec.size - 1) / 2
  for n in 0..<input.n {
    for c in 0..<input.c {
      for h in 0..<input.h {
        for w in 0..<input.w {
          var sum: Float = 0
          let scale: Float
          switch spec.region {
          case .acrossChannels:
            for neighbour in max(c - half, 0)..<min(c + half + 1, input.c) {
              let value = x[((n * input.c + neighbour) * input.h + h) * input.w + w]
              sum += value * value
            }
            scale = spec.k + spec.alpha / Float(spec.size) * sum
          case .withinChannel:
            for row in max(h - half, 0)..<min(h + half + 1, input.h) {
              for column in max(w - half, 0)..<min(w + half + 1, input.w) {
                let value = x[((n * input.c + c) * input.h + row) * input.w + column]
                sum += value * value
              }
            }
            scale = 1 + spec.alpha / Float(spec.size * spec.size) * sum
          }
          let index = ((n * input.c + c) * input.h + h) * input.w + w
          y[index] = x[index] * pow(scale, -spec.beta)
        }
      }
    }
  }
}

/// y_i = exp(x_i − max x) ∕ Σ_j exp(x_j − max x) along one axis.
private func naiveSoftmax(
  _ spec: SoftmaxSpec, _ x: UnsafePointer<Float>, _ input: Shape, _ y: UnsafeMutablePointer<Float>
) {
  let axis = AxisSplit(input, axis: spec.axis)
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      var maximum = x[first]
      for j in 0..<axis.count { maximum = max(maximum, x[first + j * axis.inner]) }
      var sum: Float = 0
      for j in 0..<axis.count { sum += exp(x[first + j * axis.inner] - maximum) }
      for j in 0..<axis.count {
        y[first + j * axis.inner] = exp(x[first + j * axis.inner] - maximum) / sum
      }
    }
  }
}

/// y = (shift + scale · x) ^ power; where power · scale is 0, shift ^ power, and 1 for a power of 0.
private func naivePower(
  _ spec: PowerSpec, _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    if spec.power == 0 {
      y[i] = 1
    } else {
      let base = spec.scale == 0 ? spec.shift : spec.shift + spec.scale * x[i]
      y[i] = spec.power == 1 ? base : pow(base, spec.power)
    }
  }
}

/// y = 1 ∕ (1 + exp(−x))
private func naiveSigmoid(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>)
{
  for i in 0..<count { y[i] = 1 / (1 + exp(-x[i])) }
}

/// y = tanh x
private func naiveTanh(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
  for i in 0..<count { y[i] = tanh(x[i]) }
}

/// y = Σ_i c_i · x_i, Π_i x_i or max_i x_i, element by element.
private func naiveEltwise(
  _ spec: EltwiseSpec, _ x: [UnsafePointer<Float>], _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for j in 0..<count {
    var result = spec.operation == .sum ? spec.coefficient(0) * x[0][j] : x[0][j]
    for i in 1..<x.count {
      switch spec.operation {
      case .sum: result += spec.coefficient(i) * x[i][j]
      case .product: result *= x[i][j]
      case .maximum: result = max(result, x[i][j])
      }
    }
    y[j] = result
  }
}

/// The inputs behind each other along an axis.
private func naiveConcat(
  _ spec: ConcatSpec, _ x: [UnsafePointer<Float>], _ shapes: [Shape],
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  var next = 0
  for outer in 0..<output.count(of: 0..<spec.axis) {
    for i in x.indices {
      let count = shapes[i].count(of: spec.axis..<output.rank)
      for j in 0..<count { y[next + j] = x[i][outer * count + j] }
      next += count
    }
  }
}

/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor over the labels that are not ignored.
/// - Parameter softmax: where the softmax goes, or nil.
private func naiveSoftmaxWithLoss(
  _ spec: SoftmaxWithLossSpec, _ scores: UnsafePointer<Float>, _ axis: AxisSplit,
  labels: UnsafePointer<Float>, _ loss: UnsafeMutablePointer<Float>,
  softmax: UnsafeMutablePointer<Float>?
) {
  var total: Float = 0
  var count = 0
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      var maximum = scores[first]
      for j in 0..<axis.count { maximum = max(maximum, scores[first + j * axis.inner]) }
      var sum: Float = 0
      for j in 0..<axis.count { sum += exp(scores[first + j * axis.inner] - maximum) }
      func share(_ j: Int) -> Float { exp(scores[first + j * axis.inner] - maximum) / sum }
      if let softmax {
        for j in 0..<axis.count { softmax[first + j * axis.inner] = share(j) }
      }
      let label = classLabel(labels[outer * axis.inner + inner])
      if label == spec.ignoredLabel { continue }
      count += 1
      total -=
        label >= 0 && label < axis.count ? log(max(share(label), .leastNormalMagnitude)) : .nan
    }
  }
  loss[0] =
    total
    / Float(
      spec.normalization.divisor(
        images: axis.outer, labels: axis.outer * axis.inner, validLabels: count))
}

/// loss = Σ (a − b)² ∕ (2 N)
private func naiveEuclideanLoss(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ shape: Shape,
  _ loss: UnsafeMutablePointer<Float>
) {
  var sum: Float = 0
  for i in 0..<shape.count { sum += (a[i] - b[i]) * (a[i] - b[i]) }
  loss[0] = sum / Float(2 * shape.n)
}

/// The share of labels that fewer than `topK` other classes score as high as or higher.
/// - Parameter ofClass: where the same for the labels of each class goes, or nil.
private func naiveAccuracy(
  _ spec: AccuracySpec, _ scores: UnsafePointer<Float>, _ axis: AxisSplit,
  labels: UnsafePointer<Float>, _ accuracy: UnsafeMutablePointer<Float>,
  ofClass: UnsafeMutablePointer<Float>?
) {
  /// Of the labels of one class, or of all.
  func share(of wanted: Int?) -> Float {
    var hits: Float = 0
    var count: Float = 0
    for outer in 0..<axis.outer {
      for inner in 0..<axis.inner {
        let label = classLabel(labels[outer * axis.inner + inner])
        if label == spec.ignoredLabel || wanted != nil && wanted != label { continue }
        guard label >= 0, label < axis.count else { return .nan }
        let first = outer * axis.count * axis.inner + inner
        var rivals = 0
        for j in 0..<axis.count where j != label {
          if scores[first + j * axis.inner] >= scores[first + label * axis.inner] { rivals += 1 }
        }
        count += 1
        if rivals < spec.topK { hits += 1 }
      }
    }
    return count == 0 ? 0 : hits / count
  }
  accuracy[0] = share(of: nil)
  if let ofClass {
    for label in 0..<axis.count { ofClass[label] = share(of: label) }
  }
}
