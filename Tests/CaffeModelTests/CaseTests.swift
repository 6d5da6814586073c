import CaffeModel
import Foundation
import GoldenSupport
import Networks
import Tensors
import Testing

@Suite("Descriptions that people have")
struct CaseTests {
  private func path(_ name: String) -> String {
    Golden.folder.appendingPathComponent("cases/\(name).prototxt").path
  }

  private func read(_ name: String, _ options: ImportOptions = ImportOptions()) throws -> Network {
    try CaffeNetwork(contentsOf: path(name), options: options).network
  }

  private func refusal(
    _ text: String, _ options: ImportOptions = ImportOptions()
  ) throws -> String {
    try #require(throws: CaffeModelError.self) {
      try CaffeNetwork(bytes: Array(text.utf8), named: "net.prototxt", options: options)
    }.description
  }

  // MARK: Names

  @Test("Two layers may have one name: the second gets a number, which no layer has")
  func sharedName() throws {
    let network = try read("same-name")
    #expect(network.layers.map(\.name) == ["conv1", "relu", "conv2", "relu-2"])
    #expect(network.layers.map(\.describedName) == ["conv1", "relu", "conv2", "relu"])
    #expect(try network.graph().node(named: "relu-2") == 3)
    // Written as it was, and read again the same.
    let text = CaffeExport.prototxt(of: network)
    #expect(text.components(separatedBy: #"name: "relu""#).count == 3)
    #expect(!text.contains("relu-2"))
    #expect(try CaffeModel.network(fromPrototxt: text) == network)
  }

  @Test("A number that a layer has in its name is left to that layer")
  func takenNumber() throws {
    func names(_ names: [String]) throws -> [String] {
      let layers = names.map { "layer { name: '\($0)' type: 'ReLU' bottom: 'x' top: 'x' }" }
      return try network(
        fromPrototxt: "input: 'x' input_shape { dim: 1 } " + layers.joined(separator: " ")
      ).layers.map(\.name)
    }
    #expect(try names(["r", "r", "r-2", "r", "r-2"]) == ["r", "r-3", "r-2", "r-4", "r-2-2"])
    #expect(try names(["r-2", "r", "r"]) == ["r-2", "r", "r-3"])
  }

  @Test("Weights go to the first layer of a name, and the last of a name in the file counts")
  func sharedWeights() throws {
    func text(_ outputs: Int...) -> String {
      var text = "input: 'x' input_shape { dim: [1, 3] } "
      for (index, outputs) in outputs.enumerated() {
        text +=
          "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 't\(index)' "
          + "inner_product_param { num_output: \(outputs) bias_term: false } } "
      }
      return text
    }
    let one = try network(fromPrototxt: text(2))
    let two = try network(fromPrototxt: text(2, 2))
    func file(_ seed: UInt64) throws -> [UInt8] {
      let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("shared-\(UUID().uuidString).caffemodel").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      try CaffeExport.writeWeights(of: one, from: SeededWeights(seed: seed), to: path)
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    // Two files one after the other are one message with the layers of both.
    let weights = try CaffeWeights(bytes: try file(1) + file(2), named: "w")
    let (small, graph) = (try one.graph(), try two.graph())
    let want = try SeededWeights(seed: 2).weights(of: small.nodes[0], in: small)
    #expect(
      try weights.weights(of: small.nodes[0], in: small)?.weight.values == want?.weight.values)
    #expect(
      try weights.weights(of: graph.nodes[0], in: graph)?.weight.values == want?.weight.values)
    let error = try #require(throws: NetworkError.self) {
      try weights.weights(of: graph.nodes[1], in: graph)
    }
    #expect(error.description.contains("'ip-2'") && error.description.contains("first of a name"))
    // A file could not tell the two apart.
    let refusal = try #require(throws: CaffeModelError.self) {
      try CaffeExport.writeWeights(of: two, from: SeededWeights(seed: 1), to: "/dev/null")
    }
    #expect(refusal.description.contains("different names"))
    // Layers without weights do not mind.
    let shared = try read("same-name")
    let graphOfShared = try shared.graph()
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("shared-\(UUID().uuidString).caffemodel").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try CaffeExport.writeWeights(of: shared, from: SeededWeights(seed: 1), to: path)
    let copy = try CaffeWeights(contentsOf: path)
    try copy.validate(for: graphOfShared)
    #expect(try CaffeNetwork(contentsOf: path).network == shared)
    let net = try CaffeNetwork(contentsOf: self.path("same-name"))
    #expect(
      copy.matches(in: net).filter(\.isCopied).map(\.layer) == shared.layers.map(\.describedName))
  }

  @Test("Caffe's log has the names of the description")
  func sharedNameInLog() throws {
    let lines = try CaffeLog(CaffeNetwork(contentsOf: path("same-name"))).lines
    #expect(lines.filter { $0 == "Creating Layer relu" }.count == 2)
  }

  // MARK: Fields

  @Test("'engine' is ignored with any value in any place")
  func engine() throws {
    let network = try read("engine")
    #expect(network.layers.map(\.name) == ["conv1", "relu1"])
    #expect(try network.graph().values.last?.shape == Shape([1, 8, 14, 14]))
    for value in [
      "engine: CAFFE", "engine: 7", "engine: 'MKL2017:MKLDNN'", "engine { a: 1 }",
      "engine: A engine: B",
    ] {
      for text in [
        "\(value) layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }",
        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' \(value) }",
        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' relu_param { \(value) } }",
        "layers { name: 'r' type: RELU bottom: 'x' top: 'r' \(value) }",
        "layers { layer { name: 'r' type: 'relu' \(value) } bottom: 'x' top: 'r' \(value) }",
      ] {
        let read = try CaffeModel.network(fromPrototxt: "input: 'x' input_shape { dim: 1 } " + text)
        #expect(read.layers.map(\.name) == ["r"], "\(text)")
      }
    }
  }

  @Test("Of a layer that is not supported its type is named, not one of its fields")
  func slice() throws {
    #expect(
      throws: CaffeModelError.inFile(
        path: path("slice"), .unsupportedLayerType(layer: "cut", type: "Slice", line: 3))
    ) { try read("slice") }
  }

  @Test("Windows: larger than the input, and rounded down")
  func windows() throws {
    #expect(try read("pool-larger").graph().values.last?.shape == Shape([1, 4, 1, 1]))
    let floor = try read("floor")
    #expect(try floor.graph().values.last?.shape == Shape([1, 4, 2, 3]))
    let text = CaffeExport.prototxt(of: floor)
    #expect(text.contains("round_mode: FLOOR"))
    #expect(try network(fromPrototxt: text) == floor)
    #expect(try floor.graph().table[2].contains("3x3 s2 max floor"))
    #expect(
      try floor.graph().nodes[0].layer.spec != read("pool-larger").graph().nodes[0].layer.spec)
  }

  // MARK: Rules

  @Test("A blob that a rule leaves out: its layer, the rule, and the option that asks for it")
  func stage() throws {
    let error = try #require(throws: CaffeModelError.self) { try read("stage") }.description
    for words in [
      "line 3", "'conv1'", "blob 'data'", "layer 'data'", #"include { stage: "deploy" }"#,
      "ask for it with --stage deploy",
    ] { #expect(error.contains(words), "\(error)") }
    let options = ImportOptions(state: NetState(stages: ["deploy"]))
    #expect(try read("stage", options).layers.count == 1)
  }

  @Test(
    "The option that is named is the one that helps",
    arguments: [
      ("include { phase: TRAIN }", "--phase TRAIN"), ("exclude { phase: TEST }", "--phase TRAIN"),
      ("include { min_level: 3 }", "--level 3"), ("include { max_level: -2 }", "--level -2"),
      ("exclude { min_level: -1 }", "--level -2"),
      ("include { stage: 'a b' stage: 'c' }", "--stage 'a b' --stage c"),
      ("exclude { not_stage: 'd' }", "--stage d"),
      ("include { phase: TRAIN stage: 'a' } include { stage: 'b' }", "--phase TRAIN --stage a"),
      ("exclude {}", nil), ("include { stage: 'e' not_stage: 'e' }", nil),
    ] as [(String, String?)])
  func advice(rules: String, option: String?) throws {
    let text = """
      layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 1 } } \(rules) }
      layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }
      """
    let error = try refusal(text)
    #expect(error.contains("layer 'd'"), "\(error)")
    guard let option else {
      #expect(!error.contains("--"), "\(error)")
      return
    }
    #expect(error.hasSuffix("ask for it with \(option)"), "\(error)")
    // The same for a net of which nothing is left.
    let nothing = try refusal(
      "input: 'x' input_shape { dim: 1 } layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' \(rules) }"
    )
    #expect(nothing.hasSuffix("ask for it with \(option)"), "\(nothing)")
  }

  @Test("A stage that no rule names is noted")
  func unknownStage() throws {
    let net = try CaffeNetwork(
      contentsOf: path("stage"),
      options: ImportOptions(state: NetState(stages: ["deploy", "depoly"])))
    #expect(net.notes.count == 1)
    #expect(net.notes[0].contains("'depoly'") && net.notes[0].contains("'deploy'"))
  }

  // MARK: Sizes

  /// The shapes in an error's advice.
  private func advisedShapes(_ error: String) throws -> [GivenShape] {
    let advice = try #require(error.components(separatedBy: "for example ").last)
    let words = advice.split(separator: " ").filter { $0 != "--shape" }
    return try words.map { word in
      let parts = word.split(separator: "=")
      let axes = parts[1].split(separator: ",").compactMap { Int($0) }
      return GivenShape(blob: String(try #require(parts.first)), shape: Shape(axes))
    }
  }

  @Test("The shape that is advised for an unknown one works, with the description's own batch")
  func unknownSize() throws {
    let error = try #require(throws: CaffeModelError.self) { try read("no-crop") }.description
    #expect(error.contains("--shape data=100,3,227,227"), "\(error)")
    let network = try read("no-crop", ImportOptions(shapes: try advisedShapes(error)))
    #expect(network.inputs.map(\.shape) == [Shape([100, 3, 227, 227]), Shape([100])])
    // As many labels as images.
    let few = [GivenShape(blob: "data", shape: Shape([7, 3, 32, 32]))]
    #expect(try read("no-crop", ImportOptions(shapes: few)).inputs.last?.shape == Shape([7]))
  }

  @Test(
    "The example fits the net",
    arguments: [
      // A net that takes one channel, or a certain size, or two inputs.
      """
      layer { name: 'd' type: 'Input' top: 'x' }
      layer { name: 'p' type: 'Input' top: 'y' input_param { shape { dim: [10, 1, 32, 32] } } }
      layer { name: 'e' type: 'Eltwise' bottom: 'x' bottom: 'y' top: 'e' }
      """,
      """
      layer { name: 'd' type: 'HDF5Data' top: 'x' top: 'y' hdf5_data_param { batch_size: 4 } }
      layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'i' inner_product_param { num_output: 9 } }
      layer { name: 'e' type: 'SoftmaxWithLoss' bottom: 'i' bottom: 'y' top: 'e' }
      """,
      """
      layer { name: 'd' type: 'HDF5Data' top: 'x' top: 'y' hdf5_data_param { batch_size: 4 } }
      layer { name: 'e' type: 'EuclideanLoss' bottom: 'x' bottom: 'y' top: 'e' }
      """,
      "input: 'a,b c' layer { name: 'r' type: 'ReLU' bottom: 'a,b c' top: 'r' }",
    ])
  func exampleFits(text: String) throws {
    let error = try refusal(text)
    var shapes = try advisedShapes(
      error.replacing("'a,b c=", with: "quoted=").replacing("227'", with: "227"))
    for index in shapes.indices where shapes[index].blob == "quoted" {
      shapes[index].blob = "a,b c"
    }
    #expect(
      try CaffeNetwork(prototxt: text, options: ImportOptions(shapes: shapes)).network.layers.count
        >= 1)
  }

  @Test("Where no usual size fits, none is promised")
  func nothingFits() throws {
    let error = try refusal(
      "layer { name: 'd' type: 'Input' top: 'x' } "
        + "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { group: 7 "
        + "num_output: 7 kernel_size: 1 } }")
    #expect(error.hasSuffix("give it with --shape x=N,C,H,W"), "\(error)")
  }

  // MARK: Text

  @Test(
    "A byte order mark, Latin-1 and form feeds are read", arguments: ["bom", "latin1", "formfeed"])
  func text(name: String) throws {
    #expect(try read(name) == read("small"))
  }

  @Test("The line that is named is the right one, whatever stands before it")
  func line() throws {
    let head: [UInt8] =
      [0xef, 0xbb, 0xbf] + Array("# K".utf8) + [0xf6, 0x01] + Array("\n\u{c}\u{b}\r\n".utf8)
    let bytes = head + Array("layer { name: 'r' type: 'ReLU'\r\n  bottom: 'x' top: 'r' }".utf8)
    let error = try #require(throws: CaffeModelError.self) {
      try CaffeNetwork(bytes: bytes, named: "net")
    }
    #expect(error.description.contains("line 4: layer 'r': reads blob 'x'"), "\(error)")
    let mark = try #require(throws: CaffeModelError.self) {
      try CaffeNetwork(bytes: Array("name: 'n'\n\n".utf8) + [0xa7], named: "net")
    }
    #expect(mark.description == "'net' line 3: the byte 0xA7 is not expected here")
  }

  @Test("Names are bytes to Caffe: those that are no UTF-8 stay apart")
  func names() throws {
    func name(_ byte: UInt8) -> [UInt8] { [UInt8(ascii: "'"), byte, UInt8(ascii: "'")] }
    let bytes =
      Array(
        "input: 'x' input_shape { dim: 1 } layer { type: 'ReLU' bottom: 'x' top: 'a' name: ".utf8)
      + name(0xe4) + Array(" } layer { type: 'ReLU' bottom: 'x' top: 'b' name: ".utf8) + name(0xf6)
      + Array(" }".utf8)
    #expect(
      try CaffeNetwork(bytes: bytes, named: "net").network.layers.map(\.name) == ["ä", "ö"])
  }

  // MARK: Other files

  static let otherFiles: [(words: String, bytes: [UInt8])] = [
    ("empty file", []), ("PNG image", [0x89] + Array("PNG\r\n\u{1a}\n".utf8)),
    ("JPEG image", [0xff, 0xd8, 0xff, 0xe0]), ("GIF image", Array("GIF89a".utf8)),
    ("PPM image", Array("P6\n2 2\n255\n".utf8)), ("gzip", [0x1f, 0x8b, 8, 0]),
    ("zip", Array("PK\u{3}\u{4}".utf8)), ("HDF5", [0x89] + Array("HDF\r\n\u{1a}\n".utf8)),
    ("LMDB", [UInt8](repeating: 0, count: 16) + [0xde, 0xc0, 0xef, 0xbe, 1, 0]),
    ("NumPy", [0x93] + Array("NUMPY\u{1}".utf8)), ("pickle", [0x80, 0x02, 0x7d]),
    ("JSON", Array(" {\"layers\": []}".utf8)), ("JSON", Array("[1, 2]".utf8)),
    ("Darknet", Array("[net]\nbatch=1\n".utf8)),
    ("HTML", Array("\n<!DOCTYPE html>\n<html><head>".utf8)),
    ("XML", Array("<?xml version='1.0'?>".utf8)),
    ("Git LFS", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)),
    ("UTF-16", [0xff, 0xfe] + Array("n\0a\0m\0e\0".utf8)),
    ("solver", Array("net: 'x.prototxt' base_lr: 0.1".utf8)),
    ("map of labels", Array("item { id: 1 name: 'cat' }".utf8)),
    ("TensorFlow", Array("node { name: 'x' op: 'Placeholder' }".utf8)),
    ("TensorFlow", [0x0a, 6, 0x0a, 1, 0x78, 0x12, 1, 0x41]),
    ("ONNX", [0x08, 7, 0x12, 1, 0x78, 0x3a, 2, 0x0a, 0]),
    ("binaryproto", [0x08, 1, 0x10, 3, 0x18, 1, 0x20, 1, 0x2a, 4, 0, 0, 0, 0]),
    ("binaryproto", [0x3a, 3, 0x0a, 1, 1, 0x2a, 4, 0, 0, 0, 0]),
    ("Datum", [0x08, 1, 0x10, 1, 0x18, 1, 0x22, 1, 9]),
    ("solverstate", [0x08, 100, 0x12, 1, 0x78, 0x1a, 0]),
  ]

  @Test("A file that is no net is told what it is", arguments: otherFiles)
  func otherFile(words: String, bytes: [UInt8]) throws {
    let error = try #require(throws: CaffeModelError.self) {
      try CaffeNetwork(bytes: bytes, named: "file")
    }
    #expect(error.description.hasPrefix("'file': this is "), "\(error)")
    #expect(error.description.contains(words), "\(error)")
    #expect(error.description.contains("not the description of a net"), "\(error)")
    if words == "binaryproto" { return }
    let mean = try #require(throws: CaffeModelError.self) { try CaffeMean.read(bytes, named: "m") }
    let weights = try #require(throws: CaffeModelError.self) {
      try CaffeWeights(bytes: bytes, named: "w")
    }
    if words == "solver" || words == "map of labels" || words == "TensorFlow" && bytes[0] != 0x0a {
      #expect(weights.description.contains("text") && mean.description.contains("text"))
    } else {
      #expect(weights.description.contains(words), "\(weights)")
      #expect(mean.description.contains(words), "\(mean)")
    }
  }

  @Test("Folders are told from databases")
  func folders() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("folder-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func refusal() throws -> String {
      try #require(throws: CaffeModelError.self) { try CaffeNetwork(contentsOf: folder) }
        .description
    }
    #expect(try refusal().hasSuffix("it is a folder"))
    try Data().write(to: URL(fileURLWithPath: folder + "/data.mdb"))
    #expect(try refusal().contains("LMDB"))
  }

  // MARK: Log

  @Test("The log of a legacy net has four axes for every blob; of today's the axes that there are")
  func legacyLog() throws {
    let layers = """
      layers { name: 'ip' type: INNER_PRODUCT bottom: 'data' top: 'ip'
        inner_product_param { num_output: 5 } }
      layers { name: 'loss' type: SOFTMAX_LOSS bottom: 'ip' bottom: 'label' top: 'loss' }
      """
    func shapes(_ text: String) throws -> [String] {
      try CaffeLog(CaffeNetwork(prototxt: text)).lines.filter { $0.hasPrefix("Top shape") }
    }
    let data = """
      layers { name: 'd' type: MEMORY_DATA top: 'data' top: 'label'
        memory_data_param { batch_size: 2 channels: 3 height: 1 width: 1 } }
      """
    #expect(
      try shapes(data + layers) == [
        "Top shape: 2 3 1 1 (6)", "Top shape: 2 1 1 1 (2)", "Top shape: 2 5 1 1 (10)",
        "Top shape: 1 1 1 1 (1)",
      ])
    let ip =
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip' "
      + "inner_product_param { num_output: 5 } }"
    #expect(
      try shapes("input: 'x' input_dim: 2 input_dim: 3 input_dim: 1 input_dim: 1 " + ip)
        == ["Top shape: 2 5 1 1 (10)"])
    #expect(
      try shapes("input: 'x' input_shape { dim: [2, 3, 1, 1] } " + ip) == ["Top shape: 2 5 (10)"])
  }
}
