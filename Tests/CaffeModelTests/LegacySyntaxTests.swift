import CaffeModel
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Older syntaxes of prototxt files")
struct LegacySyntaxTests {
  @Test(
    "Both older syntaxes describe the same network as today's",
    arguments: ["mini-caffenet/deploy_v1.prototxt", "mini-caffenet/deploy_v0.prototxt"])
  func equalsToday(path: String) throws {
    let today = try network(fromPrototxt: Golden.text("mini-caffenet/deploy.prototxt"))
    let legacy = try network(fromPrototxt: Golden.text(path))
    #expect(legacy.layers.count == 23)
    #expect(legacy.layers == today.layers)
    #expect(legacy.inputs == today.inputs)
  }

  private let input = "input: 'x' input_dim: 1 input_dim: 4 input_dim: 9 input_dim: 9\n"

  private func specs(_ layers: String) throws -> [LayerSpec] {
    try network(fromPrototxt: input + layers).layers.map(\.spec)
  }

  @Test("Every type of V1 that there is a layer for is known, by name and by number")
  func typesOfV1() throws {
    let specs = try specs(
      """
      layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c'
        blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0
        convolution_param { num_output: 2 kernel_size: 3 } }
      layers { name: 'r' type: 18 bottom: 'c' top: 'c' relu_param { negative_slope: 0.5 } }
      layers { name: 's' type: SIGMOID bottom: 'c' top: 's' }
      layers { name: 't' type: TANH bottom: 's' top: 't' }
      layers { name: 'w' type: POWER bottom: 't' top: 'w' power_param { power: 2 shift: 1 } }
      layers { name: 'e' type: ELTWISE bottom: 'w' bottom: 't' top: 'e'
        eltwise_param { operation: MAX } }
      layers { name: 'k' type: CONCAT bottom: 'e' bottom: 't' top: 'k'
        concat_param { concat_dim: 2 } }
      layers { name: 'f' type: FLATTEN bottom: 'k' top: 'f' }
      layers { name: 'i' type: INNER_PRODUCT bottom: 'f' top: 'i'
        inner_product_param { num_output: 4 } }
      layers { name: 'd' type: DROPOUT bottom: 'i' top: 'i' dropout_param { dropout_ratio: 0.3 } }
      layers { name: 'p' type: SOFTMAX bottom: 'i' top: 'p' }
      """)
    #expect(
      specs == [
        .convolution(ConvolutionSpec(outputs: 2, kernel: Extent(3))),
        .relu(ReLUSpec(negativeSlope: 0.5)), .sigmoid, .tanh, .power(PowerSpec(power: 2, shift: 1)),
        .eltwise(EltwiseSpec(operation: .maximum)), .concat(ConcatSpec(axis: 2)),
        .flatten(FlattenSpec()), .innerProduct(InnerProductSpec(outputs: 4)),
        .dropout(DropoutSpec(ratio: 0.3)), .softmax(SoftmaxSpec()),
      ])
  }

  @Test("A padding layer of V0 is folded into the convolution or pooling that reads it")
  func foldsPadding() throws {
    let network = try network(
      fromPrototxt: input + """
        layers { layer { name: 'pad1' type: 'padding' pad: 2 } bottom: 'x' top: 'padded' }
        layers { layer { name: 'c' type: 'conv' num_output: 2 kernelsize: 5 biasterm: false }
          bottom: 'padded' top: 'c' }
        layers { layer { name: 'pad2' type: 'padding' pad: 1 } bottom: 'c' top: 'again' }
        layers { layer { name: 'p' type: 'pool' pool: AVE kernelsize: 3 stride: 2 pad: 0 }
          bottom: 'again' top: 'p' }
        """)
    #expect(
      network.layers == [
        Layer(
          name: "c",
          spec: .convolution(
            ConvolutionSpec(outputs: 2, kernel: Extent(5), pad: Extent(2), hasBias: false)),
          bottoms: ["x"], tops: ["c"]),
        Layer(
          name: "p",
          spec: .pooling(
            PoolingSpec(method: .average, kernel: Extent(3), stride: Extent(2), pad: Extent(1))),
          bottoms: ["c"], tops: ["p"]),
      ])
  }

  @Test("Every parameter of a V0 layer goes where it belongs")
  func parametersOfV0() throws {
    let specs = try specs(
      """
      layers { layer { name: 'n' type: 'lrn' local_size: 3 alpha: 2 beta: 0.5 k: 1.5 }
        bottom: 'x' top: 'n' }
      layers { layer { name: 'd' type: 'dropout' dropout_ratio: 0.25 } bottom: 'n' top: 'n' }
      layers { layer { name: 'k' type: 'concat' concat_dim: 1 } bottom: 'n' bottom: 'x' top: 'k' }
      layers { layer { name: 'i' type: 'innerproduct' num_output: 3 biasterm: false
        weight_filler { type: 'gaussian' std: 0.1 } blobs_lr: 1 weight_decay: 1 }
        bottom: 'k' top: 'i' }
      layers { layer { name: 's' type: 'softmax' } bottom: 'i' top: 's' }
      """)
    #expect(
      specs == [
        .lrn(LRNSpec(size: 3, alpha: 2, beta: 0.5, k: 1.5)), .dropout(DropoutSpec(ratio: 0.25)),
        .concat(ConcatSpec()), .innerProduct(InnerProductSpec(outputs: 3, hasBias: false)),
        .softmax(SoftmaxSpec()),
      ])
  }

  @Test(
    "What does not belong is refused with its line",
    arguments: [
      (
        "layers { name: 'a' type: CONVOLUTION bottom: 'x' top: 'a'\n flatten_param {} }", 3,
        "flatten"
      ),
      ("layers { name: 'a'\n type: THRESHOLD bottom: 'x' top: 'a' }", 3, "'THRESHOLD'"),
      ("layers { name: 'a'\n type: convolution bottom: 'x' top: 'a' }", 3, "'convolution'"),
      ("layers { layer { name: 'a'\n type: 'bnll' } bottom: 'x' top: 'a' }", 3, "'bnll'"),
      ("layers { layer { name: 'a' type: 'relu'\n pad: 1 } bottom: 'x' top: 'a' }", 3, "'pad'"),
      ("layers { layer { name: 'a' type: 'conv'\n stride: no } bottom: 'x' top: 'a' }", 3, "'no'"),
      (
        "layers { layer { name: 'a' type: 'relu' } bottom: 'x' top: 'a'\n type: RELU }", 3, "'type'"
      ),
      (
        "layers { layer { name: 'q' type: 'padding' pad: 1 } bottom: 'x' top: 'q' }\n"
          + "layers { layer { name: 'a' type: 'relu' } bottom: 'q' top: 'a' }", 3, "padding"
      ),
      (
        "layers { name: 'a' type: RELU bottom: 'x' top: 'a' }\n"
          + "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }", 2, "beside"
      ),
      (
        "layers { layer { name: 'a' type: 'relu' } bottom: 'x' top: 'a' }\n"
          + "layers { bottom: 'a' top: 'b' }", 3, "without a 'layer'"
      ),
    ])
  func refuses(layers: String, line: Int, words: String) throws {
    let error = try #require(throws: CaffeModelError.self) { try specs(layers) }
    #expect(error.description.contains("line \(line):"), "\(error)")
    #expect(error.description.contains(words), "\(error)")
  }
}
