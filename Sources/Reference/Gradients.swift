import Foundation
import Networks
import Tensors

// Backward, layer by layer, from the definitions of forward by the chain rule; dx, dy, dw and db are the
// gradients of the loss with respect to input, output, weight and bias. Bounds as for forward: a sum of m
// products is off by at most (m + 1) · u · Σ|product| in any order, and u for what is rounded after it.

extension Reference {
  /// The outputs of a backward node.
  static func backward(
    _ node: Graph.Node, _ inputs: [Operand], _ weights: LayerWeights?, _ derivesBounds: Bool,
    _ results: inout [ReferenceResult]
  ) {
    guard let forward = node.forward else { preconditionFailure("no backward node") }
    let operands = node.backwardOperands(inputs)
    func top() -> Operand {
      guard let top = operands.top else {
        preconditionFailure("a loss has no gradient to begin with")
      }
      return top
    }
    /// Element by element: the gradient, and its bound.
    func each(_ other: [Double], _ gradient: (_ dy: Double, _ x: Double) -> (Double, bound: Double))
    {
      for (index, dy) in top().values.enumerated() {
        let (value, bound) = gradient(dy, other[index])
        results[0].values[index] = value
        if derivesBounds { results[0].bounds[index] = bound }
      }
    }
    switch node.layer.spec {
    case .convolution(let spec):
      convolutionGradients(
        spec, node.direction, forward, top(), operands.bottoms.first, weights, derivesBounds,
        &results)
    case .innerProduct(let spec):
      innerProductGradients(
        spec, node.direction, forward, top(), operands.bottoms.first, weights, derivesBounds,
        &results)
    case .pooling(let spec):
      poolingGradient(spec, forward, top(), operands.bottoms.first, derivesBounds, &results[0])
    case .lrn(let spec):
      lrnGradient(spec, top(), operands.bottoms[0], derivesBounds, &results[0])
    case .relu(let spec):
      // Exact, but for the rounding of the product; 0 belongs to the negative side.
      let slope = Double(spec.negativeSlope)
      each((operands.tops + operands.bottoms)[0].values) { dy, x in
        x > 0 ? (dy, 0) : (slope * dy, slope == 0 || slope == 1 ? 0 : u * abs(slope * dy))
      }
    case .sigmoid:
      // dx = dy · y · (1 − y): two products and a difference.
      each(operands.tops[0].values) { dy, y in
        let value = dy * y * (1 - y)
        return (value, 4 * u * abs(value) + underflow)
      }
    case .tanh:
      // dx = dy · (1 − y²), where the square is rounded before the difference.
      each(operands.tops[0].values) { dy, y in
        (dy * (1 - y * y), abs(dy) * (2 * u * y * y + 3 * u * abs(1 - y * y)) + underflow)
      }
    case .power(let spec):
      powerGradient(spec, top(), operands.bottoms.first, derivesBounds, &results[0])
    case .dropout, .flatten: results[0].values = top().values
    case .concat(let spec): concatGradients(spec, forward, top(), &results)
    case .eltwise(let spec):
      eltwiseGradients(spec, forward, top(), operands.bottoms, derivesBounds, &results)
    case .softmax(let spec):
      softmaxGradient(spec, top(), operands.tops[0], derivesBounds, &results[0])
    case .softmaxWithLoss(let spec):
      lossGradient(spec, operands.bottoms[0], operands.bottoms[1], derivesBounds, &results[0])
    case .euclideanLoss(let spec):
      // ± (a − b) · weight ∕ N: a difference, a product and a quotient.
      for (position, target) in forward.targets.enumerated() {
        let sign = target == 0 ? 1.0 : -1.0
        for (index, a) in operands.bottoms[0].values.enumerated() {
          let value =
            sign * (a - operands.bottoms[1].values[index]) * Double(spec.lossWeight)
            / Double(forward.bottoms[0].n)
          results[position].values[index] = value
          if derivesBounds { results[position].bounds[index] = 4 * u * abs(value) }
        }
      }
    case .accuracy: preconditionFailure("an accuracy has no gradient")
    }
  }

