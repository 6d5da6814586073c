import Tensors

extension Layer {
  /// The shapes of the tops for bottoms of the given shapes, by Caffe's rules.
  public func outputShapes(of bottoms: [Shape]) throws(NetworkError) -> [Shape] {
    guard bottoms.count == 1, let input = bottoms.first else {
      throw refused("takes one bottom, not \(bottoms.count)")
    }
    switch spec {
    case .relu, .dropout: return [input]
    case .lrn(let spec):
      guard spec.size >= 1, spec.size % 2 == 1 else {
        throw refused("LRN needs an odd window, not \(spec.size)")
      }
      return [input]
    case .softmax(let spec):
      guard input.dimensions.indices.contains(spec.axis) else {
        throw refused("axis \(spec.axis) is outside shape \(input)")
      }
      return [input]
    case .convolution(let spec): return [try shape(of: spec, input: input)]
    case .pooling(let spec): return [try shape(of: spec, input: input)]
    case .innerProduct(let spec):
      guard spec.outputs >= 1, input.dimensions.indices.contains(spec.axis) else {
        throw refused("\(spec.outputs) outputs from axis \(spec.axis) of shape \(input)")
      }
      return [Shape(Array(input.dimensions[..<spec.axis]) + [spec.outputs])]
    }
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
