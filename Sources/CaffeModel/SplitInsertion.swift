import Networks
import Tensors

/// A network's layers with a Split behind each blob that several layers read, as Caffe inserts it.
/// - Source: BVLC/caffe, src/caffe/util/insert_splits.cpp.
struct SplitInsertion {
  let layers: [CaffeLog.LogLayer]

  init(_ net: CaffeNetwork, graph: Graph) {
    /// Readers of each value, as (node, bottom).
    var readers: [Graph.ValueID: [(node: Int, bottom: Int)]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for (bottom, value) in node.inputs.enumerated() {
        readers[value, default: []].append((index, bottom))
      }
    }
    var bottoms = graph.nodes.map { node in node.inputs.map { graph.values[$0].blob } }
    /// The split behind a value, which its readers then read instead.
    func split(_ value: Graph.ValueID, of layer: String, top: Int) -> CaffeLog.LogLayer? {
      guard let places = readers[value], places.count > 1 else { return nil }
      let blob = graph.values[value].blob
      let name = "\(blob)_\(layer)_\(top)_split"
      for (index, place) in places.enumerated() {
        bottoms[place.node][place.bottom] = "\(name)_\(index)"
      }
      return CaffeLog.LogLayer(
        name: name, bottoms: [blob],
        tops: places.indices.map { ("\(name)_\($0)", graph.values[value].shape, 0) },
        isLearnt: false)
    }

    var result: [CaffeLog.LogLayer] = []
    if net.inputLayers.isEmpty {
      for (index, value) in graph.inputs.enumerated() {
        if let split = split(value, of: "input", top: index) { result.append(split) }
      }
    }
    func appendInputLayers(before position: Int) {
      for layer in net.inputLayers where layer.position == position {
        let values = layer.blobs.compactMap { blob in
          graph.inputs.first { graph.values[$0].blob == blob }
        }
        result.append(
          CaffeLog.LogLayer(
            name: layer.name, bottoms: [],
            tops: values.map { (graph.values[$0].blob, graph.values[$0].shape, 0) },
            isLearnt: false))
        for (top, value) in values.enumerated() {
          if let split = split(value, of: layer.name, top: top) { result.append(split) }
        }
      }
    }
    for (index, node) in graph.nodes.enumerated() {
      appendInputLayers(before: index)
      let tops = node.outputs.enumerated().map { top, value in
        (
          blob: graph.values[value].blob, shape: graph.values[value].shape,
          lossWeight: top == 0 ? node.layer.spec.weightInLoss ?? 0 : 0
        )
      }
      let splits = node.outputs.enumerated().compactMap { top, value in
        split(value, of: node.layer.name, top: top)
      }
      result.append(
        CaffeLog.LogLayer(
          name: node.layer.name, bottoms: bottoms[index],
          tops: tops,
          isLearnt: graph.weightShapes(of: node) != nil
            && !net.frozenLayers.contains(node.layer.name)))
      result += splits
    }
    appendInputLayers(before: graph.nodes.count)
    layers = result
  }
}
