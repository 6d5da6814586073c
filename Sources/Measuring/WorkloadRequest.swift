import Execution
import Networks
import Results

/// A CBLAS library that the user adds as backend `im2col-NAME`.
public struct CustomBLAS: Codable, Hashable, Sendable {
  public var name: String
  public var path: String
  public init(name: String, path: String) {
    self.name = name
    self.path = path
  }
}

/// Everything that a process needs to know to prepare one workload: a layer or a whole net on one
/// backend.
///
/// Codable, since the worker protocol sends it; a worker makes the same weights and inputs from
/// the seed.
public struct WorkloadRequest: Codable, Hashable, Sendable {
  /// Name in the catalog of networks, or of a file; ignored when ``problem`` is there.
  public var network: String
  /// One convolution in the letters of ``Problem``.
  public var problem: String?
  /// Layer name; nil for the whole net.
  public var layer: String?
  public var backend: String
  /// Instruction set of our own kernels.
  public var isa: String
  public var threads: Int
  /// CPUs to run on, in order of preference.
  public var cpus: [Int]
  public var batch: Int
  public var seed: UInt64
  public var pass: Pass
  public var cache: CacheMode
  public var direction: String
  public var customBLAS: [CustomBLAS]
  /// Whether the cost of converting to and from row-major order is wanted.
  public var measuresReorders: Bool
  /// Tiles by layer, fixed by the user or chosen before; the backend chooses the others.
  public var tiles: [String: String]
  /// The tile of every layer that ``tiles`` does not name; nil to choose.
  public var tile: String?
  /// For a program that knows neither the networks nor the generator: the graph with its numbers.
  public var model: ProgramModel?

  public init(
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
  public func resolveGraph() throws -> Graph {
    if let problem { return try Problem(problem).network.graph(batch: batch) }
    if let network = try NetworkCatalog.resolve(network) { return try network.graph(batch: batch) }
    let known = NetworkCatalog.entries.map(\.name)
    try NameSuggestion.resolve([network], what: "network", known: known)
    throw MeasuringError.usage("no network '\(network)'")
  }
}
