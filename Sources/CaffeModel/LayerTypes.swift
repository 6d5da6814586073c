import Networks
import Tensors

/// A type of layer that can be imported, by its name in each of Caffe's syntaxes.
struct LayerType {
  var name: String
  /// Of 2013 and 2014; nil where there was none.
  var v1: String?
  /// Before 2013.
  var v0: String?

  private init(_ name: String, v1: String? = nil, v0: String? = nil) {
    (self.name, self.v1, self.v0) = (name, v1, v0)
  }

  static let all = [
    LayerType("Input"), LayerType("Convolution", v1: "CONVOLUTION", v0: "conv"),
    LayerType("ReLU", v1: "RELU", v0: "relu"), LayerType("Pooling", v1: "POOLING", v0: "pool"),
    LayerType("LRN", v1: "LRN", v0: "lrn"),
    LayerType("InnerProduct", v1: "INNER_PRODUCT", v0: "innerproduct"),
    LayerType("Dropout", v1: "DROPOUT", v0: "dropout"),
    LayerType("Softmax", v1: "SOFTMAX", v0: "softmax"),
    LayerType("SoftmaxWithLoss", v1: "SOFTMAX_LOSS", v0: "softmax_loss"),
    LayerType("EuclideanLoss", v1: "EUCLIDEAN_LOSS", v0: "euclidean_loss"),
    LayerType("Accuracy", v1: "ACCURACY", v0: "accuracy"),
    LayerType("Concat", v1: "CONCAT", v0: "concat"), LayerType("Eltwise", v1: "ELTWISE"),
    LayerType("Flatten", v1: "FLATTEN", v0: "flatten"),
    LayerType("Split", v1: "SPLIT", v0: "split"), LayerType("Power", v1: "POWER"),
    LayerType("Sigmoid", v1: "SIGMOID", v0: "sigmoid"), LayerType("TanH", v1: "TANH", v0: "tanh"),
    LayerType("Data", v1: "DATA", v0: "data"),
    LayerType("ImageData", v1: "IMAGE_DATA", v0: "images"),
    LayerType("HDF5Data", v1: "HDF5_DATA", v0: "hdf5_data"),
    LayerType("MemoryData", v1: "MEMORY_DATA"),
    LayerType("WindowData", v1: "WINDOW_DATA", v0: "window_data"),
    LayerType("DummyData", v1: "DUMMY_DATA"),
  ]

  /// Whether there is such a type, by its name or, in the syntax of 2013 and 2014, its number.
  static func isKnown(_ name: String) -> Bool {
    all.contains { $0.name == name || $0.v0 == name || $0.v1 == name }
      || Int(name) != nil && PrototxtUpgrade.typeOfV1(name) != nil
  }

  /// Types whose first top is part of what training minimises.
  static let losses: Set = ["SoftmaxWithLoss", "EuclideanLoss"]
}

// MARK: Import

