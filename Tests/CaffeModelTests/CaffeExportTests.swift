import CaffeModel
import Foundation
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Writing Caffe files")
struct CaffeExportTests {
  @Test(
    "Every network of the catalog is the same after writing and reading",
    arguments: NetworkCatalog.entries.map(\.name))
  func networks(name: String) throws {
    let network = try #require(NetworkCatalog.network(named: name))
    let text = CaffeExport.prototxt(of: network)
    #expect(try CaffeModel.network(fromPrototxt: text) == network)
  }

  @Test("Every parameter of every kind of layer is written")
  func parameters() throws {
    let text = """
      input: 'x' input_shape { dim: 2 dim: 6 dim: 20 dim: 30 }
      input: 'label' input_shape { dim: 2 }
      layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 6
        kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 1 pad_h: 1 dilation: 1 dilation: 2 group: 3
        bias_term: false } }
      layer { name: 'c2' type: 'Convolution' bottom: 'c' top: 'c2' convolution_param {
        num_output: 4 kernel_size: 3 stride: 2 pad: 1 dilation: 2 } }
      layer { name: 'r' type: 'ReLU' bottom: 'c2' top: 'c2' relu_param { negative_slope: 0.1 } }
      layer { name: 'p' type: 'Pooling' bottom: 'c2' top: 'p' top: 'mask' pooling_param {
        kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_w: 1 } }
      layer { name: 'n' type: 'LRN' bottom: 'p' top: 'n' lrn_param { local_size: 3 alpha: 2e-4
        beta: 0.7 k: 1.5 norm_region: WITHIN_CHANNEL } }
      layer { name: 's' type: 'Sigmoid' bottom: 'n' top: 's' }
      layer { name: 't' type: 'TanH' bottom: 's' top: 't' }
      layer { name: 'w' type: 'Power' bottom: 't' top: 'w' power_param { power: 3 scale: 2 shift: 1 } }
      layer { name: 'e' type: 'Eltwise' bottom: 'w' bottom: 't' top: 'e' eltwise_param { coeff: 1
        coeff: -0.5 } }
      layer { name: 'm' type: 'Eltwise' bottom: 'e' bottom: 't' top: 'm' eltwise_param {
        operation: PROD } }
      layer { name: 'k' type: 'Concat' bottom: 'm' bottom: 't' top: 'k' concat_param { axis: -2 } }
      layer { name: 'g' type: 'Pooling' bottom: 'k' top: 'g' pooling_param { pool: AVE
        global_pooling: true } }
      layer { name: 'f' type: 'Flatten' bottom: 'g' top: 'f' flatten_param { axis: 1 end_axis: -2 } }
      layer { name: 'i' type: 'InnerProduct' bottom: 'f' top: 'i' inner_product_param {
        num_output: 7 bias_term: false axis: -2 transpose: true } }
      layer { name: 'd' type: 'Dropout' bottom: 'i' top: 'd' dropout_param { dropout_ratio: 0.2 } }
      layer { name: 'q' type: 'Softmax' bottom: 'd' top: 'q' softmax_param { axis: -1 } }
      layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'd' bottom: 'label' top: 'l' loss_weight: 0.3
        loss_param { ignore_label: 3 normalization: BATCH_SIZE } }
      layer { name: 'a' type: 'Accuracy' bottom: 'd' bottom: 'label' top: 'a' accuracy_param {
        top_k: 2 axis: -1 ignore_label: 0 } }
      layer { name: 'u' type: 'EuclideanLoss' bottom: 'd' bottom: 'q' top: 'u' loss_weight: 2 }
      """
    let network = try network(fromPrototxt: text)
    #expect(Set(network.layers.map(\.spec.kind)).count == 16, "all kinds")
    #expect(try CaffeModel.network(fromPrototxt: CaffeExport.prototxt(of: network)) == network)
  }

  @Test("An input whose blob has a layer's name gets another layer name")
  func inputNames() throws {
    let network = try network(
      fromPrototxt: "input: 'r' input_shape { dim: 3 }"
        + "layer { name: 'r' type: 'ReLU' bottom: 'r' top: 'y' }")
    let text = CaffeExport.prototxt(of: network)
    #expect(try CaffeModel.network(fromPrototxt: text) == network)
  }

  private func withPath<T>(_ body: (String) throws -> T) throws -> T {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(UUID().uuidString).caffemodel").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test(
    "Weights come back bit for bit, and the file describes the network", arguments: Golden.networks)
  func weights(golden: GoldenNetwork) throws {
    let network = try golden.network()
    let graph = try network.graph()
    for source in [SeededWeights(seed: 5), try golden.weights()] as [any WeightSource] {
      try withPath { path in
        try CaffeExport.writeWeights(of: network, from: source, to: path)
        let written = try CaffeWeights(contentsOf: path)
        for node in graph.nodes {
          let want = try source.weights(of: node, in: graph)
          let got = try written.weights(of: node, in: graph)
          #expect(got?.weight.values.map(\.bitPattern) == want?.weight.values.map(\.bitPattern))
          #expect(got?.bias?.values.map(\.bitPattern) == want?.bias?.values.map(\.bitPattern))
        }
        #expect(try CaffeNetwork(contentsOf: path).network == network)
      }
    }
  }

  @Test("A place that cannot be written to is named")
  func cannotWrite() throws {
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    let error = try #require(throws: CaffeModelError.self) {
      try CaffeExport.write(network, to: "/proc/nonexistent/net.prototxt")
    }
    #expect(error.description.contains("/proc/nonexistent/net.prototxt"))
  }
}
