import Networks
import Tensors

extension Caffe_LayerParameter {
  /// A layer as Caffe describes it; what has its default value is left out.
  init(_ layer: Layer) {
    self.init()
    name = layer.name
    bottom = layer.bottoms
    top = layer.tops
    switch layer.spec {
    case .convolution(let spec): set(spec)
    case .relu(let spec):
      type = "ReLU"
      if spec.negativeSlope != 0 { reluParam.negativeSlope = spec.negativeSlope }
    case .pooling(let spec): set(spec)
    case .lrn(let spec): set(spec)
    case .innerProduct(let spec):
      type = "InnerProduct"
      innerProductParam.numOutput = UInt32(spec.outputs)
      if !spec.hasBias { innerProductParam.biasTerm = false }
      if spec.axis != 1 { innerProductParam.axis = Int32(spec.axis) }
      if spec.isTransposed { innerProductParam.transpose = true }
    case .dropout(let spec):
      type = "Dropout"
      dropoutParam.dropoutRatio = spec.ratio
    case .softmax(let spec):
      type = "Softmax"
      if spec.axis != 1 { softmaxParam.axis = Int32(spec.axis) }
    case .softmaxWithLoss(let spec): set(spec)
    case .euclideanLoss(let spec):
      type = "EuclideanLoss"
      setLossWeight(spec.lossWeight)
    case .accuracy(let spec):
      type = "Accuracy"
      if spec.topK != 1 { accuracyParam.topK = UInt32(spec.topK) }
      if spec.axis != 1 { accuracyParam.axis = Int32(spec.axis) }
      if let label = spec.ignoredLabel { accuracyParam.ignoreLabel = Int32(label) }
    case .concat(let spec):
      type = "Concat"
      if spec.axis != 1 { concatParam.axis = Int32(spec.axis) }
    case .eltwise(let spec):
      type = "Eltwise"
      switch spec.operation {
      case .product: eltwiseParam.operation = .prod
      case .sum: eltwiseParam.operation = .sum
      case .maximum: eltwiseParam.operation = .max
      }
      eltwiseParam.coeff = spec.coefficients
    case .flatten(let spec):
      type = "Flatten"
      if spec.axis != 1 { flattenParam.axis = Int32(spec.axis) }
      if spec.endAxis != -1 { flattenParam.endAxis = Int32(spec.endAxis) }
    case .power(let spec):
      type = "Power"
      powerParam.power = spec.power
      powerParam.scale = spec.scale
      powerParam.shift = spec.shift
    case .sigmoid: type = "Sigmoid"
    case .tanh: type = "TanH"
    }
  }

  /// A network input as a layer of its own.
  init(_ input: Network.Input, named name: String) {
    self.init()
    self.name = name
    type = "Input"
    top = [input.blob]
    inputParam.shape = [.with { $0.dim = input.shape.dimensions.map { Int64($0) } }]
  }

  private mutating func set(_ spec: ConvolutionSpec) {
    type = "Convolution"
    convolutionParam.numOutput = UInt32(spec.outputs)
    if !spec.hasBias { convolutionParam.biasTerm = false }
    if spec.kernel.h == spec.kernel.w {
      convolutionParam.kernelSize = [UInt32(spec.kernel.h)]
    } else {
      convolutionParam.kernelH = UInt32(spec.kernel.h)
      convolutionParam.kernelW = UInt32(spec.kernel.w)
    }
    if spec.stride.h != spec.stride.w {
      convolutionParam.strideH = UInt32(spec.stride.h)
      convolutionParam.strideW = UInt32(spec.stride.w)
    } else if spec.stride != .one {
      convolutionParam.stride = [UInt32(spec.stride.h)]
    }
    if spec.pad.h != spec.pad.w {
      convolutionParam.padH = UInt32(spec.pad.h)
      convolutionParam.padW = UInt32(spec.pad.w)
    } else if spec.pad != .zero {
      convolutionParam.pad = [UInt32(spec.pad.h)]
    }
    if spec.dilation != .one {
      convolutionParam.dilation =
        spec.dilation.h == spec.dilation.w
        ? [UInt32(spec.dilation.h)] : [UInt32(spec.dilation.h), UInt32(spec.dilation.w)]
    }
    if spec.groups != 1 { convolutionParam.group = UInt32(spec.groups) }
  }

  private mutating func set(_ spec: PoolingSpec) {
    type = "Pooling"
    poolingParam.pool = spec.method == .max ? .max : .ave
    if spec.isGlobal {
      poolingParam.globalPooling = true
      return
    }
    if spec.kernel.h == spec.kernel.w {
      poolingParam.kernelSize = UInt32(spec.kernel.h)
    } else {
      poolingParam.kernelH = UInt32(spec.kernel.h)
      poolingParam.kernelW = UInt32(spec.kernel.w)
    }
    if spec.stride.h != spec.stride.w {
      poolingParam.strideH = UInt32(spec.stride.h)
      poolingParam.strideW = UInt32(spec.stride.w)
    } else if spec.stride != .one {
      poolingParam.stride = UInt32(spec.stride.h)
    }
    if spec.pad.h != spec.pad.w {
      poolingParam.padH = UInt32(spec.pad.h)
      poolingParam.padW = UInt32(spec.pad.w)
    } else if spec.pad != .zero {
      poolingParam.pad = UInt32(spec.pad.h)
    }
  }

  private mutating func set(_ spec: LRNSpec) {
    type = "LRN"
    lrnParam.localSize = UInt32(spec.size)
    lrnParam.alpha = spec.alpha
    lrnParam.beta = spec.beta
    if spec.k != 1 { lrnParam.k = spec.k }
    if spec.region == .withinChannel { lrnParam.normRegion = .withinChannel }
  }

  private mutating func set(_ spec: SoftmaxWithLossSpec) {
    type = "SoftmaxWithLoss"
    if spec.axis != 1 { softmaxParam.axis = Int32(spec.axis) }
    if let label = spec.ignoredLabel { lossParam.ignoreLabel = Int32(label) }
    switch spec.normalization {
    case .valid: break
    case .full: lossParam.normalization = .full
    case .batchSize: lossParam.normalization = .batchSize
    case .none: lossParam.normalization = .none
    }
    setLossWeight(spec.lossWeight)
  }

  private mutating func setLossWeight(_ weight: Float) {
    if weight != 1 { lossWeight = [weight] + Array(repeating: 0, count: top.count - 1) }
  }
}
