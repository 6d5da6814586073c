import Networks

/// The key of a workload: the same columns, in the same order, in every file; it joins files and
/// runs. What tuning may change (implementation, tile) is an attribute, not part of the key.
package struct WorkloadKey: FileRow {
  package var runID = ""
  package var network = ""
  package var layerIndex = 0
  package var layer = ""
  package var stage = ""
  package var kind = ""
  package var direction = Direction.forward
  package var backend = ""
  package var isa = ""
  package var threads = 0
  package var batch = 0
  package var pass = Pass.isolated
  package var cache = CacheMode.warm

  package init() {}

  package init(
    runID: String, network: String, layerIndex: Int, layer: String, stage: String, kind: String,
    direction: Direction, backend: String, isa: String, threads: Int, batch: Int, pass: Pass,
    cache: CacheMode
  ) {
    self.runID = runID
    self.network = network
    self.layerIndex = layerIndex
    self.layer = layer
    self.stage = stage
    self.kind = kind
    self.direction = direction
    self.backend = backend
    self.isa = isa
    self.threads = threads
    self.batch = batch
    self.pass = pass
    self.cache = cache
  }

  /// A part of the key that some comparison does not look at.
  package enum Part {
    case run
    /// Position, name and kind.
    case layer
    case stage, backend, isa
  }

  /// The key with blank parts: what workloads have in common that differ in nothing else.
  package func without(_ parts: Part...) -> WorkloadKey {
    var key = self
    for part in parts {
      switch part {
      case .run: key.runID = ""
      case .layer: (key.layerIndex, key.layer, key.kind) = (0, "", "")
      case .stage: key.stage = ""
      case .backend: key.backend = ""
      case .isa: key.isa = ""
      }
    }
    return key
  }

  /// The columns that follow `schema_version` in every file of a run.
  package static let columns = ColumnList<WorkloadKey>.make {
    Column("run_id", \.runID, "the folder's name", isRequired: true)
    Column("network", \.network, "`alexnet`, `caffenet`, …", isRequired: true)
    Column(
      "layer_index", \.layerIndex, "position in the network from 0; −1 for the full net",
      isRequired: true)
    Column(
      "layer", \.layer, "name in the network; `net` for the full net", isRequired: true)
    Column(
      "stage", \.stage,
      """
      the complete convolution layer it belongs to (convolution + ReLU + pooling + normalisation)
      """, isRequired: true)
    Column(
      "kind", \.kind,
      """
      `convolution`, `relu`, `pooling`, `lrn`, `inner_product`, `dropout`, `softmax`, `reorder`, \
      `network`; in `roofs.csv` what a roof bounds
      """, isRequired: true)
    Column(
      "direction", \.direction,
      "`forward` (later also `backward_data`, `backward_weights`, `backward`)", isRequired: true)
    Column("backend", \.backend, "`naive`, `im2col-openblas`, …", isRequired: true)
    Column(
      "isa", \.isa,
      """
      instruction set of our kernels; for a library that of the kernel it reports, or `external`
      """, isRequired: true)
    Column("threads", \.threads, "threads asked for", isRequired: true)
    Column("batch", \.batch, "images per call", isRequired: true)
    Column(
      "pass", \.pass,
      """
      `isolated` (one layer alone), `in-net` (a step inside a full forward), `net` (the full \
      forward alone)
      """, isRequired: true)
    Column(
      "cache", \.cache,
      """
      of a layer alone, what its calls find in the caches: `warm` (all that fits), `cold-weights` \
      (weights come from memory: copies of the layer with weights of their own take turns, together \
      larger than twice the last-level cache), `cold` (inputs and outputs as well: the copies share \
      nothing but scratch memory). Nets are always `warm`: they find what their own layers leave
      """, isRequired: true)
  }
}

/// What is timed.
package enum Pass: String, Sendable, CaseIterable, Codable, FieldValue {
  /// One layer alone.
  case isolated
  /// Each step inside a full forward.
  case inNet = "in-net"
  /// The full forward, without layer timers.
  case net
}

/// What is in the caches when a block starts.
package enum CacheMode: String, Sendable, CaseIterable, Codable, FieldValue {
  case warm
  case coldWeights = "cold-weights"
  case cold
}

/// Outcome of a workload; all but `ok` carry a reason and no time.
package enum Status: String, Sendable, CaseIterable, Codable, FieldValue {
  case ok, failed, mistrusted, skipped, unsupported, unavailable, fused, elided
}