  // MARK: Layers with weights

  /// Sums of products, each with the sum of their sizes and their number.
  private struct Sums {
    private(set) var values: [Double]
    private var sizes: [Double]
    private var counts: [Int]

    init(count: Int) {
      values = [Double](repeating: 0, count: count)
      sizes = values
      counts = [Int](repeating: 0, count: count)
    }

    @inline(__always)
    mutating func add(_ product: Double, to index: Int) {
      values[index] += product
      sizes[index] += abs(product)
      counts[index] += 1
    }

    func store(in result: inout ReferenceResult, _ derivesBounds: Bool) {
      result.values = values
      guard derivesBounds else { return }
      for index in values.indices {
        result.bounds[index] = Double(counts[index] + 2) * u * sizes[index]
      }
    }
  }

  /// dx[n,c,h,w] = Σ w[k,c,r,s] · dy[n,k,p,q] and dw[k,c,r,s] = Σ dy[n,k,p,q] · x[n,c,h,w] over all that meet
  /// in forward, h = p·stride − pad + r·dilation and likewise w; db[k] = Σ dy[n,k,p,q].
  private static func convolutionGradients(
    _ spec: ConvolutionSpec, _ direction: Direction, _ forward: Graph.ForwardShapes, _ dy: Operand,
    _ x: Operand?, _ weights: LayerWeights?, _ derivesBounds: Bool,
    _ results: inout [ReferenceResult]
  ) {
    let (input, output) = (forward.bottoms[0], forward.tops[0])
    let (channels, outputs) = (input.c / spec.groups, output.c / spec.groups)
    let filterCount = spec.kernel.h * spec.kernel.w
    let isData = direction == .backwardData
    var sums = Sums(count: results[0].shape.count)
    var biases = Sums(count: output.c)
    for n in 0..<output.n {
      for k in 0..<output.c {
        for p in 0..<output.h {
          for q in 0..<output.w {
            let gradient = dy.values[((n * output.c + k) * output.h + p) * output.w + q]
            if !isData { biases.add(gradient, to: k) }
            for r in 0..<spec.kernel.h {
              let h = p * spec.stride.h - spec.pad.h + r * spec.dilation.h
              guard (0..<input.h).contains(h) else { continue }
              for s in 0..<spec.kernel.w {
                let w = q * spec.stride.w - spec.pad.w + s * spec.dilation.w
                guard (0..<input.w).contains(w) else { continue }
                for c in 0..<channels {
                  let channel = k / outputs * channels + c
                  let place = ((n * input.c + channel) * input.h + h) * input.w + w
                  let tap = (k * channels + c) * filterCount + r * spec.kernel.w + s
                  if isData, let weights {
                    sums.add(Double(weights.weight.pointer[tap]) * gradient, to: place)
                  } else if let x {
                    sums.add(gradient * x.values[place], to: tap)
                  }
                }
              }
            }
          }
        }
      }
    }
    sums.store(in: &results[0], derivesBounds)
    if !isData, results.count > 1 { biases.store(in: &results[1], derivesBounds) }
  }

