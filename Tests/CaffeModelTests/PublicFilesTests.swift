import CaffeModel
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Public descriptions of BVLC/caffe")
struct PublicFilesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    /// Layers that compute, and shapes of the outputs at the file's own batch.
    var layerCount: Int
    var outputs: [String: Shape]
    /// Where the file does not tell it.
    var data: Shape?
    var testDescription: String { file }
  }

  static let cases: [Case] = [
    Case(file: "bvlc_alexnet_deploy", layerCount: 23, outputs: ["prob": Shape([10, 1000])]),
    Case(
      file: "bvlc_reference_caffenet_deploy", layerCount: 23, outputs: ["prob": Shape([10, 1000])]),
    Case(file: "bvlc_googlenet_deploy", layerCount: 142, outputs: ["prob": Shape([10, 1000])]),
    Case(file: "lenet", layerCount: 8, outputs: ["prob": Shape([64, 10])]),
    Case(file: "cifar10_quick", layerCount: 12, outputs: ["prob": Shape([1, 10])]),
    Case(file: "cifar10_full", layerCount: 13, outputs: ["prob": Shape([1, 10])]),
    Case(
      file: "bvlc_alexnet_train_val", layerCount: 24,
      outputs: ["accuracy": .scalar, "loss": .scalar]),
    Case(
      file: "bvlc_reference_caffenet_train_val", layerCount: 24,
      outputs: ["accuracy": .scalar, "loss": .scalar]),
    Case(
      file: "bvlc_googlenet_train_val", layerCount: 164,
      outputs: [
        "loss1/loss1": .scalar, "loss1/top-1": .scalar, "loss1/top-5": .scalar,
        "loss2/loss2": .scalar, "loss2/top-1": .scalar, "loss2/top-5": .scalar,
        "loss3/loss3": .scalar, "loss3/top-1": .scalar, "loss3/top-5": .scalar,
      ]),
    Case(
      file: "lenet_train_test", layerCount: 9, outputs: ["accuracy": .scalar, "loss": .scalar],
      data: Shape([100, 1, 28, 28])),
  ]

  private func text(_ file: String) throws -> String {
    try Golden.text("prototxt/\(file).prototxt")
  }

  @Test("Every one is read", arguments: cases)
  func reads(file: Case) throws {
    let shapes = file.data.map { [GivenShape(blob: "data", shape: $0)] } ?? []
    let net = try CaffeNetwork(
      prototxt: text(file.file), options: ImportOptions(shapes: shapes))
    let graph = try net.network.graph()
    #expect(graph.nodes.count == file.layerCount)
    let outputs = graph.outputs.map { (graph.values[$0].blob, graph.values[$0].shape) }
    #expect(Dictionary(outputs) { $1 } == file.outputs)
  }

  @Test("train_val files have inputs in place of data, of the sizes that the file tells")
  func replacesData() throws {
    let net = try CaffeNetwork(prototxt: text("bvlc_googlenet_train_val"))
    #expect(
      net.network.inputs == [
        .init(blob: "data", shape: Shape([50, 3, 224, 224])),
        .init(blob: "label", shape: Shape([50])),
      ])
    #expect(net.notes.isEmpty)
    let training = try CaffeNetwork(
      prototxt: text("bvlc_googlenet_train_val"),
      options: ImportOptions(state: NetState(phase: .train)))
    #expect(training.network.inputs[0].shape.n == 32)
    #expect(!training.network.layers.contains { $0.spec.kind == .accuracy })
    // A mean in a file does not tell how many channels there are.
    let assumed = try CaffeNetwork(prototxt: text("bvlc_reference_caffenet_train_val"))
    #expect(assumed.network.inputs[0].shape == Shape([50, 3, 227, 227]))
    #expect(assumed.notes.count == 1)
  }

  @Test("Binary files are descriptions too, today's and V1")
  func readsBinary() throws {
    let folder = Golden.folder.path + "/mini-caffenet/"
    let training = try network(fromPrototxt: Golden.text("mini-caffenet/train.prototxt"))
    let today = try CaffeNetwork(
      contentsOf: folder + "weights.caffemodel", options: ImportOptions(batch: 10)
    ).network
    #expect(today.layers == training.layers)
    #expect(today.inputs == training.inputs)
    let sizes = [
      GivenShape(blob: "data", shape: Shape([2, 3, 227, 227])),
      GivenShape(blob: "label", shape: Shape([2])),
    ]
    let legacy = try CaffeNetwork(
      contentsOf: folder + "weights_v1.caffemodel", options: ImportOptions(shapes: sizes)
    ).network
    #expect(legacy.layers.map(\.name) == training.layers.map(\.name))
    #expect(legacy.layers.map(\.spec) == training.layers.map(\.spec))
  }

  @Test("A size that stands in the data only is asked for")
  func asksForSize() throws {
    let error = try #require(throws: CaffeModelError.self) {
      try CaffeNetwork(prototxt: text("lenet_train_test"))
    }
    #expect(error.description.contains("'data'"))
    #expect(error.description.contains("--shape data="))
  }

  @Test(
    "Solvers are refused as such", arguments: ["lenet_solver", "bvlc_reference_caffenet_solver"])
  func refusesSolvers(file: String) throws {
    let error = try #require(throws: CaffeModelError.self) { try network(fromPrototxt: text(file)) }
    #expect(error.description.contains("solver"))
    #expect(error.description.contains(".prototxt'"), "names the net")
  }
}
