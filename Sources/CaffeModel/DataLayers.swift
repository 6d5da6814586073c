import Tensors

/// The shape of a blob that comes from outside: known, or the reason why not.
enum InputShape: Equatable {
  case known([Int])
  /// A shape of which something had to be assumed.
  case assumed([Int], note: String)
  case unknown(reason: String)
}

/// Layers that read data: they become inputs of the network.
///
/// Arrays are expected as such a layer would deliver them, after cropping, scaling and subtraction
/// of the mean.
enum DataLayers {
  static let types: Set<String> = [
    "Input", "Data", "ImageData", "HDF5Data", "MemoryData", "WindowData", "DummyData",
  ]

  /// The shape of each top of a layer.
  /// - Source: BVLC/caffe, src/caffe/layers/*_data_layer.cpp and input_layer.cpp.
  static func shapes(
    of layer: Caffe_LayerParameter, line: Int?
  ) throws(CaffeModelError) -> [InputShape] {
    switch layer.type {
    case "Input": return try inputShapes(of: layer, line: line)
    case "DummyData": return try dummyShapes(of: layer, line: line)
    case "HDF5Data":
      return layer.top.map { _ in .unknown(reason: "the shapes stand in the HDF5 file") }
    default: break
    }
    guard (1...2).contains(layer.top.count) else {
      throw .unusableLayer(
        layer: layer.name, reason: "has \(layer.top.count) tops; a data layer has data and label",
        line: line)
    }
    let (image, batch) = imageShape(of: layer)
    let label: InputShape =
      batch.map { .known([$0]) } ?? .unknown(reason: "the layer gives no batch_size")
    return Array([image, label].prefix(layer.top.count))
  }

  /// A shape for each top, or one for all.
  private static func inputShapes(
    of layer: Caffe_LayerParameter, line: Int?
  ) throws(CaffeModelError) -> [InputShape] {
    let shapes = layer.inputParam.shape.map { $0.dim.map { Int($0) } }
    if shapes.isEmpty {
      return layer.top.map { _ in .unknown(reason: "the Input layer gives no shape") }
    }
    guard shapes.count == 1 || shapes.count == layer.top.count else {
      throw .unusableLayer(
        layer: layer.name,
        reason: "has \(shapes.count) shapes for \(layer.top.count) tops; give one, or one for each",
        line: line)
    }
    return layer.top.indices.map { .known(shapes.count == 1 ? shapes[0] : shapes[$0]) }
  }

  private static func dummyShapes(
    of layer: Caffe_LayerParameter, line: Int?
  ) throws(CaffeModelError) -> [InputShape] {
    let parameter = layer.dummyDataParam
    let axes = [parameter.num, parameter.channels, parameter.height, parameter.width]
    let shapes: [[Int]]
    if !parameter.shape.isEmpty {
      guard axes.allSatisfy(\.isEmpty) else {
        throw .unusableLayer(
          layer: layer.name, reason: "has both shape and num, channels, height or width",
          line: line)
      }
      shapes = parameter.shape.map { $0.dim.map { Int($0) } }
    } else {
      let counts = Set(axes.map(\.count))
      guard counts.isSubset(of: [1, layer.top.count]), let most = counts.max() else {
        throw .unusableLayer(
          layer: layer.name,
          reason: "needs num, channels, height and width, once or once for each top", line: line)
      }
      shapes = (0..<most).map { index in axes.map { Int($0.count == 1 ? $0[0] : $0[index]) } }
    }
    guard shapes.count == 1 || shapes.count == layer.top.count else {
      throw .unusableLayer(
        layer: layer.name,
        reason: "has \(shapes.count) shapes for \(layer.top.count) tops; give one, or one for each",
        line: line)
    }
    return layer.top.indices.map { .known(shapes.count == 1 ? shapes[0] : shapes[$0]) }
  }

  /// The images of a layer that reads images, and its batch size.
  private static func imageShape(of layer: Caffe_LayerParameter) -> (InputShape, batch: Int?) {
    let transform = layer.transformParam
    let batch: UInt32
    var crop = transform.cropSize
    var channels: Int? = transform.meanValue.count > 1 ? transform.meanValue.count : nil
    if transform.forceColor { channels = 3 }
    if transform.forceGray { channels = 1 }
    switch layer.type {
    case "MemoryData":
      let parameter = layer.memoryDataParam
      let axes = [
        parameter.batchSize, parameter.channels, parameter.height, parameter.width,
      ].map { Int($0) }
      return (.known(axes), parameter.hasBatchSize ? axes[0] : nil)
    case "ImageData":
      let parameter = layer.imageDataParam
      batch = parameter.batchSize
      if crop == 0 { crop = parameter.cropSize }
      channels = parameter.isColor ? 3 : 1
      if crop == 0, parameter.newHeight > 0, parameter.newWidth > 0, let channels {
        let shape = [Int(batch), channels, Int(parameter.newHeight), Int(parameter.newWidth)]
        return (.known(shape), Int(batch))
      }
    case "WindowData":
      let parameter = layer.windowDataParam
      batch = parameter.batchSize
      if crop == 0 { crop = parameter.cropSize }
      channels = 3
    default:
      let parameter = layer.dataParam
      batch = parameter.batchSize
      if crop == 0 { crop = parameter.cropSize }
      if parameter.forceEncodedColor { channels = 3 }
    }
    guard batch > 0 else { return (.unknown(reason: "the layer gives no batch_size"), nil) }
    guard crop > 0 else {
      return (
        .unknown(
          reason: "the size of the images stands in the data base, and there is no crop_size"),
        Int(batch)
      )
    }
    let size = Int(crop)
    guard let channels else {
      return (
        .assumed(
          [Int(batch), 3, size, size],
          note: "three channels are assumed, since they stand in the data base only"), Int(batch)
      )
    }
    return (.known([Int(batch), channels, size, size]), Int(batch))
  }
}