  /// dx[m,c] = Σ_k w[k,c] · dy[m,k]; dw[k,c] = Σ_m dy[m,k] · x[m,c]; db[k] = Σ_m dy[m,k]. A transposed weight lies
  /// as C×K, and so does its gradient.
  private static func innerProductGradients(
    _ spec: InnerProductSpec, _ direction: Direction, _ forward: Graph.ForwardShapes, _ dy: Operand,
    _ x: Operand?, _ weights: LayerWeights?, _ derivesBounds: Bool,
    _ results: inout [ReferenceResult]
  ) {
    let input = forward.bottoms[0]
    let count = input.count(of: spec.axis..<input.rank)
    let items = input.count(of: 0..<spec.axis)
    let (outputStep, inputStep) = spec.isTransposed ? (1, spec.outputs) : (count, 1)
    let isData = direction == .backwardData
    var sums = Sums(count: results[0].shape.count)
    var biases = Sums(count: spec.outputs)
    for m in 0..<items {
      for k in 0..<spec.outputs {
        let gradient = dy.values[m * spec.outputs + k]
        if !isData { biases.add(gradient, to: k) }
        for c in 0..<count {
          let tap = k * outputStep + c * inputStep
          if isData, let weights {
            sums.add(Double(weights.weight.pointer[tap]) * gradient, to: m * count + c)
          } else if let x {
            sums.add(gradient * x.values[m * count + c], to: tap)
          }
        }
      }
    }
    sums.store(in: &results[0], derivesBounds)
    if !isData, results.count > 1 { biases.store(in: &results[1], derivesBounds) }
  }

  // MARK: Layers without

  /// Of a maximum all goes to the first of the window's largest values; an average shares it out, over
  /// the size that forward divides by.
  private static func poolingGradient(
    _ spec: PoolingSpec, _ forward: Graph.ForwardShapes, _ dy: Operand, _ x: Operand?,
    _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let (input, output) = (forward.bottoms[0], forward.tops[0])
    let (kernel, stride, pad) = spec.window(over: input)
    var sums = Sums(count: input.count)
    for plane in 0..<input.n * input.c {
      for p in 0..<output.h {
        for q in 0..<output.w {
          let gradient = dy.values[(plane * output.h + p) * output.w + q]
          let h = p * stride.h - pad.h
          let w = q * stride.w - pad.w
          let hEnd = min(h + kernel.h, input.h + pad.h)
          let wEnd = min(w + kernel.w, input.w + pad.w)
          let size = Double((hEnd - h) * (wEnd - w))
          var best: Int?
          for row in max(h, 0)..<max(min(hEnd, input.h), max(h, 0)) {
            for column in max(w, 0)..<max(min(wEnd, input.w), max(w, 0)) {
              let place = (plane * input.h + row) * input.w + column
              if let x {
                if best.map({ x.values[place] > x.values[$0] }) ?? true { best = place }
              } else {
                sums.add(gradient / size, to: place)
              }
            }
          }
          if let best { sums.add(gradient, to: best) }
        }
      }
    }
    sums.store(in: &result, derivesBounds)
  }