extension PrototxtLayer {
  /// What the layer computes.
  /// - Parameter tops: as Caffe names them.
  /// - Throws: parameters that are missing, contradict each other, or can't be honoured.
  func spec(tops: [String]) throws(CaffeModelError) -> LayerSpec {
    try refuseLossWeight(tops)
    func parameters(_ name: String) -> PrototxtMessage { message.message(name) }
    switch type {
    case "Convolution": return .convolution(try convolution(parameters("convolution_param")))
    case "ReLU":
      return .relu(ReLUSpec(negativeSlope: parameters("relu_param").float("negative_slope") ?? 0))
    case "Pooling": return .pooling(try pooling(parameters("pooling_param")))
    case "LRN": return .lrn(try lrn(parameters("lrn_param")))
    case "InnerProduct":
      let given = parameters("inner_product_param")
      return .innerProduct(
        InnerProductSpec(
          outputs: try count("inner_product_param.num_output", given.int("num_output") ?? 0),
          hasBias: given.bool("bias_term") ?? true, axis: given.int("axis") ?? 1,
          isTransposed: given.bool("transpose") ?? false))
    case "Dropout":
      return .dropout(DropoutSpec(ratio: parameters("dropout_param").float("dropout_ratio") ?? 0.5))
    case "Softmax": return .softmax(SoftmaxSpec(axis: parameters("softmax_param").int("axis") ?? 1))
    case "SoftmaxWithLoss": return .softmaxWithLoss(softmaxWithLoss(parameters("loss_param")))
    case "EuclideanLoss":
      return .euclideanLoss(EuclideanLossSpec(lossWeight: lossWeights.first ?? 1))
    case "Accuracy":
      let given = parameters("accuracy_param")
      return .accuracy(
        AccuracySpec(
          topK: try count("accuracy_param.top_k", given.int("top_k") ?? 1),
          axis: given.int("axis") ?? 1, ignoredLabel: given.int("ignore_label")))
    case "Concat": return .concat(try concat(parameters("concat_param")))
    case "Eltwise":
      let given = parameters("eltwise_param")
      let operation: EltwiseSpec.Operation =
        switch given.choice("operation", among: ["PROD", "SUM", "MAX"]) {
        case "PROD": .product
        case "MAX": .maximum
        default: .sum
        }
      return .eltwise(EltwiseSpec(operation: operation, coefficients: given.floats("coeff")))
    case "Flatten":
      let given = parameters("flatten_param")
      return .flatten(
        FlattenSpec(axis: given.int("axis") ?? 1, endAxis: given.int("end_axis") ?? -1))
    case "Power":
      let given = parameters("power_param")
      return .power(
        PowerSpec(
          power: given.float("power") ?? 1, scale: given.float("scale") ?? 1,
          shift: given.float("shift") ?? 0))
    case "Sigmoid": return .sigmoid
    case "TanH": return .tanh
    default: throw refused("has type '\(type)', which is not supported", "type")
    }
  }

  /// Whether the layer has a second parameter.
  var hasBias: Bool {
    switch type {
    case "Convolution": message.message("convolution_param").bool("bias_term") ?? true
    case "InnerProduct": message.message("inner_product_param").bool("bias_term") ?? true
    default: false
    }
  }

  /// A weight makes any top part of the loss; a spec has one only for layers that are a loss.
  private func refuseLossWeight(_ tops: [String]) throws(CaffeModelError) {
    let weights = lossWeights
    guard !weights.isEmpty else { return }
    guard weights.count == tops.count else {
      throw refused("has \(weights.count) loss_weight for \(tops.count) tops", "loss_weight")
    }
    guard weights.dropFirst(LayerType.losses.contains(type) ? 1 : 0).allSatisfy({ $0 == 0 }) else {
      throw refused(
        "makes a blob that is no loss part of the loss, which is not supported",
        "loss_weight")
    }
  }

  private func convolution(_ given: PrototxtMessage) throws(CaffeModelError) -> ConvolutionSpec {
    let axis = given.int("axis") ?? 1
    guard axis == 1 || axis == -3 else {
      throw refused("convolution_param.axis must be 1", "convolution_param.axis")
    }
    return ConvolutionSpec(
      outputs: try count("convolution_param.num_output", given.int("num_output") ?? 0),
      kernel: try extent("kernel", nil, of: given, "convolution_param"),
      stride: try extent("stride", 1, of: given, "convolution_param"),
      pad: try extent("pad", 0, of: given, "convolution_param"),
      dilation: try extent("dilation", 1, of: given, "convolution_param"),
      groups: try count("convolution_param.group", given.int("group") ?? 1),
      hasBias: given.bool("bias_term") ?? true)
  }

