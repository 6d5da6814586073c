import CaffeModel
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Reading prototxt files")
struct PrototxtTests {
  @Test(
    "Public and small descriptions equal the catalog's networks, layer by layer",
    arguments: [
      ("mini-caffenet/deploy.prototxt", "caffenet-mini"),
      ("mini-alexnet/deploy.prototxt", "alexnet-mini"),
      ("prototxt/bvlc_reference_caffenet_deploy.prototxt", "caffenet"),
      ("prototxt/bvlc_alexnet_deploy.prototxt", "alexnet"),
    ])
  func equalsCatalog(path: String, name: String) throws {
    let imported = try network(fromPrototxt: Golden.text(path))
    let own = try #require(NetworkCatalog.network(named: name))
    #expect(imported.inputs == own.inputs)
    #expect(imported.layers.count == 23)
    #expect(imported.layers.map(\.name) == own.layers.map(\.name))
    for (imported, own) in zip(imported.layers, own.layers) { #expect(imported == own) }
  }

  @Test("Every parameter of every layer kind is read")
  func readsParameters() throws {
    let network = try network(
      fromPrototxt: """
        name: 'all'  # single quotes and a comment
        layer { name: "data" type: "Input" top: "data" input_param {
          shape: { dim: [2, 3, 20, 30] } } }
        layer { name: "c" type: "Convolution" bottom: "data" top: "c"
          convolution_param { num_output: 6 kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 1
            pad_h: 1 dilation: 1 dilation: 2 group: 3 bias_term: false engine: CAFFE } }
        layer < name: "r" type: "ReLU" bottom: "c" top: "c" relu_param < negative_slope: 0.25 > >
        layer { name: "p" type: "Pooling" bottom: "c" top: "p"
          pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 stride: 2 pad_w: 1 } }
        layer { name: "g" type: "Pooling" bottom: "p" top: "g"
          pooling_param { pool: MAX, global_pooling: true; } }
        layer { name: "l" type: "LRN" bottom: "g" top: "l"
          lrn_param { local_size: 3 alpha: 2 beta: 0.5 k: 1.5 norm_region: WITHIN_CHANNEL } }
        layer { name: "i" type: "InnerProduct" bottom: "l" top: "i"
          inner_product_param { num_output: 7 bias_term: false axis: 2 } }
        layer { name: "d" type: "Dropout" bottom: "i" top: "d"
          dropout_param { dropout_ratio: 0.25 } }
        layer { name: "s" type: "Softmax" bottom: "d" top: "s" softmax_param { axis: 2 } }
        """)
    #expect(network.name == "all")
    #expect(network.inputs == [.init(blob: "data", shape: Shape([2, 3, 20, 30]))])
    #expect(
      network.layers.map(\.spec) == [
        .convolution(
          ConvolutionSpec(
            outputs: 6, kernel: Extent(h: 3, w: 5), stride: Extent(h: 2, w: 1),
            pad: Extent(h: 1, w: 0), dilation: Extent(h: 1, w: 2), groups: 3, hasBias: false)),
        .relu(ReLUSpec(negativeSlope: 0.25)),
        .pooling(
          PoolingSpec(
            method: .average, kernel: Extent(h: 2, w: 3), stride: Extent(2),
            pad: Extent(h: 0, w: 1))),
        .pooling(PoolingSpec(method: .max, kernel: Extent(1), isGlobal: true)),
        .lrn(LRNSpec(size: 3, alpha: 2, beta: 0.5, k: 1.5, region: .withinChannel)),
        .innerProduct(InnerProductSpec(outputs: 7, hasBias: false, axis: 2)),
        .dropout(DropoutSpec(ratio: 0.25)), .softmax(SoftmaxSpec(axis: 2)),
      ])
  }

