import Tensors

/// The shape of a blob that comes from outside: known, or the reason why not.
enum InputShape: Equatable {
  case known([Int])
  /// A shape of which something had to be assumed.
  case assumed([Int], note: String)
  case unknown(reason: String, batch: Int? = nil)

  /// Images, as far as they are known.
  var batch: Int? {
    switch self {
    case .known(let axes), .assumed(let axes, _): axes.first
    case .unknown(_, let batch): batch
    }
  }
}

/// Layers that read data: they become inputs of the network.
///
/// Arrays are expected as such a layer would deliver them, after cropping, scaling and subtraction
/// of the mean.
enum DataLayers {
  static let types: Set<String> = [
    "Input", "Data", "ImageData", "HDF5Data", "MemoryData", "WindowData", "DummyData",
  ]

  /// Those of them whose second top has a number for each image of the first.
  static let withLabels: Set<String> = [
    "Data", "ImageData", "MemoryData", "WindowData",
  ]

  /// The shape of each top of a layer.
  /// - Source: BVLC/caffe, src/caffe/layers/*_data_layer.cpp and input_layer.cpp.
  static func shapes(of layer: PrototxtLayer) throws(CaffeModelError) -> [InputShape] {
    switch layer.type {
    case "Input": return try inputShapes(of: layer)
    case "DummyData": return try dummyShapes(of: layer)
    case "HDF5Data":
      let batch = layer.message.message("hdf5_data_param").int("batch_size")
      return layer.tops.map { _ in
        .unknown(reason: "the shapes stand in the HDF5 file", batch: batch)
      }
    default: break
    }
    guard (1...2).contains(layer.tops.count) else {
      throw .unusableLayer(
        layer: layer.name, reason: "has \(layer.tops.count) tops; a data layer has data and label",
        line: layer.line)
    }
    let (image, batch) = imageShape(of: layer)
    let label: InputShape =
      batch.map { .known([$0]) } ?? .unknown(reason: "the layer gives no batch_size")
    return Array([image, label].prefix(layer.tops.count))
  }

  /// A shape for each top, or one for all.
  private static func inputShapes(of layer: PrototxtLayer) throws(CaffeModelError) -> [InputShape] {
    let shapes = layer.message.message("input_param").messages("shape").map { $0.ints("dim") }
    if shapes.isEmpty {
      return layer.tops.map { _ in .unknown(reason: "the Input layer gives no shape") }
    }
    return try known(shapes, of: layer)
  }

  private static func known(
    _ shapes: [[Int]], of layer: PrototxtLayer
  ) throws(CaffeModelError) -> [InputShape] {
    guard shapes.count == 1 || shapes.count == layer.tops.count else {
      throw .unusableLayer(
        layer: layer.name,
        reason:
          "has \(shapes.count) shapes for \(layer.tops.count) tops; give one, or one for each",
        line: layer.line)
    }
    return layer.tops.indices.map { .known(shapes.count == 1 ? shapes[0] : shapes[$0]) }
  }

  private static func dummyShapes(of layer: PrototxtLayer) throws(CaffeModelError) -> [InputShape] {
    let parameter = layer.message.message("dummy_data_param")
    let axes = ["num", "channels", "height", "width"].map { parameter.ints($0) }
    let shapes: [[Int]]
    if !parameter["shape"].isEmpty {
      guard axes.allSatisfy(\.isEmpty) else {
        throw .unusableLayer(
          layer: layer.name, reason: "has both shape and num, channels, height or width",
          line: layer.line)
      }
      shapes = parameter.messages("shape").map { $0.ints("dim") }
    } else {
      let counts = Set(axes.map(\.count))
      guard counts.isSubset(of: [1, layer.tops.count]), let most = counts.max() else {
        throw .unusableLayer(
          layer: layer.name,
          reason: "needs num, channels, height and width, once or once for each top",
          line: layer.line)
      }
      shapes = (0..<most).map { index in axes.map { $0.count == 1 ? $0[0] : $0[index] } }
    }
    return try known(shapes, of: layer)
  }

  /// The images of a layer that reads images, and its batch size.
  private static func imageShape(of layer: PrototxtLayer) -> (InputShape, batch: Int?) {
    let transform = layer.message.message("transform_param")
    var channels: Int? = transform["mean_value"].count > 1 ? transform["mean_value"].count : nil
    if transform.bool("force_color") == true { channels = 3 }
    if transform.bool("force_gray") == true { channels = 1 }
    let parameters = [
      "MemoryData": "memory_data_param", "ImageData": "image_data_param",
      "WindowData": "window_data_param",
    ]
    let given = layer.message.message(parameters[layer.type] ?? "data_param")
    func number(_ name: String) -> Int { given.int(name) ?? 0 }
    var crop = transform.int("crop_size") ?? 0
    if crop == 0 { crop = number("crop_size") }
    var batch = number("batch_size")
    switch layer.type {
    case "MemoryData":
      let axes = [batch, number("channels"), number("height"), number("width")]
      return (.known(axes), given.int("batch_size"))
    case "ImageData":
      batch = given.int("batch_size") ?? 1
      let count = given.bool("is_color") ?? true ? 3 : 1
      channels = count
      let (height, width) = (number("new_height"), number("new_width"))
      if crop == 0, height > 0, width > 0 { return (.known([batch, count, height, width]), batch) }
    case "WindowData": channels = 3
    default: if given.bool("force_encoded_color") == true { channels = 3 }
    }
    guard batch > 0 else { return (.unknown(reason: "the layer gives no batch_size"), nil) }
    guard crop > 0 else {
      return (
        .unknown(
          reason: "the size of the images stands in the database, and there is no crop_size",
          batch: batch),
        batch
      )
    }
    guard let channels else {
      return (
        .assumed(
          [batch, 3, crop, crop],
          note: "three channels are assumed, since only the database has them"), batch
      )
    }
    return (.known([batch, channels, crop, crop]), batch)
  }
}
