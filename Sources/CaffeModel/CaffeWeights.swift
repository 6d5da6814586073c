import Networks
import Tensors

/// The weights in a caffemodel – today's, V1 or V0 –, found by layer name, as Caffe's
/// `Net::CopyTrainedLayersFrom` does.
///
/// Only names and shapes are read at first; the values of a layer go straight from the file into
/// its tensors when they are asked for. Layers of the file that the network lacks are ignored; a
/// layer of the network that the file lacks, or whose blobs have another shape, is an error that
/// names it.
package struct CaffeWeights: WeightSource {
  private let path: String
  private let source: ByteSource
  private let layers: [StoredLayer]
  private let indices: [String: Int]

  /// - Parameter path: a caffemodel.
  /// - Throws: ``CaffeModelError``: the file can't be read or is not a caffemodel.
  package init(contentsOf path: String) throws(CaffeModelError) {
    try self.init(try ByteSource(path: path), path: path)
  }

  /// Reads the bytes of a caffemodel.
  /// - Parameter name: of the file, for errors.
  package init(bytes: [UInt8], named name: String) throws(CaffeModelError) {
    try self.init(ByteSource(bytes: bytes), path: name)
  }

  private init(_ source: ByteSource, path: String) throws(CaffeModelError) {
    self.path = path
    self.source = source
    do throws(WireError) {
      layers = try WeightIndex.layers(of: source)
    } catch {
      let kind = FileKind.name(of: source).map { "it is \($0)" }
      let text = source.looksBinary ? nil : "it is text, perhaps the description of the net"
      throw .notAModel(path: path, reason: kind ?? text ?? error.reason)
    }
    if layers.isEmpty {
      let kind = FileKind.name(of: source).map { "it is \($0)" }
      throw .notAModel(path: path, reason: kind ?? "it holds no layer")
    }
    var indices: [String: Int] = [:]
    // Of several with one name the last counts, as in Caffe, which copies one after the other.
    for (index, layer) in layers.enumerated() where !layer.blobs.isEmpty {
      indices[layer.name] = index
    }
    self.indices = indices
  }

  /// Names of the layers that have weights, sorted.
  package var layerNames: [String] { indices.keys.sorted() }

  /// What becomes of a layer of the file.
  package struct Match: Hashable, Sendable {
    package var layer: String
    /// Whether the network has a layer of that name; otherwise it is ignored.
    package var isCopied: Bool

    /// The line that Caffe logs.
    package var description: String {
      "\(isCopied ? "Copying" : "Ignoring") source layer \(layer)"
    }
  }

  /// What becomes of each layer of the file, in its order.
  package func matches(in net: CaffeNetwork) -> [Match] {
    let names = Set(net.network.layers.map(\.describedName) + net.inputLayers.map(\.name))
    return layers.map { Match(layer: $0.name, isCopied: names.contains($0.name)) }
  }

  /// Holds all shapes against those that a network needs, before anything is read.
  /// - Throws: a layer whose weights are missing or have another shape.
  package func validate(for graph: Graph) throws(NetworkError) {
    for node in graph.nodes { _ = try storedBlobs(of: node, in: graph) }
  }

  package func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    let name = node.layer.name
    let stored = try storedBlobs(of: node, in: graph)
    var tensors: [Tensor] = []
    for (blob, shape) in stored {
      let tensor = Tensor(shape)
      do throws(WireError) {
        try blob.read(from: source, into: tensor.buffer.elements)
      } catch {
        throw .weights(layer: name, reason: "'\(path)': \(error.reason)")
      }
      tensors.append(tensor)
    }
    guard let weight = tensors.first else { return nil }
    return LayerWeights(weight: weight, bias: tensors.count > 1 ? tensors[1] : nil)
  }

  /// The blobs of a layer with the shapes that the network needs, checked.
  private func storedBlobs(
    of node: Graph.Node, in graph: Graph
  ) throws(NetworkError) -> [(StoredBlob, Shape)] {
    let name = node.layer.name
    let stored = indices[name].map { layers[$0].blobs }
    guard let shapes = graph.weightShapes(of: node) else {
      // Caffe gives weights to the first layer of a name only.
      guard let stored, node.layer.sharedName == nil else { return [] }
      throw .weights(
        layer: name,
        reason: "'\(path)' has \(stored.count) blobs where the layer's kind has none")
    }
    if let shared = node.layer.sharedName {
      throw .weights(
        layer: name,
        reason: "a layer before has the name '\(shared)' too, and a caffemodel has weights for the "
          + "first of a name only, as in Caffe; give them different names")
    }
    guard let stored else {
      throw .weights(layer: name, reason: "'\(path)' has none under that name")
    }
    let wanted = [shapes.weight] + (shapes.bias.map { [$0] } ?? [])
    guard stored.count == wanted.count else {
      throw .weights(
        layer: name, reason: "'\(path)' has \(stored.count) blobs where \(wanted.count) are needed")
    }
    for (blob, shape) in zip(stored, wanted) {
      let found = blob.dimensions.map(String.init).joined(separator: "x")
      guard blob.matches(shape) else {
        throw .weights(
          layer: name, reason: "'\(path)' has a blob of shape \(found) where \(shape) is needed")
      }
      guard blob.count == shape.count else {
        throw .weights(
          layer: name, reason: "'\(path)' has \(blob.count) values in a blob of shape \(found)")
      }
    }
    return Array(zip(stored, wanted))
  }
}

