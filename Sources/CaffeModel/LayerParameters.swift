import Networks

/// The parameters of one layer, on their way to a spec.
struct LayerParameters {
  let message: Caffe_LayerParameter
  /// The layer as it stands in the file, for the line of what is refused.
  let source: PrototxtLayer

  /// What the layer computes.
  /// - Throws: parameters that are missing, contradict each other, or can't be honoured.
  func spec() throws(CaffeModelError) -> LayerSpec {
    try refuseLossWeight()
    switch message.type {
    case "Convolution": return .convolution(try convolution())
    case "ReLU": return .relu(ReLUSpec(negativeSlope: message.reluParam.negativeSlope))
    case "Pooling": return .pooling(try pooling())
    case "LRN": return .lrn(try lrn())
    case "InnerProduct": return .innerProduct(try innerProduct())
    case "Dropout": return .dropout(DropoutSpec(ratio: message.dropoutParam.dropoutRatio))
    case "Softmax": return .softmax(SoftmaxSpec(axis: Int(message.softmaxParam.axis)))
    case "SoftmaxWithLoss": return .softmaxWithLoss(try softmaxWithLoss())
    case "EuclideanLoss":
      return .euclideanLoss(EuclideanLossSpec(lossWeight: message.lossWeight.first ?? 1))
    case "Accuracy": return .accuracy(try accuracy())
    case "Concat": return .concat(try concat())
    case "Eltwise": return .eltwise(eltwise())
    case "Flatten":
      let parameter = message.flattenParam
      return .flatten(FlattenSpec(axis: Int(parameter.axis), endAxis: Int(parameter.endAxis)))
    case "Power":
      let parameter = message.powerParam
      return .power(
        PowerSpec(power: parameter.power, scale: parameter.scale, shift: parameter.shift))
    case "Sigmoid": return .sigmoid
    case "TanH": return .tanh
    default: throw refused("has type '\(message.type)', which is not supported", "type")
    }
  }

  /// A weight makes any top part of the loss; a spec has one only for layers that are a loss.
  private func refuseLossWeight() throws(CaffeModelError) {
    let count = message.lossWeight.count
    guard count > 0 else { return }
    guard count == message.top.count else {
      throw refused("has \(count) loss_weight for \(message.top.count) tops", "loss_weight")
    }
    let isLoss = ["SoftmaxWithLoss", "EuclideanLoss"].contains(message.type)
    guard message.lossWeight.dropFirst(isLoss ? 1 : 0).allSatisfy({ $0 == 0 }) else {
      throw refused(
        "makes a blob that is no loss part of the loss, which is not supported",
        "loss_weight")
    }
  }

  private func convolution() throws(CaffeModelError) -> ConvolutionSpec {
    let parameter = message.convolutionParam
    guard parameter.axis == 1 || parameter.axis == -3 else {
      throw refused("convolution_param.axis must be 1", "convolution_param.axis")
    }
    func pair(
      _ name: String, _ both: [UInt32], _ h: UInt32?, _ w: UInt32?, _ standard: Int?
    ) throws(CaffeModelError) -> Extent {
      try extent("convolution_param", name, both, h, w, standard)
    }
    return ConvolutionSpec(
      outputs: try count("convolution_param.num_output", parameter.numOutput),
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
      groups: try count("convolution_param.group", parameter.group), hasBias: parameter.biasTerm)
  }

  private func pooling() throws(CaffeModelError) -> PoolingSpec {
    let parameter = message.poolingParam
    let method: PoolingSpec.Method
    switch parameter.pool {
    case .max: method = .max
    case .ave: method = .average
    case .stochastic:
      throw refused("pooling_param.pool STOCHASTIC is not supported", "pooling_param.pool")
    }
    guard parameter.roundMode == .ceil else {
      throw refused(
        "pooling_param.round_mode FLOOR is not supported", "pooling_param.round_mode")
    }
    func pair(
      _ name: String, _ hasBoth: Bool, _ both: UInt32, _ h: UInt32?, _ w: UInt32?,
      _ standard: Int?
    ) throws(CaffeModelError) -> Extent {
      try extent("pooling_param", name, hasBoth ? [both] : [], h, w, standard)
    }
    let h = parameter.hasKernelH ? parameter.kernelH : nil
    let w = parameter.hasKernelW ? parameter.kernelW : nil
    if parameter.globalPooling && (parameter.hasKernelSize || h != nil || w != nil) {
      throw refused(
        "global_pooling and a kernel size exclude each other", "pooling_param.global_pooling")
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
      throw refused(
        "global_pooling needs stride 1 and no padding", "pooling_param.global_pooling")
    }
    return spec
  }

  private func lrn() throws(CaffeModelError) -> LRNSpec {
    let parameter = message.lrnParam
    guard parameter.localSize % 2 == 1 else {
      throw refused("lrn_param.local_size must be odd", "lrn_param.local_size")
    }
    return LRNSpec(
      size: try count("lrn_param.local_size", parameter.localSize), alpha: parameter.alpha,
      beta: parameter.beta, k: parameter.k,
      region: parameter.normRegion == .acrossChannels ? .acrossChannels : .withinChannel)
  }

