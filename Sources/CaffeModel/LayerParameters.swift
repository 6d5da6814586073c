import Networks

extension Caffe_LayerParameter {
  /// What the layer computes.
  /// - Throws: parameters that are missing, contradict each other, or can't be honoured.
  func spec() throws(CaffeModelError) -> LayerSpec {
    switch type {
    case "Convolution": return .convolution(try convolution())
    case "ReLU": return .relu(ReLUSpec(negativeSlope: reluParam.negativeSlope))
    case "Pooling": return .pooling(try pooling())
    case "LRN": return .lrn(try lrn())
    case "InnerProduct": return .innerProduct(try innerProduct())
    case "Dropout": return .dropout(DropoutSpec(ratio: dropoutParam.dropoutRatio))
    case "Softmax": return .softmax(SoftmaxSpec(axis: try axis(softmaxParam.axis)))
    case "": throw refused("has no type")
    default: throw refused("has type '\(type)', which is not supported")
    }
  }

  private func convolution() throws(CaffeModelError) -> ConvolutionSpec {
    let parameter = convolutionParam
    guard parameter.axis == 1 else { throw refused("convolution_param.axis must be 1") }
    func pair(
      _ name: String, _ both: [UInt32], _ h: UInt32?, _ w: UInt32?, _ standard: Int?
    ) throws(CaffeModelError) -> Extent {
      try extent(name, both, h, w, standard)
    }
    return ConvolutionSpec(
      outputs: try count("num_output", parameter.numOutput),
      kernel: try pair(
        "kernel", parameter.kernelSize, parameter.hasKernelH ? parameter.kernelH : nil,
        parameter.hasKernelW ? parameter.kernelW : nil, nil),
      stride: try pair(
        "stride", parameter.stride, parameter.hasStrideH ? parameter.strideH : nil,
        parameter.hasStrideW ? parameter.strideW : nil, 1),
      pad: try pair(
        "pad", parameter.pad, parameter.hasPadH ? parameter.padH : nil,
        parameter.hasPadW ? parameter.padW : nil, 0),
      dilation: try pair("dilation", parameter.dilation, nil, nil, 1),
      groups: try count("group", parameter.group), hasBias: parameter.biasTerm)
  }

  private func pooling() throws(CaffeModelError) -> PoolingSpec {
    let parameter = poolingParam
    let method: PoolingSpec.Method
    switch parameter.pool {
    case .max: method = .max
    case .ave: method = .average
    case .stochastic: throw refused("pooling_param.pool STOCHASTIC is not supported")
    }
    guard parameter.roundMode == .ceil else {
      throw refused("pooling_param.round_mode FLOOR is not supported")
    }
    func pair(
      _ name: String, _ hasBoth: Bool, _ both: UInt32, _ h: UInt32?, _ w: UInt32?,
      _ standard: Int?
    ) throws(CaffeModelError) -> Extent {
      try extent(name, hasBoth ? [both] : [], h, w, standard)
    }
    let h = parameter.hasKernelH ? parameter.kernelH : nil
    let w = parameter.hasKernelW ? parameter.kernelW : nil
    if parameter.globalPooling && (parameter.hasKernelSize || h != nil || w != nil) {
      throw refused("global_pooling and a kernel size exclude each other")
    }
    let spec = PoolingSpec(
      method: method,
      kernel: try pair(
        "kernel", parameter.hasKernelSize, parameter.kernelSize, h, w,
        parameter.globalPooling ? 1 : nil),
      stride: try pair(
        "stride", parameter.hasStride, parameter.stride,
        parameter.hasStrideH ? parameter.strideH : nil,
        parameter.hasStrideW ? parameter.strideW : nil, 1),
      pad: try pair(
        "pad", parameter.hasPad, parameter.pad, parameter.hasPadH ? parameter.padH : nil,
        parameter.hasPadW ? parameter.padW : nil, 0),
      isGlobal: parameter.globalPooling)
    if spec.isGlobal && (spec.stride != .one || spec.pad != .zero) {
      throw refused("global_pooling needs stride 1 and no padding")
    }
    return spec
  }

  private func lrn() throws(CaffeModelError) -> LRNSpec {
    let parameter = lrnParam
    guard parameter.localSize % 2 == 1 else { throw refused("lrn_param.local_size must be odd") }
    return LRNSpec(
      size: try count("local_size", parameter.localSize), alpha: parameter.alpha,
      beta: parameter.beta, k: parameter.k,
      region: parameter.normRegion == .acrossChannels ? .acrossChannels : .withinChannel)
  }

  private func innerProduct() throws(CaffeModelError) -> InnerProductSpec {
    let parameter = innerProductParam
    if parameter.transpose { throw refused("inner_product_param.transpose is not supported") }
    return InnerProductSpec(
      outputs: try count("num_output", parameter.numOutput), hasBias: parameter.biasTerm,
      axis: try axis(parameter.axis))
  }

  /// Rows and columns from the three ways to give them; Caffe's rules in base_conv_layer.cpp and
  /// pooling_layer.cpp.
  private func extent(
    _ name: String, _ both: [UInt32], _ h: UInt32?, _ w: UInt32?, _ standard: Int?
  ) throws(CaffeModelError) -> Extent {
    if h != nil || w != nil {
      guard both.isEmpty else {
        throw refused("gives both '\(name)' and '\(name)_h' or '\(name)_w'")
      }
      // A missing padding is 0; a missing kernel or stride would be 0 too, which is impossible.
      guard let h = h ?? (standard == 0 ? 0 : nil), let w = w ?? (standard == 0 ? 0 : nil) else {
        throw refused("gives only one of '\(name)_h' and '\(name)_w'")
      }
      return Extent(h: try small(name, h), w: try small(name, w))
    }
    switch both.count {
    case 0:
      guard let standard else { throw refused("has no \(name) size") }
      return Extent(standard)
    case 1: return Extent(try small(name, both[0]))
    case 2: return Extent(h: try small(name, both[0]), w: try small(name, both[1]))
    default: throw refused("'\(name)' is given for \(both.count) axes; there are two")
    }
  }

  private func count(_ name: String, _ value: UInt32) throws(CaffeModelError) -> Int {
    guard value >= 1 else { throw refused("'\(name)' is missing or 0") }
    return try small(name, value)
  }

  /// Sizes whose products can't overflow: Caffe's own are 32-bit and signed.
  private func small(_ name: String, _ value: UInt32) throws(CaffeModelError) -> Int {
    guard value <= 1 << 24 else { throw refused("'\(name)' is \(value), which is out of range") }
    return Int(value)
  }

  private func axis(_ value: Int32) throws(CaffeModelError) -> Int {
    guard value >= 0 else {
      throw refused("axis \(value) counts from the end, which is not supported; count from 0")
    }
    return Int(value)
  }

  private func refused(_ reason: String) -> CaffeModelError {
    .unusableLayer(layer: name, reason: reason)
  }
}