  private func pooling(_ given: PrototxtMessage) throws(CaffeModelError) -> PoolingSpec {
    let method = given.choice("pool", among: ["MAX", "AVE", "STOCHASTIC"])
    if method == "STOCHASTIC" {
      throw refused("pooling_param.pool STOCHASTIC is not supported", "pooling_param.pool")
    }
    let isGlobal = given.bool("global_pooling") ?? false
    if isGlobal && !(given["kernel_size"] + given["kernel_h"] + given["kernel_w"]).isEmpty {
      throw refused(
        "global_pooling and a kernel size exclude each other", "pooling_param.global_pooling")
    }
    let spec = PoolingSpec(
      method: method == "AVE" ? .average : .max,
      kernel: try extent("kernel", isGlobal ? 1 : nil, of: given, "pooling_param"),
      stride: try extent("stride", 1, of: given, "pooling_param"),
      pad: try extent("pad", 0, of: given, "pooling_param"), isGlobal: isGlobal,
      roundsDown: given.choice("round_mode", among: ["CEIL", "FLOOR"]) == "FLOOR")
    if isGlobal && (spec.stride != .one || spec.pad != .zero) {
      throw refused(
        "global_pooling needs stride 1 and no padding", "pooling_param.global_pooling")
    }
    return spec
  }

  private func lrn(_ given: PrototxtMessage) throws(CaffeModelError) -> LRNSpec {
    let size = given.int("local_size") ?? 5
    guard size % 2 == 1 else {
      throw refused("lrn_param.local_size must be odd", "lrn_param.local_size")
    }
    let region = given.choice("norm_region", among: ["ACROSS_CHANNELS", "WITHIN_CHANNEL"])
    return LRNSpec(
      size: try count("lrn_param.local_size", size), alpha: given.float("alpha") ?? 1,
      beta: given.float("beta") ?? 0.75, k: given.float("k") ?? 1,
      region: region == "WITHIN_CHANNEL" ? .withinChannel : .acrossChannels)
  }

  private func softmaxWithLoss(_ given: PrototxtMessage) -> SoftmaxWithLossSpec {
    let normalization: LossNormalization =
      switch given.choice("normalization", among: ["FULL", "VALID", "BATCH_SIZE", "NONE"]) {
      case "FULL": .full
      case "VALID": .valid
      case "BATCH_SIZE": .batchSize
      case "NONE": .none
      // The older switch counts only where the newer one is absent (softmax_loss_layer.cpp).
      default: given.bool("normalize") == false ? .batchSize : .valid
      }
    return SoftmaxWithLossSpec(
      axis: message.message("softmax_param").int("axis") ?? 1,
      ignoredLabel: given.int("ignore_label"), normalization: normalization,
      lossWeight: lossWeights.first ?? 1)
  }

  private func concat(_ given: PrototxtMessage) throws(CaffeModelError) -> ConcatSpec {
    guard let dimension = given.int("concat_dim") else {
      return ConcatSpec(axis: given.int("axis") ?? 1)
    }
    guard given["axis"].isEmpty else {
      throw refused("gives both axis and concat_dim", "concat_param.concat_dim")
    }
    return ConcatSpec(axis: try small("concat_param.concat_dim", dimension))
  }

  /// Rows and columns from the three ways to give them; Caffe's rules in base_conv_layer.cpp and
  /// pooling_layer.cpp.
  /// - Parameters:
  ///   - standard: for what is not given; nil where it has to be.
  ///   - path: of the message.
  private func extent(
    _ name: String, _ standard: Int?, of given: PrototxtMessage, _ path: String
  ) throws(CaffeModelError) -> Extent {
    let single = name == "kernel" ? "kernel_size" : name
    let both = given.ints(single)
    let (h, w) = (given.int("\(name)_h"), given.int("\(name)_w"))
    if h != nil || w != nil {
      guard both.isEmpty else {
        throw refused("gives both '\(name)' and '\(name)_h' or '\(name)_w'", path)
      }
      // A missing padding is 0; a missing kernel or stride would be 0 too, which is impossible.
      guard let h = h ?? (standard == 0 ? 0 : nil), let w = w ?? (standard == 0 ? 0 : nil) else {
        throw refused("gives only one of '\(name)_h' and '\(name)_w'", path)
      }
      return Extent(h: try small("\(path).\(name)_h", h), w: try small("\(path).\(name)_w", w))
    }
    switch both.count {
    case 0:
      guard let standard else { throw refused("has no \(name) size", path) }
      return Extent(standard)
    case 1: return Extent(try small("\(path).\(single)", both[0]))
    case 2:
      return Extent(
        h: try small("\(path).\(single)", both[0]), w: try small("\(path).\(single)", both[1]))
    default:
      throw refused(
        "'\(name)' is given for \(both.count) axes; convolutions over two are supported",
        "\(path).\(single)")
    }
  }