/// One blob of a caffemodel: its shape, and where its values lie in the file.
struct StoredBlob: Sendable {
  /// As Caffe's `BlobProto` has it; four legacy axes when ``isLegacy``.
  var dimensions: [Int]
  /// Whether the shape is given as num, channels, height and width.
  var isLegacy: Bool
  /// Number of values, of whichever kind counts.
  var count: Int
  var isDouble: Bool
  /// The message.
  var range: Range<Int>

  /// Whether the shape is this one.
  /// - Source: BVLC/caffe, blob.cpp, `ShapeEquals`: a legacy shape has ones in front.
  func matches(_ shape: Shape) -> Bool {
    if !isLegacy { return dimensions == shape.dimensions }
    return shape.rank <= 4
      && dimensions == Array(repeating: 1, count: 4 - shape.rank) + shape.dimensions
  }
}

/// One layer of a caffemodel that has a name.
struct StoredLayer: Sendable {
  var name: String
  var blobs: [StoredBlob]
}

/// What a caffemodel holds and where, found in one pass that skips the values.
enum WeightIndex {
  /// Layers of a net; blobs of a layer. Far more than any net has, far less than fills the memory.
  private static let layerLimit = 100_000
  private static let blobLimit = 1_000
  private static let nameLimit = 4_096

  /// - Throws: what is wrong with the file.
  static func layers(of source: ByteSource) throws(WireError) -> [StoredLayer] {
    var layers: [StoredLayer] = []
    var reader = WireReader(source)
    while let (number, value) = try reader.next() {
      // The net's own name; SolverState and others have a number there.
      if number == 1, case .varint = value {
        throw WireError("it is a message of another kind, perhaps a solver state")
      }
      guard number == 100 || number == 2 else { continue }
      guard case .bytes(let range) = value else {
        throw WireError("layer \(layers.count) is not a message")
      }
      guard layers.count < layerLimit else { throw WireError("it has too many layers") }
      let fields: LayerFields = number == 100 ? .today : .v1
      layers.append(try layer(source, range, fields, number: layers.count))
    }
    return layers
  }

  /// Where name, blobs and a V0 layer stand in a layer's message.
  private struct LayerFields {
    var name: Int
    var blobs: Int
    var inner: Int?
    static let today = LayerFields(name: 1, blobs: 7, inner: nil)
    static let v1 = LayerFields(name: 4, blobs: 6, inner: 1)
    static let v0 = LayerFields(name: 1, blobs: 50, inner: nil)
  }

  private static func layer(
    _ source: ByteSource, _ range: Range<Int>, _ fields: LayerFields, number: Int
  ) throws(WireError) -> StoredLayer {
    var layer = StoredLayer(name: "", blobs: [])
    var reader = WireReader(source, range)
    while let (field, value) = try reader.next() {
      guard field == fields.name || field == fields.blobs || field == fields.inner else { continue }
      guard case .bytes(let inner) = value else {
        throw WireError("layer \(number) has a number where a name or a blob should be")
      }
      if field == fields.inner {
        let old = try Self.layer(source, inner, .v0, number: number)
        if !old.name.isEmpty { layer.name = old.name }
        layer.blobs += old.blobs
      } else if field == fields.name {
        layer.name = try text(source, inner, number: number)
      } else {
        guard layer.blobs.count < blobLimit else {
          throw WireError("layer \(number) has too many blobs")
        }
        do throws(WireError) {
          layer.blobs.append(try blob(source, inner))
        } catch {
          throw WireError("layer '\(layer.name)', blob \(layer.blobs.count): \(error.reason)")
        }
      }
    }
    return layer
  }

  private static func text(
    _ source: ByteSource, _ range: Range<Int>, number: Int
  ) throws(WireError) -> String {
    guard range.count <= nameLimit,
      let bytes = try? source.bytes(at: range.lowerBound, count: range.count)
    else { throw WireError("the name of layer \(number) is longer than \(nameLimit) bytes") }
    return ScalarText.decoded(bytes[...])
  }

