import Tensors

extension Layer {
  /// The shapes of the tops for bottoms of the given shapes, by Caffe's rules.
  public func outputShapes(of bottoms: [Shape]) throws(NetworkError) -> [Shape] {
    try requireBottomCount(bottoms.count)
    let input = bottoms[0]
    switch try spec.countingFromFront(bottoms: bottoms, layer: name) {
    case .relu, .dropout, .softmax, .power, .sigmoid, .tanh: return [input]
    case .lrn(let spec):
      guard input.rank == 4 else { throw refused("LRN needs N,C,H,W, not \(input)") }
      guard spec.size >= 1, spec.size % 2 == 1 else {
        throw refused("LRN needs an odd window, not \(spec.size)")
      }
      return [input]
    case .convolution(let spec): return [try shape(of: spec, input: input)]
    case .pooling(let spec):
      let output = try shape(of: spec, input: input)
      guard tops.count == 2 else { return [output] }
      guard spec.method == .max else { throw refused("only a maximum has a mask as second top") }
      return [output, output]
    case .innerProduct(let spec):
      guard spec.outputs >= 1 else { throw refused("has \(spec.outputs) outputs") }
      return [Shape(Array(input.dimensions[..<spec.axis]) + [spec.outputs])]
    case .softmaxWithLoss(let spec):
      try requireLabels(bottoms, axis: spec.axis)
      guard input.dimensions[0] == bottoms[1].dimensions.first else {
        throw refused("the scores \(input) and the labels \(bottoms[1]) differ in their batch")
      }
      return tops.count == 2 ? [.scalar, input] : [.scalar]
    case .accuracy(let spec):
      try requireLabels(bottoms, axis: spec.axis)
      let classes = input.dimensions[spec.axis]
      guard spec.topK >= 1, spec.topK <= classes else {
        throw refused("the best \(spec.topK) of \(classes) classes is not possible")
      }
      return tops.count == 2 ? [.scalar, Shape([classes])] : [.scalar]
    case .euclideanLoss:
      guard input.rank >= 1, bottoms[1].rank >= 1,
        input.dimensions[0] == bottoms[1].dimensions[0], input.count == bottoms[1].count
      else { throw refused("needs two blobs of the same size, not \(input) and \(bottoms[1])") }
      return [.scalar]
    case .concat(let spec): return [try concatenated(bottoms, axis: spec.axis)]
    case .eltwise(let spec):
      guard bottoms.allSatisfy({ $0 == input }) else {
        throw refused("needs blobs of one shape, not \(Self.list(bottoms))")
      }
      guard spec.coefficients.isEmpty || spec.operation == .sum else {
        throw refused("only a sum takes coefficients")
      }
      guard spec.coefficients.isEmpty || spec.coefficients.count == bottoms.count else {
        throw refused("has \(spec.coefficients.count) coefficients for \(bottoms.count) bottoms")
      }
      return [input]
    case .flatten(let spec):
      let dimensions = input.dimensions
      return [
        Shape(
          Array(dimensions[..<spec.axis]) + [input.count(of: spec.axis..<spec.endAxis + 1)]
            + Array(dimensions[(spec.endAxis + 1)...]))
      ]
    }
  }

  private func requireBottomCount(_ count: Int) throws(NetworkError) {
    let (wanted, isEnough): (String, Bool) =
      switch spec {
      case .softmaxWithLoss, .accuracy, .euclideanLoss: ("two bottoms", count == 2)
      case .eltwise: ("at least two bottoms", count >= 2)
      case .concat: ("at least one bottom", count >= 1)
      default: ("one bottom", count == 1)
      }
    guard isEnough else { throw refused("takes \(wanted), not \(count)") }
  }

  /// Scores and labels of a loss or an accuracy.
  private func requireLabels(_ bottoms: [Shape], axis: Int) throws(NetworkError) {
    let places = bottoms[0].count(of: 0..<axis) * bottoms[0].count(of: axis + 1..<bottoms[0].rank)
    guard bottoms[1].count == places else {
      throw refused(
        "\(bottoms[1].count) labels for scores \(bottoms[0]) with classes along axis \(axis), "
          + "which need \(places)")
    }
  }

  private func concatenated(_ bottoms: [Shape], axis: Int) throws(NetworkError) -> Shape {
    func rest(_ shape: Shape) -> [Int] {
      var dimensions = shape.dimensions
      dimensions[axis] = 0
      return dimensions
    }
    guard bottoms.allSatisfy({ $0.rank == bottoms[0].rank && rest($0) == rest(bottoms[0]) }) else {
      throw refused("can't join \(Self.list(bottoms)) along axis \(axis)")
    }
    var dimensions = bottoms[0].dimensions
    dimensions[axis] = bottoms.reduce(0) { $0 + $1.dimensions[axis] }
    return Shape(dimensions)
  }

  private static func list(_ shapes: [Shape]) -> String {
    shapes.map(\.description).joined(separator: ", ")
  }

