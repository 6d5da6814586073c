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
    let names = graph.nodes.filter { graph.weightShapes(of: $0) != nil }.map(\.layer.name)
    #expect(names.count >= 4 && weights.layerNames == names.sorted())
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
      ("count", layer("ip", [blob([3, 4], [1, 2]), bias]), "2 values"),
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
    #expect(throws: CaffeModelError.self) { try CaffeWeights(contentsOf: "/proc/nonexistent") }
    let good = layer("ip", [blob([1], [1])])
    let cases: [[UInt8]] = [
      [], Array("name: \"a prototxt\"".utf8), Array(good.dropLast(3)),
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

  @Test("V1 and V0 files, values that are not packed and double values are read")
  func readsLegacy() throws {
    let values = (0..<12).map { Float($0) - 3.5 }
    let bias: [Float] = [7, 8, 9]
    let legacy = [blob(legacy: [1, 1, 3, 4], values), blob(legacy: [1, 1, 1, 3], bias)]
    let unpacked =
      field(7, field(1, [3, 4])) + values.flatMap { [UInt8(5 << 3 | 5)] + floats([$0]) }
    let doubles = field(7, field(1, [3])) + field(8, bias.flatMap { bytes(of: Double($0)) })
    let singles =
      field(7, [8, 3]) + bias.flatMap { [UInt8(8 << 3 | 1)] + bytes(of: Double($0)) }
    let name = Array("ip".utf8)
    func v1(_ blobs: [[UInt8]]) -> [UInt8] {
      field(2, field(4, name) + [5 << 3, 14] + blobs.flatMap { field(6, $0) })
    }
    let v0 = field(1, field(1, name) + legacy.flatMap { field(50, $0) })
    let cases: [(String, [UInt8])] = [
      ("V1", v1(legacy)), ("V0", field(2, v0 + field(2, name))),
      ("not packed", layer("ip", [unpacked, doubles])),
      ("doubles", layer("ip", [unpacked, singles])),
      (
        "in pieces",
        layer(
          "ip",
          [
            field(7, field(1, [3, 4])) + field(5, floats(Array(values[..<5])))
              + field(5, floats(Array(values[5...]))), doubles,
          ])
      ),
    ]
    for (what, bytes) in cases {
      let found = try withFile(bytes) { try lookUp(Self.innerProduct, in: $0) }
      let weights = try #require(found, "\(what)")
      #expect(weights.weight.values == values, "\(what)")
      #expect(weights.bias?.values == bias, "\(what)")
    }
  }

  @Test("Long lists of values that are not packed are read across pieces of the file")
  func readsLongLists() throws {
    let values = (0..<30_000).map { Float($0) }
    let unpacked =
      field(7, field(1, varint(3) + varint(10_000)))
      + values.flatMap { [UInt8(5 << 3 | 5)] + floats([$0]) }
    let graph = try network(
      fromPrototxt: "input: 'x' input_shape { dim: 1 dim: 10000 } layer { bottom: 'x' top: 'y' "
        + "name: 'ip' type: 'InnerProduct' inner_product_param { num_output: 3 bias_term: false } }"
    ).graph()
    try withFile(layer("ip", [unpacked])) { path in
      let weights = try CaffeWeights(contentsOf: path).weights(of: graph.nodes[0], in: graph)
      #expect(weights?.weight.values == values)
    }
  }

  @Test("Both weight files of the small network have the same weights; other layers are named")
  func bothFormats() throws {
    let graph = try Golden.networks[0].graph()
    let today = try Golden.networks[0].weights()
    let path = Golden.folder.appendingPathComponent("mini-caffenet/weights_v1.caffemodel").path
    let legacy = try CaffeWeights(contentsOf: path)
    #expect(today.layerNames == legacy.layerNames)
    for node in graph.nodes {
      let (a, b) = (try today.weights(of: node, in: graph), try legacy.weights(of: node, in: graph))
      #expect(a?.weight.values == b?.weight.values)
      #expect(a?.bias?.values == b?.bias?.values)
    }
    let net = try CaffeNetwork(prototxt: Golden.text("mini-caffenet/deploy_v1.prototxt"))
    let ignored = legacy.matches(in: net).filter { !$0.isCopied }.map(\.description)
    #expect(ignored == ["Ignoring source layer data", "Ignoring source layer loss"])
  }

  @Test("Lengths that go beyond the file, wrong types and odd shapes are refused")
  func refusesDamage() throws {
    let name = field(1, Array("ip".utf8))
    func length(_ number: Int, _ count: Int) -> [UInt8] { varint(number << 3 | 2) + varint(count) }
    let cases: [(String, [UInt8])] = [
      ("a huge layer", length(100, 1 << 62) + name),
      ("a huge blob", field(100, name + length(7, 99))),
      ("huge values", field(100, name + field(7, length(5, 1 << 40)))),
      ("a number for a layer", varint(100 << 3) + [1]),
      ("a number for a blob", field(100, name + [7 << 3, 1])),
      ("a number for a shape", layer("ip", [[7 << 3, 1]])),
      ("cut values", layer("ip", [field(5, [1, 2, 3])])),
      ("an endless number", [UInt8](repeating: 0xff, count: 12)), ("field 0", [2, 0]),
      ("a group", [3]), ("a negative extent", layer("ip", [field(7, [8] + varint64(-1))])),
      ("a solver state", [8, 100] + field(2, Array("x.caffemodel".utf8))),
      ("many axes", layer("ip", [field(7, field(1, [UInt8](repeating: 1, count: 40)))])),
    ]
    for (what, bytes) in cases {
      try withFile(bytes) { path in
        let error = try #require(throws: CaffeModelError.self, "\(what)") {
          try CaffeWeights(contentsOf: path)
        }
        #expect(error.description.contains(path), "\(what)")
        #expect(!error.description.contains("\n"))
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

private func varint64(_ value: Int64) -> [UInt8] {
  var rest = UInt64(bitPattern: value)
  var bytes: [UInt8] = []
  while rest >= 0x80 {
    bytes.append(UInt8(rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return bytes + [UInt8(rest)]
}

private func bytes(of value: Double) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
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