  static func blob(
    _ source: ByteSource, _ range: Range<Int>
  ) throws(WireError) -> StoredBlob {
    var legacy: [Int?] = [nil, nil, nil, nil]
    var shape: [Int]?
    var floatCount = 0
    var doubleCount = 0
    var reader = WireReader(source, range)
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1...4, .varint(let extent)): legacy[number - 1] = try axis(extent)
      case (5, .fixed32): floatCount += 1 + (try reader.skipRun(of: 5 << 3 | 5))
      case (8, .fixed64): doubleCount += 1
      case (5, .bytes(let values)):
        guard values.count % 4 == 0 else { throw WireError("its values are cut off") }
        floatCount += values.count / 4
      case (8, .bytes(let values)):
        guard values.count % 8 == 0 else { throw WireError("its values are cut off") }
        doubleCount += values.count / 8
      case (7, .bytes(let inner)): shape = (shape ?? []) + (try dimensions(source, inner))
      case (1...5, _), (7, _), (8, _): throw WireError("field \(number) has the wrong type")
      default: continue
      }
    }
    let isDouble = doubleCount > 0
    let isLegacy = shape == nil || legacy.contains { $0 != nil }
    return StoredBlob(
      dimensions: isLegacy ? legacy.map { $0 ?? 0 } : shape ?? [], isLegacy: isLegacy,
      count: isDouble ? doubleCount : floatCount, isDouble: isDouble, range: range)
  }

  private static func dimensions(
    _ source: ByteSource, _ range: Range<Int>
  ) throws(WireError) -> [Int] {
    var dimensions: [Int] = []
    var reader = WireReader(source, range)
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .varint(let extent)): dimensions.append(try axis(extent))
      case (1, .bytes(let packed)):
        var values = WireReader(source, packed)
        while let extent = try values.nextVarint() {
          dimensions.append(try axis(extent))
          guard dimensions.count <= 32 else { throw WireError("its shape has too many axes") }
        }
      case (1, _): throw WireError("its shape has the wrong type")
      default: continue
      }
      guard dimensions.count <= 32 else { throw WireError("its shape has too many axes") }
    }
    return dimensions
  }

  private static func axis(_ value: UInt64) throws(WireError) -> Int {
    guard value <= UInt64(Int32.max) else {
      throw WireError("its shape has the impossible extent \(Int64(bitPattern: value))")
    }
    return Int(value)
  }
}

extension StoredBlob {
  /// Copies the values from the file to where they are needed. The file is little-endian, as are all
  /// processors that this is built for.
  /// - Parameter destination: room for ``count`` values.
  func read(
    from source: ByteSource, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(WireError) {
    precondition(destination.count == count)
    var done = 0
    var reader = WireReader(source, range)
    while true {
      guard let (number, value) = try reader.next() else { break }
      switch (number, value) {
      case (5, .bytes(let values)) where !isDouble:
        let count = values.count / 4
        try check(done + count)
        try copy(
          source, values.lowerBound,
          UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(destination)[done * 4..<(done + count) * 4]))
        done += count
      case (5, .fixed32(let first)) where !isDouble:
        let count = 1 + (try reader.skipRun(of: 5 << 3 | 5))
        try check(done + count)
        // Each value with the tag of the next between.
        try convert(source, first, stride: 5, count: count) { bytes in
          destination[done] = Float(bitPattern: bytes.loadUnaligned(as: UInt32.self).littleEndian)
          done += 1
        }
      case (8, .bytes(let values)) where isDouble:
        try check(done + values.count / 8)
        try convert(source, values.lowerBound, stride: 8, count: values.count / 8) { bytes in
          let bits = bytes.loadUnaligned(as: UInt64.self).littleEndian
          destination[done] = Float(Double(bitPattern: bits))
          done += 1
        }
      case (8, .fixed64(let at)) where isDouble:
        try check(done + 1)
        try convert(source, at, stride: 8, count: 1) { bytes in
          let bits = bytes.loadUnaligned(as: UInt64.self).littleEndian
          destination[done] = Float(Double(bitPattern: bits))
          done += 1
        }
      default: continue
      }
    }
    guard done == count else { throw WireError("the file changed while it was read") }
  }

  private func check(_ done: Int) throws(WireError) {
    guard done <= count else { throw WireError("the file changed while it was read") }
  }

  private func copy(
    _ source: ByteSource, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(WireError) {
    do throws(CaffeModelError) {
      try source.read(at: offset, into: buffer)
    } catch {
      throw WireError(error.description)
    }
  }

  /// Calls `body` with each of `count` values that begin `stride` bytes apart.
  private func convert(
    _ source: ByteSource, _ offset: Int, stride: Int, count: Int,
    _ body: (UnsafeRawPointer) -> Void
  ) throws(WireError) {
    let chunkCount = 8192
    let valueCount = stride == 5 ? 4 : stride
    var first = 0
    while first < count {
      let now = min(chunkCount, count - first)
      let bytes: [UInt8]
      do throws(CaffeModelError) {
        bytes = try source.bytes(
          at: offset + first * stride, count: (now - 1) * stride + valueCount)
      } catch {
        throw WireError(error.description)
      }
      bytes.withUnsafeBytes { raw in
        guard let base = raw.baseAddress else { return }
        for index in 0..<now { body(base + index * stride) }
      }
      first += now
    }
  }
}