  @Test("Absent parameters have Caffe's defaults")
  func hasDefaults() throws {
    let network = try network(
      fromPrototxt: """
        layer { name: "l" type: "LRN" bottom: "x" top: "l" }
        layer { name: "s" type: "Softmax" bottom: "l" top: "s" }
        layer { name: "d" type: "Dropout" bottom: "s" top: "d" }
        """)
    #expect(
      network.layers.map(\.spec) == [
        .lrn(LRNSpec(size: 5, alpha: 1, beta: 0.75, k: 1, region: .acrossChannels)),
        .softmax(SoftmaxSpec(axis: 1)), .dropout(DropoutSpec(ratio: 0.5)),
      ])
  }

  @Test(
    "Inputs may be declared in all three ways",
    arguments: [
      "input: \"x\" input_dim: 4 input_dim: 3 input_dim: 2 input_dim: 1",
      "input: \"x\" input_shape { dim: 4 dim: 3 dim: 2 dim: 1 }",
      "layer { name: \"x\" type: \"Input\" top: \"x\" "
        + "input_param { shape { dim: 4 dim: 3 dim: 2 dim: 1 } } }",
    ])
  func readsInputs(declaration: String) throws {
    let relu = "layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"r\" }"
    let network = try network(fromPrototxt: declaration + "\n" + relu)
    #expect(network.inputs == [.init(blob: "x", shape: Shape([4, 3, 2, 1]))])
    #expect(network.layers.map(\.name) == ["r"])
  }

  @Test(
    "Legacy syntax is refused by name",
    arguments: [
      ("mini-caffenet/deploy_v1.prototxt", "V1"), ("mini-caffenet/deploy_v0.prototxt", "V0"),
    ])
  func refusesLegacySyntax(path: String, version: String) {
    #expect(throws: CaffeModelError.legacySyntax(version: version, file: "the prototxt")) {
      try network(fromPrototxt: Golden.text(path))
    }
  }

  @Test("An unknown layer type is refused by name, before its parameters are looked at")
  func refusesUnknownType() {
    #expect(throws: CaffeModelError.unsupportedLayerType(layer: "e", type: "Eltwise", line: 2)) {
      try network(
        fromPrototxt: """
          layer { name: "r" type: "ReLU" bottom: "x" top: "r" }
          layer { type: "Eltwise" bottom: "r" bottom: "x" top: "e" name: "e"
            eltwise_param { operation: MAX } }
          """)
    }
  }

  @Test("An unknown parameter and an impossible value are refused by name and line")
  func refusesUnknownParameter() {
    func text(_ parameters: String) -> String {
      """
      layer { name: "r" type: "ReLU" bottom: "x" top: "r" }
      layer {
        name: "p" type: "Pooling" bottom: "r" top: "p"
        pooling_param { kernel_size: 2 \(parameters) }
      }
      """
    }
    #expect(
      throws: CaffeModelError.unsupportedParameter(
        layer: "p", parameter: "pooling_param.ceil_mode", line: 4)
    ) { try network(fromPrototxt: text("ceil_mode: false")) }
    #expect(
      throws: CaffeModelError.invalidValue(
        layer: "p", parameter: "pooling_param.pool", value: "MEAN", line: 4)
    ) { try network(fromPrototxt: text("pool: MEAN")) }
    #expect(
      throws: CaffeModelError.invalidValue(
        layer: "p", parameter: "pooling_param.stride", value: "-1", line: 4)
    ) { try network(fromPrototxt: text("stride: -1")) }
    #expect(
      throws: CaffeModelError.unsupportedParameter(layer: "", parameter: "base_lr", line: 2)
    ) { try network(fromPrototxt: "# a solver\nbase_lr: 0.01\nmax_iter: 100") }
  }

  @Test(
    "Parameters that can't be honoured are refused with the layer's name",
    arguments: [
      ("Convolution", "convolution_param { num_output: 1 }", "kernel"),
      ("Convolution", "convolution_param { kernel_size: 3 }", "num_output"),
      ("Convolution", "convolution_param { num_output: 1 kernel_h: 3 }", "kernel_w"),
      ("Convolution", "convolution_param { num_output: 1 kernel_size: 3 kernel_h: 3 }", "both"),
      ("Convolution", "convolution_param { num_output: 1 kernel_size: 3 axis: 2 }", "axis"),
      ("Convolution", "convolution_param { num_output: 1 kernel_size: 4000000000 }", "range"),
      ("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }", "STOCHASTIC"),
      ("Pooling", "pooling_param { round_mode: FLOOR kernel_size: 2 }", "FLOOR"),
      ("Pooling", "pooling_param { global_pooling: true kernel_size: 2 }", "global_pooling"),
      ("Pooling", "pooling_param { global_pooling: true stride: 2 }", "global_pooling"),
      ("LRN", "lrn_param { local_size: 4 }", "odd"),
      ("InnerProduct", "inner_product_param { num_output: 3 transpose: true }", "transpose"),
      ("Softmax", "softmax_param { axis: -1 }", "axis"),
    ])
  func refusesParameters(type: String, parameters: String, word: String) throws {
    let text = "layer { name: 'odd one' type: '\(type)' bottom: 'x' top: 'y' \(parameters) }"
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
    #expect(error.description.contains("'odd one'"))
    #expect(error.description.contains(word))
  }

  @Test(
    "Damaged text names the line",
    arguments: [
      ("layer {\n name: \"a\"\n", 1), ("layer {\n name \"a\"\n}", 2), ("\n}", 2),
      ("layer {\n name: \"a\n}", 2), ("layer {\n : 3 }", 2), ("name: [\"a\", }", 1),
    ])
  func namesLine(text: String, line: Int) throws {
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
    guard case .syntax(let found, _) = error else {
      Issue.record("not a syntax error: \(error)")
      return
    }
    #expect(found == line)
  }

  @Test(
    "Impossible inputs are refused",
    arguments: [
      "input: \"x\" input_dim: 4 input_dim: 3",
      "input: \"x\"",
      "input: \"x\" input_shape { dim: 1 dim: 0 }",
      "input: \"x\" input_shape { dim: 100000 dim: 100000 }",
      "input: \"x\" input_shape { }",
      "input: \"x\" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 input_shape { dim: 1 }",
      "layer { name: \"x\" type: \"Input\" top: \"x\" }",
    ])
  func refusesInputs(declaration: String) {
    #expect(throws: CaffeModelError.self) {
      try network(
        fromPrototxt: declaration + " layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }")
    }
  }

  @Test("A description without layers is refused, not taken for an empty network")
  func refusesEmpty() {
    for text in ["", "# nothing", "name: \"empty\"", "input: \"x\" input_shape { dim: 1 }"] {
      #expect(throws: CaffeModelError.noLayers(file: "the prototxt")) {
        try network(fromPrototxt: text)
      }
    }
  }
}
