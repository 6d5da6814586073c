import Execution
import Networks
import Results

/// A CBLAS library that the user adds as backend `im2col-NAME`.
package struct CustomBLAS: Codable, Hashable, Sendable {
  package var name: String
  package var path: String
  package init(name: String, path: String) {
    self.name = name
    self.path = path
  }
}

/// Everything that a process needs to know to prepare one workload: a layer or a whole net on one
/// backend.
///
/// Codable, since the worker protocol sends it; a worker makes the same weights and inputs from
/// the seed.
package struct WorkloadRequest: Codable, Hashable, Sendable {
  /// Name in the catalog of networks, or of a file; ignored when ``problem`` is there.
  package var network: String
  /// One convolution in the letters of ``Problem``.
  package var problem: String?
  /// Layer name; nil for the whole net.
  package var layer: String?
  package var backend: String
  /// Instruction set of our own kernels.
  package var isa: String
  package var threads: Int
  /// CPUs to run on, in order of preference.
  package var cpus: [Int]
  package var batch: Int
  package var seed: UInt64
  package var pass: Pass
  package var cache: CacheMode
  package var direction: String
  package var customBLAS: [CustomBLAS]
  /// Whether the cost of converting to and from row-major order is wanted.
  package var measuresReorders: Bool
  /// Tiles by layer, fixed by the user or chosen before; the backend chooses the others.
  package var tiles: [String: String]
  /// The tile of every layer that ``tiles`` does not name; nil to choose.
  package var tile: String?
  /// For a program that knows neither the networks nor the generator: the graph with its numbers.
  package var model: ProgramModel?

  package init(
    network: String, problem: String? = nil, layer: String?, backend: String, isa: String,
    threads: Int = 1, cpus: [Int] = [], batch: Int = 1, seed: UInt64 = 1, pass: Pass,
    cache: CacheMode = .warm, direction: String = Direction.forward.rawValue,
    customBLAS: [CustomBLAS] = [], measuresReorders: Bool = false, tiles: [String: String] = [:],
    tile: String? = nil
  ) {
    self.network = network
    self.problem = problem
    self.layer = layer
    self.backend = backend
    self.isa = isa
    self.threads = threads
    self.cpus = cpus
    self.batch = batch
    self.seed = seed
    self.pass = pass
    self.cache = cache
    self.direction = direction
    self.customBLAS = customBLAS
    self.measuresReorders = measuresReorders
    self.tiles = tiles
    self.tile = tile
  }

  /// The graph of the whole network at this batch size.
  /// - Throws: an unknown network or an impossible problem or batch.
  package func resolveGraph() throws -> Graph {
    if let problem { return try Problem(problem).network.graph(batch: batch) }
    if let network = try NetworkCatalog.resolve(network) { return try network.graph(batch: batch) }
    let known = NetworkCatalog.entries.map(\.name)
    try NameSuggestion.resolve([network], what: "network", known: known)
    throw MeasuringError.usage("no network '\(network)'")
  }
}
