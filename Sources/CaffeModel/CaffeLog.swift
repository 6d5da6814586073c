import Networks
import Tensors

/// What Caffe logs while it sets up a net, without times and places in its source.
///
/// A net that declares its inputs by `input` is logged as by Caffe before 2016, whose inputs are no
/// layers and are not counted as memory; one with input layers as by today's. In-place tops are
/// counted again by both. With `layers` or `input_dim` it is of a time before April 2015, in which
/// every blob had four axes.
/// - Source: BVLC/caffe, src/caffe/net.cpp, `Init`, and src/caffe/util/insert_splits.cpp.
package struct CaffeLog {
  /// A layer as Caffe sees it, with its splits inserted.
  struct LogLayer {
    var name: String
    var bottoms: [String]
    var tops: [(blob: String, shape: Shape, lossWeight: Float)]
    /// Whether a parameter is to be learnt.
    var isLearnt: Bool
  }

  package let lines: [String]

  /// - Throws: shapes that do not fit.
  package init(_ net: CaffeNetwork) throws(CaffeModelError) {
    let graph: Graph
    do {
      graph = try net.network.graph()
    } catch {
      throw .network(error)
    }
    let layers = SplitInsertion(net, graph: graph).layers
    var lines: [String] = []
    var byteCount = 0
    if net.inputLayers.isEmpty {
      for (index, input) in net.network.inputs.enumerated() {
        lines.append("Input \(index) -> \(input.blob)")
      }
      lines.append("Memory required for data: 0")
    }
    var available = Set(net.inputLayers.isEmpty ? net.network.inputs.map(\.blob) : [])
    for layer in layers {
      lines.append("Creating Layer \(layer.name)")
      for bottom in layer.bottoms {
        lines.append("\(layer.name) <- \(bottom)")
        available.remove(bottom)
      }
      for (index, top) in layer.tops.enumerated() {
        let isInPlace = index < layer.bottoms.count && layer.bottoms[index] == top.blob
        let isAutomatic = net.automaticBlobs.contains(top.blob)
        let name = isAutomatic ? "(automatic)" : top.blob
        lines.append("\(layer.name) -> \(name)\(isInPlace ? " (in-place)" : "")")
        if !isAutomatic { available.insert(top.blob) }
      }
      lines.append("Setting up \(layer.name)")
      for top in layer.tops {
        var dimensions = top.shape.dimensions
        if net.hasFourAxes {
          dimensions += Array(repeating: 1, count: max(4 - dimensions.count, 0))
        }
        let axes = dimensions.map { "\($0) " }.joined()
        lines.append("Top shape: \(axes)(\(top.shape.count))")
        if top.lossWeight != 0 {
          lines.append("    with loss weight \(Self.number(top.lossWeight))")
        }
        byteCount += top.shape.byteCount
      }
      lines.append("Memory required for data: \(byteCount)")
    }
    for (layer, needsBackward) in Self.backward(layers, isForced: net.forcesBackward).reversed() {
      lines.append(
        "\(layer.name) \(needsBackward ? "needs" : "does not need") backward computation.")
    }
    for blob in available.sorted() { lines.append("This network produces output \(blob)") }
    lines.append("Network initialization done.")
    self.lines = lines
  }

  /// As a C++ stream writes it.
  private static func number(_ value: Float) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
  }

  /// Which layers compute a gradient: those on a way from something that is learnt to a loss.
  private static func backward(
    _ layers: [LogLayer], isForced: Bool
  ) -> [(LogLayer, Bool)] {
    var needing: Set<String> = []
    var needs: [Bool] = []
    var bottomNeeds: [[Bool]] = []
    for layer in layers {
      bottomNeeds.append(layer.bottoms.map(needing.contains))
      let need = layer.isLearnt || bottomNeeds[bottomNeeds.count - 1].contains(true)
      needs.append(need)
      for top in layer.tops where need { needing.insert(top.blob) }
    }
    var underLoss: Set<String> = []
    var skipped: Set<String> = []
    for (index, layer) in layers.enumerated().reversed() {
      let isUnderLoss = layer.tops.contains {
        $0.lossWeight != 0 || underLoss.contains($0.blob)
      }
      if layer.tops.allSatisfy({ skipped.contains($0.blob) }) {
        if needs[index] { bottomNeeds[index] = layer.bottoms.map { _ in false } }
        needs[index] = false
      }
      if !isUnderLoss { needs[index] = false }
      for (bottom, blob) in layer.bottoms.enumerated() {
        if isUnderLoss { underLoss.insert(blob) } else { bottomNeeds[index][bottom] = false }
        if !bottomNeeds[index][bottom] { skipped.insert(blob) }
      }
    }
    return Array(zip(layers, needs))
  }
}

/// A network's layers with a Split behind each blob that several layers read, as Caffe inserts it.
/// - Source: BVLC/caffe, src/caffe/util/insert_splits.cpp.
private struct SplitInsertion {
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
        split(value, of: node.layer.describedName, top: top)
      }
      result.append(
        CaffeLog.LogLayer(
          name: node.layer.describedName, bottoms: bottoms[index],
          tops: tops,
          isLearnt: graph.weightShapes(of: node) != nil
            && !net.frozenLayers.contains(node.layer.name)))
      result += splits
    }
    appendInputLayers(before: graph.nodes.count)
    layers = result
  }
}
