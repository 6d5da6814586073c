import Networks
import Tensors

/// The weights of a convolution as the rows of a product's left matrix, and its bias.
struct PackedPanels {
  /// [group][depth block][row panel][depth ∕ 16][row of the panel][16], filled up with zeros.
  let weights: AlignedBuffer
  /// [group][row]; zeros without a bias.
  let bias: AlignedBuffer

  var byteCount: Int { weights.byteCount + bias.byteCount }

  init(_ source: LayerWeights, plan: PanelPlan) {
    weights = AlignedBuffer(count: plan.weightCount)
    bias = AlignedBuffer(count: plan.groups * plan.rows)
    if let values = source.bias { bias.pointer.update(from: values.pointer, count: bias.count) }
    var target = weights.pointer
    for group in 0..<plan.groups {
      let rows = source.weight.pointer + group * plan.rows * plan.depth
      for block in 0..<plan.depthBlockCount {
        for panel in plan.rowPanels {
          for chunk in plan.chunks(ofBlock: block) {
            let first = chunk * PanelPlan.chunk
            let count = min(PanelPlan.chunk, plan.depth - first)
            for row in Int(panel.first)..<Int(panel.first + panel.width) {
              target.update(from: rows + row * plan.depth + first, count: count)
              target += PanelPlan.chunk
            }
          }
        }
      }
    }
  }
}
