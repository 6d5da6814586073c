import Networks
import Tensors

/// What Caffe logs while it sets up a net, without times and places in its source.
///
/// A net that declares its inputs by `input` is logged as by Caffe before 2016, whose inputs are no
/// layers and are not counted as memory; one with input layers as by today's. In-place tops are
/// counted again by both.
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
        let axes = top.shape.dimensions.map { "\($0) " }.joined()
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