  private func count(_ path: String, _ value: Int) throws(CaffeModelError) -> Int {
    guard value >= 1 else { throw refused("'\(path)' is missing or 0", path) }
    return try small(path, value)
  }

  /// Sizes whose products can't overflow: Caffe's own are 32-bit and signed.
  private func small(_ path: String, _ value: Int) throws(CaffeModelError) -> Int {
    guard value <= 1 << 24 else {
      throw refused("'\(path)' is \(value), which is out of range", path)
    }
    return value
  }

  /// - Parameter parameter: path of the field to whose line the error points; without it or where
  ///   the field is absent, that of the layer.
  private func refused(_ reason: String, _ parameter: String) -> CaffeModelError {
    let parent = parameter.split(separator: ".").first.map(String.init) ?? ""
    return .unusableLayer(
      layer: message.text("name") ?? "", reason: reason,
      line: message.line(of: parameter) ?? message.line(of: parent) ?? line)
  }
}

// MARK: Export

extension PrototxtMessage {
  /// A layer as Caffe describes it; what has its default value is left out.
  init(_ layer: Layer) {
    self.init(named: layer.describedName, bottoms: layer.bottoms, tops: layer.tops)
    switch layer.spec {
    case .convolution(let spec):
      set(type: "Convolution", "convolution_param") { param in
        param.set("num_output", spec.outputs)
        param.set("bias_term", spec.hasBias, unless: true)
        param.set("kernel", spec.kernel, unless: nil)
        param.set("stride", spec.stride, unless: .one)
        param.set("pad", spec.pad, unless: .zero)
        if spec.dilation != .one {
          param.set("dilation", spec.dilation.h)
          if spec.dilation.w != spec.dilation.h { param.set("dilation", spec.dilation.w) }
        }
        param.set("group", spec.groups, unless: 1)
      }
    case .relu(let spec):
      set(type: "ReLU", "relu_param") {
        $0.set("negative_slope", spec.negativeSlope, unless: 0)
      }
    case .pooling(let spec):
      set(type: "Pooling", "pooling_param") { param in
        param.set("pool", spec.method == .max ? "MAX" : "AVE")
        if spec.isGlobal { return param.set("global_pooling", true) }
        param.set("kernel", spec.kernel, unless: nil)
        param.set("stride", spec.stride, unless: .one)
        param.set("pad", spec.pad, unless: .zero)
        if spec.roundsDown { param.set("round_mode", "FLOOR") }
      }
    case .lrn(let spec):
      set(type: "LRN", "lrn_param") { param in
        param.set("local_size", spec.size)
        param.set("alpha", spec.alpha)
        param.set("beta", spec.beta)
        param.set("k", spec.k, unless: 1)
        if spec.region == .withinChannel { param.set("norm_region", "WITHIN_CHANNEL") }
      }
    case .innerProduct(let spec):
      set(type: "InnerProduct", "inner_product_param") { param in
        param.set("num_output", spec.outputs)
        param.set("bias_term", spec.hasBias, unless: true)
        param.set("axis", spec.axis, unless: 1)
        param.set("transpose", spec.isTransposed, unless: false)
      }
    case .dropout(let spec):
      set(type: "Dropout", "dropout_param") { $0.set("dropout_ratio", spec.ratio) }
    case .softmax(let spec):
      set(type: "Softmax", "softmax_param") { $0.set("axis", spec.axis, unless: 1) }
    case .softmaxWithLoss(let spec):
      set(type: "SoftmaxWithLoss", "softmax_param") { $0.set("axis", spec.axis, unless: 1) }
      set("loss_param") { param in
        if let label = spec.ignoredLabel { param.set("ignore_label", label) }
        if spec.normalization != .valid {
          param.set("normalization", spec.normalization.rawValue.uppercased())
        }
      }
      set(lossWeight: spec.lossWeight, topCount: layer.tops.count)
    case .euclideanLoss(let spec):
      set(type: "EuclideanLoss")
      set(lossWeight: spec.lossWeight, topCount: layer.tops.count)
    case .accuracy(let spec):
      set(type: "Accuracy", "accuracy_param") { param in
        param.set("top_k", spec.topK, unless: 1)
        param.set("axis", spec.axis, unless: 1)
        if let label = spec.ignoredLabel { param.set("ignore_label", label) }
      }
    case .concat(let spec):
      set(type: "Concat", "concat_param") { $0.set("axis", spec.axis, unless: 1) }
    case .eltwise(let spec):
      set(type: "Eltwise", "eltwise_param") { param in
        switch spec.operation {
        case .product: param.set("operation", "PROD")
        case .sum: param.set("operation", "SUM")
        case .maximum: param.set("operation", "MAX")
        }
        for coefficient in spec.coefficients { param.set("coeff", coefficient) }
      }
    case .flatten(let spec):
      set(type: "Flatten", "flatten_param") { param in
        param.set("axis", spec.axis, unless: 1)
        param.set("end_axis", spec.endAxis, unless: -1)
      }
    case .power(let spec):
      set(type: "Power", "power_param") { param in
        param.set("power", spec.power)
        param.set("scale", spec.scale)
        param.set("shift", spec.shift)
      }
    case .sigmoid: set(type: "Sigmoid")
    case .tanh: set(type: "TanH")
    }
  }

