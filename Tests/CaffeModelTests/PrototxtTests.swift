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
      ("prototxt/bvlc_googlenet_deploy.prototxt", "googlenet"),
      ("prototxt/lenet.prototxt", "lenet"), ("prototxt/cifar10_quick.prototxt", "cifar10_quick"),
      ("prototxt/cifar10_full.prototxt", "cifar10_full"),
    ])
  func equalsCatalog(path: String, name: String) throws {
    let imported = try network(fromPrototxt: Golden.text(path))
    let own = try #require(NetworkCatalog.network(named: name))
    #expect(imported.inputs == own.inputs)
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

  @Test("Numbers, names and strings are read in every form of the text format")
  func valueForms() throws {
    let network = try network(
      fromPrototxt: #"""
        input: "in\t\x2f\1011" input_dim: 1 input_dim: 0x10 input_dim: 010 input_dim: 8
        layer { name: 'it\'s "é"' type: "Convolution" bottom: "in\t/A1" top: "c"
          convolution_param { num_output: 0X0f kernel_size: [3] pad: 00 bias_term: f axis: -3 } }
        layer { name: "p" type: "Pooling" bottom: "c" top: "p"
          pooling_param { pool: 1 kernel_size: 2 } }
        layer { name: "l" type: "LRN" bottom: "p" top: "l"
          lrn_param { local_size: 3 alpha: 1.5e-3f beta: .5 k: 2 norm_region: 0 } }
        layer { name: "w" type: "Power" bottom: "l" top: "w"
          power_param { power: 1. scale: -Inf shift: -0.0 } }
        """#)
    #expect(network.inputs == [.init(blob: "in\t/A1", shape: Shape([1, 16, 8, 8]))])
    #expect(network.layers[0].name == #"it's "é""#)
    #expect(
      network.layers.map(\.spec) == [
        .convolution(ConvolutionSpec(outputs: 15, kernel: Extent(3), hasBias: false)),
        .pooling(PoolingSpec(method: .average, kernel: Extent(2))),
        .lrn(LRNSpec(size: 3, alpha: 0.0015, beta: 0.5, k: 2)),
        .power(PowerSpec(power: 1, scale: -.infinity, shift: -0.0)),
      ])
  }

  @Test(
    "A value of another type than its field's is refused with its line",
    arguments: [
      ("num_output", "1.5"), ("num_output", "-1"), ("num_output", "4294967296"),
      ("num_output", "08"), ("num_output", "0x"), ("num_output", "{ }"), ("num_output", "\"8\""),
      ("axis", "2147483648"), ("axis", "--1"), ("bias_term", "yes"), ("bias_term", "2"),
      ("weight_filler", "1"),
      ("weight_filler { value", "0x1p3 }"), ("weight_filler { value", "1e }"),
      ("weight_filler { type", "xavier }"), ("weight_filler { type", "\"\\q\" }"),
    ])
  func refusesValues(field: String, value: String) throws {
    let colon = value.hasPrefix("{") ? "" : ":"
    #expect {
      try network(
        fromPrototxt: """
          input: "data" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8
          layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param {
            \(field)\(colon) \(value) } }
          """)
    } throws: { error in
      guard case CaffeModelError.invalidValue("c", let parameter, _, 3)? = error as? CaffeModelError
      else { return false }
      return parameter == "convolution_param." + field.replacing(" { ", with: ".")
    }
  }

  @Test("Absent parameters have Caffe's defaults")
  func hasDefaults() throws {
    let network = try network(
      fromPrototxt: """
        input: "x" input_shape { dim: 1 dim: 4 dim: 3 dim: 3 }
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

  @Test("An unknown layer type is refused by name, before its parameters are looked at")
  func refusesUnknownType() {
    for layer in [
      "layer { type: 'Slice' bottom: 'r' top: 'e' name: 'e' slice_param { slice_point: 1\n"
        + "slice_point: 2 } }",
      "layer { slice_param { } bottom: 'r' name: 'e' slice_param { } type: 'Slice' }",
      "layer { propagate_down: 2 name: 'e' phase: TEST phase: TRAIN type: 'Slice' }",
    ] {
      #expect(throws: CaffeModelError.unsupportedLayerType(layer: "e", type: "Slice", line: 3)) {
        try network(
          fromPrototxt: """
            input: "x" input_shape { dim: 2 }
            layer { name: "r" type: "ReLU" bottom: "x" top: "r" }
            \(layer)
            """)
      }
    }
    #expect(throws: CaffeModelError.unsupportedLayerType(layer: "e", type: "SLICE", line: 1)) {
      try network(
        fromPrototxt:
          "layers { slice_param { slice_point: 1 slice_point: 2 } name: 'e' type: SLICE }")
    }
    #expect(throws: CaffeModelError.unsupportedLayerType(layer: "e", type: "bnll", line: 1)) {
      try network(
        fromPrototxt: "layers { layer { name: 'e' name: 'f' unknown: 3 type: 'bnll' name: 'e' } }")
    }
  }

  @Test("A layer of 2014 that a rule leaves out may be of any type, with any parameters")
  func leavesOutUnknown() throws {
    let network = try network(
      fromPrototxt: """
        input: 'x' input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1
        layers { name: 's' type: SILENCE bottom: 'x' unknown_param { } include { phase: TRAIN } }
        layers { name: 'r' type: RELU bottom: 'x' top: 'r' }
        """)
    #expect(network.layers.map(\.name) == ["r"])
  }

  @Test("Strings in a row are one, a sign may stand apart, messages may be listed")
  func rareForms() throws {
    let network = try network(
      fromPrototxt: """
        name: "a" 'b' "c" input: 'x' input_shape [ { dim: [1, 3] } ]
        layer: [ { name: 'p' type: 'Power' bottom: 'x' top: 'p' power_param { shift: - 2 } },
          < name: 'r' type: 'ReLU' bottom: 'p' top: 'r' > ]
        """)
    #expect(network.name == "abc")
    #expect(
      network.layers.map(\.spec)
        == [.power(PowerSpec(power: 1, scale: 1, shift: -2)), .relu(ReLUSpec())])
  }

  @Test("An unknown parameter and an impossible value are refused by name and line")
  func refusesUnknownParameter() {
    func text(_ parameters: String) -> String {
      """
      input: "x" layer { name: "r" type: "ReLU" bottom: "x" top: "r" }
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
    ) { try network(fromPrototxt: "layer { type: 'ReLU' }\nbase_lr: 0.01") }
    #expect(
      throws: CaffeModelError.unsupportedParameter(
        layer: "r", parameter: "convolution_param.weight_filler.variance", line: 2)
    ) {
      try network(
        fromPrototxt:
          "input: 'x' input_shape { dim: 1 } layer { name: 'r' type: 'ReLU' bottom: 'x'\n"
          + "top: 'r' convolution_param { weight_filler { variance: FAN_IN } } }")
    }
  }

  @Test(
    "A field given twice is refused where only one can count, with its line",
    arguments: [
      "name: 'n'\nname: 'm'", "layer { name: 'r'\nname: 's' }",
      "layer { relu_param { negative_slope: 0\nnegative_slope: 1 } }",
      "layer { pooling_param { kernel_size: 2\nkernel_size: 3 } }",
      "layer { relu_param { }\nrelu_param { } }", "layers { layer { }\nlayer { } }",
    ])
  func refusesDuplicates(text: String) throws {
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
    #expect(error.description.contains("twice"), "\(error)")
    #expect(error.description.contains("line 2"), "\(error)")
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
      ("Pooling", "pooling_param { global_pooling: true kernel_size: 2 }", "global_pooling"),
      ("Pooling", "pooling_param { global_pooling: true stride: 2 }", "global_pooling"),
      ("LRN", "lrn_param { local_size: 4 }", "odd"),
      ("Convolution", "convolution_param { num_output: 1 kernel_size: [1, 1, 1] }", "3 axes"),
      ("InnerProduct", "inner_product_param { num_output: 3 axis: 4 }", "axis"),
      ("Softmax", "softmax_param { axis: -5 }", "axis"),
      ("Concat", "concat_param { axis: 1 concat_dim: 1 }", "both"),
      ("Sigmoid", "loss_weight: 1", "loss"), ("Sigmoid", "loss_weight: [0, 0]", "loss_weight"),
      ("Sigmoid", "bottom: 'x'", "bottom"), ("Sigmoid", "top: 'z'", "tops"),
      ("Sigmoid", "blobs { }", "blobs"),
      ("Eltwise", "eltwise_param { coeff: 1 }", "bottoms"),
    ])
  func refusesParameters(type: String, parameters: String, word: String) throws {
    let text =
      "input: 'x' input_shape { dim: [1, 4, 5, 5] }\n\n"
      + "layer { name: 'odd one' type: '\(type)' bottom: 'x' top: 'y' \(parameters) }"
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
    #expect(error.description.contains("line 3:"), "\(error)")
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
  func refusesEmpty() throws {
    for text in ["", "# nothing", "name: \"empty\"", "input: \"x\" input_shape { dim: 1 }"] {
      let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
      guard case .noLayers = error else {
        Issue.record("not about layers: \(error)")
        continue
      }
    }
  }

  @Test(
    "Blobs that are not there, or written twice, are refused with the line",
    arguments: [
      ("layer { name: 'a' type: 'ReLU'\n bottom: 'b' top: 'a' }", 2, "'b'"),
      // A cycle.
      (
        "layer { name: 'a' type: 'Eltwise' bottom: 'x'\n bottom: 'b' top: 'a' }"
          + "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }", 2, "'b'"
      ),
      (
        "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' }\n"
          + "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'a' }", 2, "already"
      ),
      (
        "layer { name: 'a' type: 'Pooling' bottom: 'x' pooling_param { kernel_size: 1 }\n"
          + "top: 'a' top: 'a' }", 2, "twice"
      ),
      (
        "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' }\n"
          + "inner_product_param { num_output: 2 } }\n"
          + "layer { name: 'b' type: 'InnerProduct' bottom: 'x' top: 'b' param { name: 'w' }\n"
          + "inner_product_param { num_output: 2 } }", 3, "shares"
      ),
    ])
  func refusesBlobs(layers: String, line: Int, words: String) throws {
    let input = "input: 'x' input_shape { dim: [1, 4, 5, 5] } "
    let error = try #require(throws: CaffeModelError.self) {
      try network(fromPrototxt: input + layers)
    }
    #expect(error.description.contains("line \(line):"), "\(error)")
    #expect(error.description.contains(words), "\(error)")
  }

  @Test("A Split is its bottom under other names, and writing to one leaves the other")
  func split() throws {
    let network = try network(
      fromPrototxt: """
        input: 'x' input_shape { dim: 2 }
        layer { name: 's' type: 'Split' bottom: 'x' top: 'a' top: 'b' }
        layer { name: 'r' type: 'ReLU' bottom: 'a' top: 'a' }
        layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'e' }
        """)
    #expect(network.layers.map(\.bottoms) == [["x"], ["a", "x"]])
    #expect(network.layers.map(\.tops) == [["a"], ["e"]])
  }

  @Test(
    "Sizes that no machine holds are refused before anything multiplies them",
    arguments: [
      "convolution_param { num_output: 16777216 kernel_size: 1 pad: 16777216 }",
      "convolution_param { num_output: 16777216 kernel_size: 16777216 pad: 16777216 }",
      "convolution_param { num_output: 16777216 kernel_size: 1 pad: 8000000 stride: 16777216 }",
    ])
  func refusesSizes(parameters: String) throws {
    let error = try #require(throws: CaffeModelError.self) {
      try network(
        fromPrototxt: "input: 'x' input_shape { dim: [1, 2147483647, 1, 1] }\n"
          + "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' \(parameters) }")
    }
    #expect(error.description.contains("more than"), "\(error)")
  }

  @Test("Messages nested deeper than any net are refused")
  func refusesDepth() throws {
    let text = String(repeating: "a {\n", count: 100_000)
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text) }
    #expect(error.description.contains("nested"))
    #expect(throws: CaffeModelError.self) {
      try network(fromPrototxt: String(repeating: " ", count: 9 << 20))
    }
  }
}