  private func shape(of spec: ConvolutionSpec, input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 4 else { throw refused("convolution needs N,C,H,W, not \(input)") }
    guard spec.groups >= 1, input.c % spec.groups == 0, spec.outputs % spec.groups == 0,
      spec.outputs >= 1
    else {
      throw refused(
        "\(input.c) channels to \(spec.outputs) do not divide into \(spec.groups) groups")
    }
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ pad: Int, _ dilation: Int) -> Int {
      let extent = dilation * (kernel - 1) + 1
      return input + 2 * pad < extent ? 0 : (input + 2 * pad - extent) / stride + 1
    }
    let valid = [spec.kernel, spec.stride, spec.dilation].allSatisfy { $0.h >= 1 && $0.w >= 1 }
    guard valid, spec.pad.h >= 0, spec.pad.w >= 0 else {
      throw refused("kernel, stride and dilation must be at least 1, padding at least 0")
    }
    let h = size(input.h, spec.kernel.h, spec.stride.h, spec.pad.h, spec.dilation.h)
    let w = size(input.w, spec.kernel.w, spec.stride.w, spec.pad.w, spec.dilation.w)
    guard h >= 1, w >= 1 else { throw refused("the kernel is larger than the padded input") }
    return Shape(n: input.n, c: spec.outputs, h: h, w: w)
  }

  private func shape(of spec: PoolingSpec, input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 4 else { throw refused("pooling needs N,C,H,W, not \(input)") }
    if spec.isGlobal { return Shape(n: input.n, c: input.c, h: 1, w: 1) }
    let valid = [spec.kernel, spec.stride].allSatisfy { $0.h >= 1 && $0.w >= 1 }
    guard valid, spec.pad.h >= 0, spec.pad.w >= 0, spec.pad.h < spec.kernel.h,
      spec.pad.w < spec.kernel.w
    else { throw refused("kernel and stride must be at least 1, padding smaller than the kernel") }
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ pad: Int) -> Int {
      guard input + 2 * pad >= kernel else { return 0 }
      var size = (input + 2 * pad - kernel + stride - 1) / stride + 1
      // A last window that would start in the padding is dropped (pooling_layer.cpp, Reshape).
      if pad > 0, (size - 1) * stride >= input + pad { size -= 1 }
      return size
    }
    let h = size(input.h, spec.kernel.h, spec.stride.h, spec.pad.h)
    let w = size(input.w, spec.kernel.w, spec.stride.w, spec.pad.w)
    guard h >= 1, w >= 1 else { throw refused("the window is larger than the padded input") }
    return Shape(n: input.n, c: input.c, h: h, w: w)
  }

  private func refused(_ reason: String) -> NetworkError {
    .unusableShape(layer: name, reason: reason)
  }
}

extension LayerSpec {
  /// The same with all axes counted from the front, as they are in a ``Graph``.
  /// - Throws: an axis that the bottom does not have.
  func countingFromFront(bottoms: [Shape], layer: String) throws(NetworkError) -> LayerSpec {
    let input = bottoms[0]
    func front(_ axis: Int) throws(NetworkError) -> Int {
      guard let canonical = input.canonicalAxis(axis) else {
        throw .unusableShape(layer: layer, reason: "axis \(axis) is outside shape \(input)")
      }
      return canonical
    }
    switch self {
    case .innerProduct(var spec):
      spec.axis = try front(spec.axis)
      return .innerProduct(spec)
    case .softmax(var spec):
      spec.axis = try front(spec.axis)
      return .softmax(spec)
    case .softmaxWithLoss(var spec):
      spec.axis = try front(spec.axis)
      return .softmaxWithLoss(spec)
    case .accuracy(var spec):
      spec.axis = try front(spec.axis)
      return .accuracy(spec)
    case .concat(var spec):
      spec.axis = try front(spec.axis)
      return .concat(spec)
    case .flatten(var spec):
      (spec.axis, spec.endAxis) = (try front(spec.axis), try front(spec.endAxis))
      guard spec.axis <= spec.endAxis + 1 else {
        throw .unusableShape(
          layer: layer, reason: "axis \(spec.axis) lies behind end axis \(spec.endAxis)")
      }
      return .flatten(spec)
    case .convolution, .relu, .pooling, .lrn, .dropout, .euclideanLoss, .eltwise, .power, .sigmoid,
      .tanh:
      return self
    }
  }

  /// Whether what the layer makes of one image depends on other images.
  public var mixesImages: Bool {
    switch self {
    case .innerProduct(let spec): spec.axis == 0
    case .softmax(let spec): spec.axis == 0
    case .concat(let spec): spec.axis == 0
    case .flatten(let spec): spec.axis == 0
    case .softmaxWithLoss, .euclideanLoss, .accuracy: true
    case .convolution, .relu, .pooling, .lrn, .dropout, .eltwise, .power, .sigmoid, .tanh: false
    }
  }
}
