import CaffeModel
import Networks
import Tensors
import Testing

@Suite("Layers that read data")
struct DataLayerTests {
  private func inputs(_ layer: String, _ given: [GivenShape] = []) throws -> [Shape] {
    let relu = "layer { name: 'r' type: 'ReLU' bottom: 'a' top: 'r' }"
    return try CaffeNetwork(
      prototxt: "layer { name: 'd' top: 'a' \(layer) } \(relu)",
      options: ImportOptions(shapes: given)
    ).network.inputs.map(\.shape)
  }

  @Test(
    "Shapes are taken from what the layer tells",
    arguments: [
      (
        "type: 'Data' top: 'b' data_param { batch_size: 5 } transform_param { crop_size: 8 "
          + "mean_value: 1 mean_value: 2 mean_value: 3 mean_value: 4 }", [[5, 4, 8, 8], [5]]
      ),
      (
        "type: 'Data' data_param { batch_size: 5 crop_size: 9 } transform_param { force_gray: true }",
        [[5, 1, 9, 9]]
      ),
      (
        "type: 'ImageData' top: 'b' image_data_param { batch_size: 2 new_height: 6 new_width: 7 }",
        [[2, 3, 6, 7], [2]]
      ),
      (
        "type: 'ImageData' image_data_param { batch_size: 2 is_color: false new_height: 6 "
          + "new_width: 7 } transform_param { crop_size: 4 }", [[2, 1, 4, 4]]
      ),
      (
        "type: 'MemoryData' top: 'b' memory_data_param { batch_size: 2 channels: 3 height: 4 "
          + "width: 5 }", [[2, 3, 4, 5], [2]]
      ),
      (
        "type: 'WindowData' top: 'b' window_data_param { batch_size: 2 crop_size: 6 "
          + "fg_threshold: 0.5 }", [[2, 3, 6, 6], [2]]
      ),
      (
        "type: 'DummyData' top: 'b' dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 } "
          + "data_filler { type: 'constant' } }", [[2, 3], [2]]
      ),
      (
        "type: 'DummyData' top: 'b' dummy_data_param { num: 2 num: 7 channels: 3 height: 1 "
          + "width: 1 width: 4 }", [[2, 3, 1, 1], [7, 3, 1, 4]]
      ),
    ])
  func shapes(layer: String, wanted: [[Int]]) throws {
    #expect(try inputs(layer).map(\.dimensions) == wanted)
  }

  @Test(
    "Shapes that it does not tell must be given, and can be",
    arguments: [
      "type: 'Data' data_param { batch_size: 5 }",
      "type: 'HDF5Data' hdf5_data_param { batch_size: 5 }",
      "type: 'ImageData' image_data_param { batch_size: 5 }", "type: 'Input'",
      "type: 'WindowData' window_data_param { batch_size: 5 }", "type: 'Data'",
    ])
  func unknownShapes(layer: String) throws {
    let error = try #require(throws: CaffeModelError.self) { try inputs(layer) }
    #expect(error.description.contains("--shape a="), "\(error)")
    #expect(error.description.contains("line 1"), "\(error)")
    let given = GivenShape(shape: Shape([1, 2, 3, 4]))
    #expect(try inputs(layer, [given]) == [Shape([1, 2, 3, 4])])
  }

  @Test("A shape for an input that is not there, or two for one, is refused")
  func assignment() {
    let layer = "type: 'Input' input_param { shape { dim: 1 } }"
    let shape = Shape([1])
    for given in [
      [GivenShape(blob: "b", shape: shape)], [GivenShape(shape: shape), GivenShape(shape: shape)],
      [GivenShape(blob: "a", shape: shape), GivenShape(blob: "a", shape: shape)],
    ] {
      #expect(throws: CaffeModelError.self) { try inputs(layer, given) }
    }
  }

  @Test("Unnamed shapes go to the inputs that no named one is for, in order")
  func order() throws {
    let net = try CaffeNetwork(
      prototxt: """
        layer { name: 'd' type: 'Input' top: 'a' top: 'b' }
        layer { name: 'e' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'e' }
        """,
      options: ImportOptions(shapes: [
        GivenShape(shape: Shape([2, 3])), GivenShape(blob: "a", shape: Shape([2, 3, 1])),
      ]))
    #expect(net.assignedInputs == ["b", "a"])
    #expect(net.network.inputs.map(\.shape) == [Shape([2, 3, 1]), Shape([2, 3])])
  }
}
