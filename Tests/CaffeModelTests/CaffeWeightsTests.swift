import CaffeModel
import Foundation
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Reading caffemodel files")
struct CaffeWeightsTests {
  @Test("Every layer of a small network finds its weights", arguments: Golden.networks)
  func findsWeights(golden: GoldenNetwork) throws {
    let graph = try golden.graph()
    let weights = try golden.weights()
    #expect(
      weights.layerNames == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"])
    for node in graph.nodes {
      let found = try weights.weights(of: node, in: graph)
      guard let wanted = graph.weightShapes(of: node) else {
        #expect(found == nil, "\(node.layer.name) has no weights")
        continue
      }
      let own = try #require(found)
      #expect(own.weight.shape == wanted.weight)
      #expect(own.bias?.shape == wanted.bias)
      #expect(own.weight.values.contains { $0 != 0 })
    }
  }

  /// A network of one layer, to ask a file for weights that it has under that name.
  private func lookUp(_ layer: String, in path: String) throws -> LayerWeights? {
    let graph = try network(
      fromPrototxt: "input: 'x' input_shape { dim: 1 dim: 2 dim: 1 dim: 2 } layer { bottom: 'x' "
        + "top: 'y' \(layer) }"
    ).graph()
    return try CaffeWeights(contentsOf: path).weights(of: graph.nodes[0], in: graph)
  }

  @discardableResult
  private func withFile<T>(_ bytes: [UInt8], _ body: (String) throws -> T) throws -> T {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(UUID().uuidString).caffemodel")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }

  private static let innerProduct =
    "name: 'ip' type: 'InnerProduct' inner_product_param { num_output: 3 }"

  @Test("Legacy four-axis blobs are accepted, and fields that are not needed are skipped")
  func acceptsLegacyShapes() throws {
    let weight = blob(legacy: [1, 1, 3, 4], (0..<12).map(Float.init))
    let bias = blob(legacy: [1, 1, 1, 3], [7, 8, 9]) + field(6, floats([1, 2, 3]))  // diff
    let other = layer("loss", [])
    let bytes = other + layer("ip", [weight, bias]) + field(9, Array("unknown".utf8))
    let found = try withFile(bytes) { try lookUp(Self.innerProduct, in: $0) }
    let weights = try #require(found)
    #expect(weights.weight.shape == Shape([3, 4]))
    #expect(weights.weight.values == (0..<12).map(Float.init))
    #expect(weights.bias?.values == [7, 8, 9])
  }

  @Test("A wrong shape, a wrong count and a missing layer name the layer and the file")
  func namesLayer() throws {
    let bias = blob([3], [7, 8, 9])
    let cases: [(String, [UInt8], String)] = [
      ("shape", layer("ip", [blob([4, 3], [Float](repeating: 0, count: 12)), bias]), "4x3"),
      ("count", layer("ip", [blob([3, 4], [1, 2]), bias]), "2 float values"),
      ("blobs", layer("ip", [blob([3, 4], [Float](repeating: 0, count: 12))]), "1 blobs"),
      ("name", layer("other", [bias]), "none under that name"),
    ]
    for (what, bytes, words) in cases {
      try withFile(bytes) { path in
        let error = try #require(throws: NetworkError.self, "\(what)") {
          try lookUp(Self.innerProduct, in: path)
        }
        #expect(error.description.contains("'ip'"), "\(what)")
        #expect(error.description.contains(words), "\(what): \(error)")
        #expect(error.description.contains(path), "\(what)")
      }
    }
  }

  @Test("Files that are no caffemodel are refused with their path")
  func refusesOtherFiles() throws {
    #expect(throws: CaffeModelError.self) { try CaffeWeights(contentsOf: "/nonexistent") }
    let good = layer("ip", [blob([1], [1])])
    let cases: [[UInt8]] = [
      [], Array("name: \"a prototxt\"".utf8), Array(good.dropLast(3)),
      good + layer("ip", [blob([1], [1])]),
    ]
    for bytes in cases {
      try withFile(bytes) { path in
        let error = try #require(throws: CaffeModelError.self, "\(bytes.count) bytes") {
          try CaffeWeights(contentsOf: path)
        }
        #expect(error.description.contains(path))
      }
    }
  }

  @Test("A legacy caffemodel is refused by name")
  func refusesLegacyModel() throws {
    try withFile(field(2, field(4, Array("conv1".utf8)))) { path in
      #expect(throws: CaffeModelError.legacySyntax(version: "V1", file: "'\(path)'")) {
        try CaffeWeights(contentsOf: path)
      }
    }
  }
}

// The wire format, written by hand so that the reader is not tested against itself.

private func varint(_ value: Int) -> [UInt8] {
  var rest = UInt64(value)
  var bytes: [UInt8] = []
  while rest >= 0x80 {
    bytes.append(UInt8(rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return bytes + [UInt8(rest)]
}

private func field(_ number: Int, _ payload: [UInt8]) -> [UInt8] {
  varint(number << 3 | 2) + varint(payload.count) + payload
}

private func floats(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }
}

private func blob(_ dimensions: [Int], _ values: [Float]) -> [UInt8] {
  field(7, field(1, dimensions.flatMap(varint))) + field(5, floats(values))
}

private func blob(legacy axes: [Int], _ values: [Float]) -> [UInt8] {
  axes.enumerated().flatMap { varint(($0.offset + 1) << 3) + varint($0.element) }
    + field(5, floats(values))
}

private func layer(_ name: String, _ blobs: [[UInt8]]) -> [UInt8] {
  field(100, field(1, Array(name.utf8)) + blobs.flatMap { field(7, $0) })
}
