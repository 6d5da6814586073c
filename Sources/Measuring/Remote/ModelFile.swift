import Files
import Foundation
import Networks
import Results
import Tensors

/// The numbers of a ``ProgramModel``, in a file that goes away with this.
package final class ModelFile {
  package private(set) var model: ProgramModel
  private var offset = 0

  /// Writes the seeded weights and inputs of a workload.
  /// - Parameter graph: of the layer alone, or of the whole net.
  /// - Throws: also that the file cannot be written.
  package init(_ request: WorkloadRequest, graph: Graph) throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-model-\(UUID().uuidString)").path
    model = ProgramModel(
      network: graph.networkName, file: path, weightCopies: 1,
      values: graph.values.map {
        ProgramModel.Value(blob: $0.blob, shape: $0.shape.dimensions)
      }, nodes: [], inputs: graph.inputs, outputs: graph.outputs)
    let file = try WholeFile(path: path, isDurable: false)
    for value in graph.inputs {
      model.values[value].input = try append(
        request.place.input(value, seed: request.seed, of: graph), to: file)
    }
    let source = SeededWeights(seed: request.seed)
    for node in graph.nodes {
      let weights = try source.weights(of: node, in: graph)
      model.nodes.append(
        ProgramModel.Node(
          layer: node.layer.name, kind: node.layer.spec.kind.rawValue, inputs: node.inputs,
          outputs: node.outputs, parameters: node.layer.spec.parameters,
          weight: try weights.map { try append($0.weight, to: file) },
          bias: try weights?.bias.map { try append($0, to: file) }))
    }
    try file.finish()
    guard request.place.cache == .coldWeights else { return }
    model.weightCopies = try ColdRing.count(
      byteCount: graph.nodes.reduce(0) { $0 + graph.cost(of: $1).weightBytes })
  }

  deinit { try? FileManager.default.removeItem(atPath: model.file) }

  private func append(
    _ tensor: Tensor, to file: WholeFile
  ) throws(FilesError) -> ProgramModel.Place {
    let place = ProgramModel.Place(byteOffset: offset, shape: tensor.shape.dimensions)
    try FloatBytes.write(
      UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count), to: file)
    offset += tensor.shape.byteCount
    return place
  }
}