  /// A network input as a layer of its own.
  init(_ input: Network.Input, named name: String) {
    self.init(named: name, bottoms: [], tops: [input.blob])
    set(type: "Input", "input_param") { param in
      var shape = PrototxtMessage()
      for extent in input.shape.dimensions { shape.set("dim", extent) }
      param.add("shape", .message(shape))
    }
  }

  /// A net of layers.
  init(net name: String, layers: [PrototxtMessage]) {
    add("name", .scalar(ScalarText.quoted(name)))
    for layer in layers { add("layer", .message(layer)) }
  }

  private init(named name: String, bottoms: [String], tops: [String]) {
    add("name", .scalar(ScalarText.quoted(name)))
    for bottom in bottoms { add("bottom", .scalar(ScalarText.quoted(bottom))) }
    for top in tops { add("top", .scalar(ScalarText.quoted(top))) }
  }

  private mutating func add(_ name: String, _ value: PrototxtField.Value) {
    fields.append(PrototxtField(name: name, line: 0, value: value))
  }

  private mutating func set(
    type: String, _ name: String = "", _ fill: (inout PrototxtMessage) -> Void = { _ in }
  ) {
    add("type", .scalar(ScalarText.quoted(type)))
    set(name, fill)
  }

  /// A message, unless it stays empty.
  private mutating func set(_ name: String, _ fill: (inout PrototxtMessage) -> Void) {
    var message = PrototxtMessage()
    fill(&message)
    if !message.fields.isEmpty { add(name, .message(message)) }
  }

  private mutating func set<Value: Equatable & CustomStringConvertible>(
    _ name: String, _ value: Value, unless standard: Value? = nil
  ) {
    if value != standard { add(name, .scalar("\(value)")) }
  }

  /// One number, or one for rows and one for columns.
  private mutating func set(_ name: String, _ extent: Extent, unless standard: Extent?) {
    if extent == standard { return }
    if extent.h == extent.w { return set(name == "kernel" ? "kernel_size" : name, extent.h) }
    set("\(name)_h", extent.h)
    set("\(name)_w", extent.w)
  }

  private mutating func set(lossWeight weight: Float, topCount: Int) {
    guard weight != 1 else { return }
    set("loss_weight", weight)
    for _ in 0..<max(topCount - 1, 0) { set("loss_weight", Float(0)) }
  }
}