  /// dx_c = dy_c · s_c^−β − (2 α β ∕ n) · x_c · Σ_j dy_j · x_j · s_j^(−β−1) over the window around c, with
  /// s = k + (α ∕ n) · Σ x² as in forward.
  ///
  /// Bound: a scale that is relatively e off (as in forward) moves its power by (1 − e)^−β − 1 and the next
  /// one's by (1 − e)^(−β−1) − 1; powers and products are allowed 12u. The sum may slide along the channels
  /// as forward's may.
  private static func lrnGradient(
    _ spec: LRNSpec, _ dy: Operand, _ x: Operand, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let shape = x.shape
    let half = (spec.size - 1) / 2
    let isAcross = spec.region == .acrossChannels
    let count = isAcross ? spec.size : spec.size * spec.size
    let factor = Double(spec.alpha) / Double(count)
    let k = isAcross ? Double(spec.k) : 1
    let beta = Double(spec.beta)
    let plane = shape.h * shape.w
    /// The window around an element, and what may have entered and left a sum that slides to it.
    func window(_ index: Int) -> [Int] {
      let pixel = index % plane
      let channel = index / plane % shape.c
      let first = index - channel * plane
      if isAcross {
        return (max(channel - half, 0)..<min(channel + half + 1, shape.c)).map {
          first + $0 * plane
        }
      }
      let (h, w) = (pixel / shape.w, pixel % shape.w)
      return (max(h - half, 0)..<min(h + half + 1, shape.h)).flatMap { row in
        (max(w - half, 0)..<min(w + half + 1, shape.w)).map { index - pixel + row * shape.w + $0 }
      }
    }
    func slides(_ index: Int) -> Double {
      isAcross ? Double(2 * (index / plane % shape.c) + 2 * spec.size) : Double(count)
    }
    /// Sums over windows, and the largest that a sliding one has met: with what enters next.
    func sums(_ terms: [Double]) -> (values: [Double], largest: [Double]) {
      var values = terms
      var largest = terms
      for index in terms.indices {
        let around = window(index)
        values[index] = around.reduce(0) { $0 + terms[$1] }
        let next = isAcross ? (around.last ?? index) + plane : index
        let isInside =
          isAcross && next / plane % shape.c > index / plane % shape.c && next < terms.count
        let size = around.reduce(0) { $0 + abs(terms[$1]) } + (isInside ? abs(terms[next]) : 0)
        let isFirst = !isAcross || index / plane % shape.c == 0
        largest[index] = isFirst ? size : max(largest[index - plane], size)
      }
      return (values, largest)
    }
    let squares = sums(x.values.map { $0 * $0 })
    let scales = squares.values.map { k + factor * $0 }
    let errors = scales.indices.map { index in
      let sumError = slides(index) * 2 * u * squares.largest[index]
      let scaleError =
        abs(factor) * (sumError + 3 * u * squares.values[index]) + u * abs(scales[index])
      return min(scaleError / abs(scales[index]), 0.5)
    }
    let terms = x.values.indices.map { dy.values[$0] * x.values[$0] * pow(scales[$0], -beta - 1) }
    let ratios = sums(terms)
    let termErrors = sums(
      terms.indices.map { abs(terms[$0]) * (pow(1 - errors[$0], -beta - 1) - 1 + 12 * u) })
    for index in x.values.indices {
      let first = dy.values[index] * pow(scales[index], -beta)
      let outer = 2 * factor * beta * x.values[index]
      let second = outer * ratios.values[index]
      result.values[index] = first - second
      guard derivesBounds else { continue }
      let sumError = termErrors.values[index] + slides(index) * 2 * u * ratios.largest[index]
      result.bounds[index] =
        abs(first) * (pow(1 - errors[index], -beta) - 1 + 12 * u)
        + abs(outer) * sumError + 8 * u * abs(second) + u * (abs(first) + abs(second)) + underflow
    }
  }

  /// dx = dy · power · scale · (shift + scale · x)^(power − 1).
  ///
  /// Bound: as of forward, with one power less, and 12u for powers, quotients and products: Caffe divides
  /// the output by the base.
  private static func powerGradient(
    _ spec: PowerSpec, _ dy: Operand, _ x: Operand?, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let (power, scale, shift) = (Double(spec.power), Double(spec.scale), Double(spec.shift))
    for (index, gradient) in dy.values.enumerated() {
      guard let x else {
        result.values[index] = gradient * power * scale
        if derivesBounds { result.bounds[index] = 2 * u * abs(result.values[index]) }
        continue
      }
      let product = scale * x.values[index]
      let base = shift + product
      func raised(_ base: Double) -> Double { power == 2 ? base : pow(base, power - 1) }
      let factor = gradient * power * scale
      result.values[index] = factor * raised(base)
      guard derivesBounds else { continue }
      let error = u * (abs(product) + abs(base))
      let moved = max(
        abs(raised(base - error) - raised(base)), abs(raised(base + error) - raised(base)))
      result.bounds[index] =
        2 * abs(factor) * moved + 24 * u * abs(result.values[index]) + underflow
    }
  }

