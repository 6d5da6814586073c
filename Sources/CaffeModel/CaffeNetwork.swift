import Networks
import Tensors

/// A network read from a Caffe description, in any of its three syntaxes.
///
/// Everything that would change the result is either understood or refused: a layer type, a
/// parameter or a value that is not known here is an error that names it, with its line. What only
/// concerns training or the choice of an implementation (fillers, `engine`) is skipped.
/// - Source: BVLC/caffe, src/caffe/proto/caffe.proto and src/caffe/net.cpp.
package struct CaffeNetwork: Sendable {
  /// A layer of the description that became an input of the network: `Input`, or one that reads
  /// data.
  package struct InputLayer: Hashable, Sendable {
    package var name: String
    package var blobs: [String]
    /// Index into the network's layers of the one that follows.
    package var position: Int
  }

  package internal(set) var network: Network
  /// Empty when the description declares its inputs by `input`, as before 2016.
  package internal(set) var inputLayers: [InputLayer] = []
  /// What had to be assumed, one sentence each.
  package internal(set) var notes: [String] = []
  /// The input that each of ``ImportOptions/shapes`` was for.
  package internal(set) var assignedInputs: [String] = []
  /// Layers all of whose parameters have a learning rate of 0.
  package internal(set) var frozenLayers: Set<String> = []
  /// Blobs of losses that name no top; Caffe gives them no name either.
  package internal(set) var automaticBlobs: Set<String> = []
  /// `force_backward`.
  package internal(set) var forcesBackward = false

  /// Reads a description.
  /// - Parameter text: a prototxt.
  /// - Throws: what is wrong, with the line.
  package init(
    prototxt text: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    let tree = try PrototxtScanner.message(of: text)
    try PrototxtChecks.refuseSolver(tree)
    try PrototxtChecks.refuseDuplicates(in: tree)
    try self.init(tree: tree, options: options)
  }

  /// Reads a file, text or binary.
  /// - Throws: ``CaffeModelError/inFile(path:_:)`` with what is wrong; the file can't be read.
  package init(
    contentsOf path: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    try self.init(try ByteSource(path: path), path: path, options: options)
  }

  /// Reads the bytes of a file, text or binary.
  /// - Parameter name: of the file, for errors.
  package init(
    bytes: [UInt8], named name: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    try self.init(ByteSource(bytes: bytes), path: name, options: options)
  }

  private init(
    _ source: ByteSource, path: String, options: ImportOptions
  ) throws(CaffeModelError) {
    do throws(CaffeModelError) {
      if source.looksBinary {
        let tree = try PrototxtScanner.message(of: try BinaryNet.text(of: source))
        do throws(CaffeModelError) {
          try self.init(tree: tree, options: options)
        } catch {
          throw error.withoutLine
        }
      } else {
        try self.init(prototxt: try source.text(limit: PrototxtScanner.byteLimit), options: options)
      }
    } catch {
      throw error.isAboutTheFile ? error : .inFile(path: path, error)
    }
  }

  /// A network that comes from no description, under the name that errors give it.
  ///
  /// Goes through its own description, so that shapes given from outside are checked as a file's.
  package init(
    _ network: Network, named name: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    do throws(CaffeModelError) {
      try self.init(prototxt: CaffeExport.prototxt(of: network), options: options)
    } catch {
      throw .inFile(path: name, error.withoutLine)
    }
    inputLayers = []
  }

  private init(tree: PrototxtMessage, options: ImportOptions) throws(CaffeModelError) {
    var top = tree
    top.fields.removeAll { $0.name == "layer" || $0.name == "layers" }
    let net = try PrototxtChecks.decode(top, as: Caffe_NetParameter.self, layer: "", line: nil)
    var state = options.state
    if net.state.hasLevel { state.level = Int(net.state.level) }
    state.stages.formUnion(net.state.stage)
    var layers: [PrototxtLayer] = []
    let all = try PrototxtUpgrade.layers(of: tree)
    for layer in all where try state.includes(layer) { layers.append(layer) }
    if layers.isEmpty {
      let isFiltered = !all.isEmpty
      throw .noLayers(
        reason: isFiltered
          ? "the rules of the description leave no layer in phase \(state.phase.rawValue)"
          : "the description has no layer")
    }

    network = Network(name: net.name, inputs: [], layers: [])
    forcesBackward = net.forceBackward
    var importer = LayerImporter(phase: state.phase)
    try importer.declare(net, tree: top)
    for layer in layers { try importer.read(layer) }
    let resolved = try importer.resolveInputs(options)
    network.inputs = resolved.inputs
    notes = resolved.notes
    assignedInputs = resolved.assigned
    inputLayers = importer.inputLayers
    frozenLayers = importer.frozenLayers
    (network.layers, automaticBlobs) = try importer.layers(on: network.inputs)
  }
}

/// Reads a Caffe network description as ``CaffeNetwork`` does.
package func network(fromPrototxt text: String) throws(CaffeModelError) -> Network {
  try CaffeNetwork(prototxt: text).network
}

extension CaffeModelError {
  /// Whether the description names the file already.
  fileprivate var isAboutTheFile: Bool {
    switch self {
    case .missing, .unreadable, .inFile: true
    default: false
    }
  }

  /// The same about a binary file, whose lines are those of no file.
  fileprivate var withoutLine: CaffeModelError {
    switch self {
    case .syntax(_, let reason): .damaged(reason: reason)
    case .unsupportedLayerType(let layer, let type, _):
      .unsupportedLayerType(layer: layer, type: type, line: nil)
    case .unsupportedParameter(let layer, let parameter, _):
      .unsupportedParameter(layer: layer, parameter: parameter, line: nil)
    case .invalidValue(let layer, let parameter, let value, _):
      .invalidValue(layer: layer, parameter: parameter, value: value, line: nil)
    case .unusableLayer(let layer, let reason, _):
      .unusableLayer(layer: layer, reason: reason, line: nil)
    case .unusableInput(let reason, _): .unusableInput(reason: reason, line: nil)
    default: self
    }
  }
}

/// Caffe's names of the layer types that can be imported.
let supportedLayerTypes = [
  "Input", "Convolution", "ReLU", "Pooling", "LRN", "InnerProduct", "Dropout", "Softmax",
  "SoftmaxWithLoss", "EuclideanLoss", "Accuracy", "Concat", "Eltwise", "Flatten", "Split", "Power",
  "Sigmoid", "TanH", "Data", "ImageData", "HDF5Data", "MemoryData", "WindowData", "DummyData",
]

extension CaffeNetwork {
  /// Arrays in the order of the network's inputs.
  ///
  /// Precondition: the network was read with ``ImportOptions/givesEveryInput``.
  /// - Parameter arrays: one for each of ``ImportOptions/shapes``, in their order.
  package func ordered(_ arrays: [Tensor]) -> [Tensor] {
    network.inputs.map { input in
      guard let index = assignedInputs.firstIndex(of: input.blob) else {
        preconditionFailure("no array for input '\(input.blob)'")
      }
      return arrays[index]
    }
  }
}