  private func innerProduct() throws(CaffeModelError) -> InnerProductSpec {
    let parameter = message.innerProductParam
    return InnerProductSpec(
      outputs: try count("inner_product_param.num_output", parameter.numOutput),
      hasBias: parameter.biasTerm, axis: Int(parameter.axis), isTransposed: parameter.transpose)
  }

  private func softmaxWithLoss() throws(CaffeModelError) -> SoftmaxWithLossSpec {
    let parameter = message.lossParam
    let normalization: LossNormalization
    switch parameter.normalization {
    case .full: normalization = .full
    case .valid: normalization = .valid
    case .batchSize: normalization = .batchSize
    case .none: normalization = .none
    }
    // The older switch counts only where the newer one is absent (softmax_loss_layer.cpp).
    let isOld = !parameter.hasNormalization && parameter.hasNormalize
    return SoftmaxWithLossSpec(
      axis: Int(message.softmaxParam.axis),
      ignoredLabel: parameter.hasIgnoreLabel ? Int(parameter.ignoreLabel) : nil,
      normalization: isOld ? (parameter.normalize ? .valid : .batchSize) : normalization,
      lossWeight: message.lossWeight.first ?? 1)
  }

  private func accuracy() throws(CaffeModelError) -> AccuracySpec {
    let parameter = message.accuracyParam
    return AccuracySpec(
      topK: try count("accuracy_param.top_k", parameter.topK), axis: Int(parameter.axis),
      ignoredLabel: parameter.hasIgnoreLabel ? Int(parameter.ignoreLabel) : nil)
  }

  private func concat() throws(CaffeModelError) -> ConcatSpec {
    let parameter = message.concatParam
    guard !(parameter.hasAxis && parameter.hasConcatDim) else {
      throw refused("gives both axis and concat_dim", "concat_param.concat_dim")
    }
    return ConcatSpec(
      axis: parameter.hasConcatDim
        ? try small("concat_param.concat_dim", parameter.concatDim) : Int(parameter.axis))
  }

  private func eltwise() -> EltwiseSpec {
    let parameter = message.eltwiseParam
    let operation: EltwiseSpec.Operation
    switch parameter.operation {
    case .prod: operation = .product
    case .sum: operation = .sum
    case .max: operation = .maximum
    }
    return EltwiseSpec(operation: operation, coefficients: parameter.coeff)
  }

  /// Rows and columns from the three ways to give them; Caffe's rules in base_conv_layer.cpp and
  /// pooling_layer.cpp.
  private func extent(
    _ parameter: String, _ name: String, _ both: [UInt32], _ h: UInt32?, _ w: UInt32?,
    _ standard: Int?
  ) throws(CaffeModelError) -> Extent {
    if h != nil || w != nil {
      guard both.isEmpty else {
        throw refused("gives both '\(name)' and '\(name)_h' or '\(name)_w'", parameter)
      }
      // A missing padding is 0; a missing kernel or stride would be 0 too, which is impossible.
      guard let h = h ?? (standard == 0 ? 0 : nil), let w = w ?? (standard == 0 ? 0 : nil) else {
        throw refused("gives only one of '\(name)_h' and '\(name)_w'", parameter)
      }
      return Extent(
        h: try small("\(parameter).\(name)_h", h), w: try small("\(parameter).\(name)_w", w))
    }
    let path = "\(parameter).\(name == "kernel" ? "kernel_size" : name)"
    switch both.count {
    case 0:
      guard let standard else { throw refused("has no \(name) size", parameter) }
      return Extent(standard)
    case 1: return Extent(try small(path, both[0]))
    case 2: return Extent(h: try small(path, both[0]), w: try small(path, both[1]))
    default:
      throw refused(
        "'\(name)' is given for \(both.count) axes; convolutions over two are supported", path)
    }
  }

  private func count(_ path: String, _ value: UInt32) throws(CaffeModelError) -> Int {
    guard value >= 1 else { throw refused("'\(path)' is missing or 0", path) }
    return try small(path, value)
  }

  /// Sizes whose products can't overflow: Caffe's own are 32-bit and signed.
  private func small(_ path: String, _ value: UInt32) throws(CaffeModelError) -> Int {
    guard value <= 1 << 24 else {
      throw refused("'\(path)' is \(value), which is out of range", path)
    }
    return Int(value)
  }

  /// - Parameter parameter: path of the field to whose line the error points; without it or where
  ///   the field is absent, that of the layer.
  private func refused(_ reason: String, _ parameter: String) -> CaffeModelError {
    let parents = parameter.split(separator: ".").first.map(String.init) ?? ""
    return .unusableLayer(
      layer: message.name, reason: reason,
      line: source.message.line(of: parameter) ?? source.message.line(of: parents) ?? source.line)
  }
}