  /// Each input's part along the axis. Exact.
  private static func concatGradients(
    _ spec: ConcatSpec, _ forward: Graph.ForwardShapes, _ dy: Operand,
    _ results: inout [ReferenceResult]
  ) {
    let output = forward.tops[0]
    let outer = output.count(of: 0..<spec.axis)
    let row = output.count(of: spec.axis..<output.rank)
    let counts = forward.bottoms.map { $0.count(of: spec.axis..<$0.rank) }
    for (position, target) in forward.targets.enumerated() {
      let first = counts[..<target].reduce(0, +)
      results[position].values = (0..<outer).flatMap { o in
        dy.values[o * row + first..<o * row + first + counts[target]]
      }
    }
  }

  /// Of a sum dy with the factor, of a product dy times all others, of a maximum dy for the input that has
  /// it: of the first two the second where they are equal, of later ones the earlier, as Caffe
  /// compares them.
  private static func eltwiseGradients(
    _ spec: EltwiseSpec, _ forward: Graph.ForwardShapes, _ dy: Operand, _ inputs: [Operand],
    _ derivesBounds: Bool, _ results: inout [ReferenceResult]
  ) {
    for (position, target) in forward.targets.enumerated() {
      for (index, gradient) in dy.values.enumerated() {
        var value = gradient
        var bound = 0.0
        switch spec.operation {
        case .sum:
          value *= Double(spec.coefficient(target))
          bound = spec.coefficient(target) == 1 ? 0 : u * abs(value)
        case .product:
          for (other, input) in inputs.enumerated() where other != target {
            value *= input.values[index]
          }
          bound = Double(inputs.count) * (u * abs(value) + underflow)
        case .maximum:
          let x = inputs.map { $0.values[index] }
          var best = x[0] > x[1] ? 0 : 1
          for other in x.indices.dropFirst(2) where x[other] > x[best] { best = other }
          if best != target { value = 0 }
        }
        results[position].values[index] = value
        if derivesBounds { results[position].bounds[index] = bound }
      }
    }
  }

  /// dx_i = y_i · (dy_i − Σ_j dy_j · y_j) along one axis.
  private static func softmaxGradient(
    _ spec: SoftmaxSpec, _ dy: Operand, _ y: Operand, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let places = Places(y.shape, axis: spec.axis)
    for place in 0..<places.count {
      let indices = (0..<places.classes).map { places.index(place, $0) }
      let products = indices.map { dy.values[$0] * y.values[$0] }
      let sum = products.reduce(0, +)
      let size = products.reduce(0) { $0 + abs($1) }
      for index in indices {
        let difference = dy.values[index] - sum
        result.values[index] = y.values[index] * difference
        guard derivesBounds else { continue }
        result.bounds[index] =
          abs(y.values[index]) * (Double(places.classes + 2) * u * size + 3 * u * abs(difference))
          + underflow
      }
    }
  }

  /// dx = (softmax − 1 at the label) · weight ∕ divisor; 0 where the label is ignored.
  ///
  /// Bound: that of the softmax, and 4u for the difference, the product and the quotient.
  private static func lossGradient(
    _ spec: SoftmaxWithLossSpec, _ scores: Operand, _ labels: Operand, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    var softmax = ReferenceResult(zeros: scores.shape, derivesBounds: derivesBounds)
    Self.softmax(SoftmaxSpec(axis: spec.axis), scores, derivesBounds, &softmax)
    let places = Places(scores.shape, axis: spec.axis)
    let known = (0..<places.count).map { places.label(labels.values[$0]) }
    let divisor = spec.normalization.divisor(
      images: places.outer, labels: places.count,
      validLabels: known.count { $0 != spec.ignoredLabel })
    let factor = Double(spec.lossWeight) / Double(divisor)
    for (place, label) in known.enumerated() where label != spec.ignoredLabel {
      for c in 0..<places.classes {
        let index = places.index(place, c)
        let difference = softmax.values[index] - (c == label ? 1 : 0)
        result.values[index] = difference * factor
        guard derivesBounds else { continue }
        result.bounds[index] = abs(factor) * (softmax.bounds[index] + 4 * u * abs(difference))
      }
    }
  }
}
