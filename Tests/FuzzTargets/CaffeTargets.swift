import CaffeModel
import Networks
import Tensors

extension FuzzTarget {
  /// Descriptions of networks in the text format, in each of Caffe's syntaxes.
  static let prototxt = FuzzTarget("prototxt", byteLimit: 4096) { bytes in
    // Both phases without a byte of the input for them.
    let state = NetState(phase: bytes.count % 2 == 0 ? .test : .train)
    return try readNetwork(bytes, options: ImportOptions(state: state)) != nil
  }

  /// Binary files: weights, descriptions, and means.
  static let caffemodel = FuzzTarget("caffemodel", byteLimit: 4096) { bytes in
    let network = try readNetwork(bytes)
    let hasMean = try readMean(bytes)
    let hasWeights = try readWeights(bytes, of: network)
    return hasMean || hasWeights || network != nil
  }

  /// A network with all that is looked at before anything is computed; nil when it is refused.
  private static func readNetwork(
    _ bytes: [UInt8], options: ImportOptions = ImportOptions()
  ) throws -> CaffeNetwork? {
    let net: CaffeNetwork
    do throws(CaffeModelError) {
      net = try CaffeNetwork(bytes: bytes, named: "x", options: options)
      _ = try CaffeLog(net)
    } catch {
      _ = try refused(error)
      return nil
    }
    let graph = try net.network.graph()
    try require(
      graph.table.count == net.network.layers.count + net.network.inputs.count + 2,
      "a row of the table is missing")
    _ = graph.dot
    // What was written is read as the same. Compared as text, where NaN equals itself.
    let text = CaffeExport.prototxt(of: net.network)
    let again = CaffeExport.prototxt(of: try CaffeModel.network(fromPrototxt: text))
    try require(again == text, "written and read again it is another network")
    return net
  }

  private static func readMean(_ bytes: [UInt8]) throws -> Bool {
    let mean: Tensor
    do throws(CaffeModelError) {
      mean = try CaffeMean.read(bytes, named: "x")
    } catch {
      return try refused(error)
    }
    try require(mean.shape.count <= bytes.count, "more values than bytes")
    return true
  }

  private static func readWeights(_ bytes: [UInt8], of net: CaffeNetwork?) throws -> Bool {
    let weights: CaffeWeights
    do throws(CaffeModelError) {
      weights = try CaffeWeights(bytes: bytes, named: "x")
    } catch {
      return try refused(error)
    }
    for net in [net, receiver].compactMap({ $0 }) {
      _ = weights.matches(in: net)
      let graph = try net.network.graph()
      do throws(NetworkError) {
        try weights.validate(for: graph)
        for node in graph.nodes { _ = try weights.weights(of: node, in: graph) }
      } catch {
        _ = try refused(error)
      }
    }
    return !weights.layerNames.isEmpty
  }

  /// Takes weights of layers `c` and `i`.
  private static let receiver = try? CaffeNetwork(
    prototxt: """
      input: 'x' input_shape { dim: [1, 2, 5, 5] }
      layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'
        convolution_param { num_output: 3 kernel_size: 3 } }
      layer { name: 'i' type: 'InnerProduct' bottom: 'c' top: 'i'
        inner_product_param { num_output: 4 } }
      """)
}
