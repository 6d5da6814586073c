import Networks

/// Geometry and cost of a layer, or with index −1 of the net (`layers.csv`), the same for all
/// backends.
package struct LayerRow: RunFileRow {
  package static var schema: Schema<LayerRow> { .layers }

  package var runID = ""
  package var network = ""
  package var layerIndex = 0
  package var layer = ""
  package var stage = ""
  package var kind = ""
  package var direction = Direction.forward
  package var batch = 0
  package var inputShape = ""
  package var outputShape = ""
  package var problem = ""
  package var multiplyAdds = 0
  package var flops = 0
  package var parameters = 0
  package var inputBytes = 0
  package var outputBytes = 0
  package var weightBytes = 0

  package init() {}

  package init(
    runID: String, network: String, layerIndex: Int, layer: String, stage: String, kind: String,
    batch: Int, inputShape: String, outputShape: String, problem: String, multiplyAdds: Int,
    flops: Int, parameters: Int, inputBytes: Int, outputBytes: Int, weightBytes: Int
  ) {
    self.runID = runID
    self.network = network
    self.layerIndex = layerIndex
    self.layer = layer
    self.stage = stage
    self.kind = kind
    self.batch = batch
    self.inputShape = inputShape
    self.outputShape = outputShape
    self.problem = problem
    self.multiplyAdds = multiplyAdds
    self.flops = flops
    self.parameters = parameters
    self.inputBytes = inputBytes
    self.outputBytes = outputBytes
    self.weightBytes = weightBytes
  }
}

extension Schema where Row == LayerRow {
  /// `layers.csv`: one row per layer and batch, and one for the net; the same for all backends,
  /// so the backend's key columns are empty.
  package static let layers = Schema(
    fileName: "layers.csv",
    keys: {
      Column("run_id", \.runID, isRequired: true)
      Column("network", \.network, isRequired: true)
      Column("layer_index", \.layerIndex, isRequired: true)
      Column("layer", \.layer, isRequired: true)
      Column("stage", \.stage, isRequired: true)
      Column("kind", \.kind, isRequired: true)
      Column("direction", \.direction, isRequired: true)
      Column("batch", \.batch, isRequired: true)
    },
    columns: {
      Column(
        "input_shape", \.inputShape,
        "of the input; of several, separated by spaces; `scalar` for a blob without axes")
      Column("output_shape", \.outputShape, "of the output, likewise")
      Column(
        "problem", \.problem, "kernel, stride, padding, groups, … as `--problem` takes them")
      Column("multiply_adds", \.multiplyAdds, "of the direct algorithm", isRequired: true)
      Column(
        "flops", unit: "FLOP", \.flops,
        "2 × multiply-adds; for other layers operations per output", isRequired: true)
      Column("parameters", \.parameters, "weights and biases")
      Column("input_bytes", unit: "bytes", \.inputBytes, "all inputs", isRequired: true)
      Column("output_bytes", unit: "bytes", \.outputBytes, "all outputs", isRequired: true)
      Column(
        "weight_bytes", unit: "bytes", \.weightBytes, "weights and biases as float32",
        isRequired: true)
    })
}
