import Tensors

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
        throw WireError("layer \(layers.count) is no message")
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
      let bytes = try? source.bytes(at: range.lowerBound, count: range.count),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw WireError("the name of layer \(number) is no text") }
    return text
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
