import KernelInterface
import Networks
import Tensors

/// How the graph's own inputs and outputs lie in memory.
public enum Boundary: Sendable {
  /// Row-major, as the network's user has them: the net passes.
  case nchw
  /// In the backend's own layout, without reorders: a layer measured alone.
  case native
}

/// Everything a backend needs to know besides the graph and the weights.
public struct CompileOptions {
  /// The kernels of the instruction set in use.
  public var kernels: KernelTable
  /// Runs own kernels; its thread count also goes to a library's own setter.
  public var pool: ThreadPool
  public var boundary: Boundary
  /// Every layer a step of its own, so that every blob can be looked at; no fusion.
  public var keepsAllBlobs: Bool
  /// Weights are expected to arrive from memory, as in a net, rather than from a cache.
  public var expectsColdWeights: Bool
  /// Tiles fixed or chosen before, and where choices are kept; nil to choose by counting
  /// operations, without measuring.
  public var tiles: TilePlan?

  public init(
    kernels: KernelTable, pool: ThreadPool, boundary: Boundary, keepsAllBlobs: Bool = false,
    expectsColdWeights: Bool = false, tiles: TilePlan? = nil
  ) {
    self.kernels = kernels
    self.pool = pool
    self.boundary = boundary
    self.keepsAllBlobs = keepsAllBlobs
    self.expectsColdWeights = expectsColdWeights
    self.tiles = tiles
  }
}

/// Why a backend can't run here, and what to do about it.
public struct Unavailability: Error, Hashable, Sendable, CustomStringConvertible {
  /// For example "libblis.so.4 cannot be opened".
  public var reason: String
  /// For example "apt-get install libblis4-openmp".
  public var hint: String
  public init(reason: String, hint: String) {
    self.reason = reason
    self.hint = hint
  }
  public var description: String { hint.isEmpty ? reason : "\(reason); \(hint)" }
}

/// A library opened at run time, for the record of a run.
public struct LoadedLibrary: Hashable, Sendable {
  public var name: String
  /// The file that was really loaded.
  public var path: String
  /// Empty when the library does not tell.
  public var version: String
  /// The kernel that it chose on this processor; empty when it does not tell.
  public var kernel: String
  public init(name: String, path: String, version: String, kernel: String) {
    self.name = name
    self.path = path
    self.version = version
    self.kernel = kernel
  }
}

/// Why a graph could not be compiled.
public enum BackendError: Error, Equatable, CustomStringConvertible {
  /// The backend refuses a layer.
  case unsupported(layer: String, reason: String)
  case unavailable(Unavailability)
  case network(NetworkError)

  public var description: String {
    switch self {
    case .unsupported(let layer, let reason): "layer '\(layer)' is not supported: \(reason)"
    case .unavailable(let unavailability): unavailability.description
    case .network(let error): error.description
    }
  }
}

/// Which threads a backend's steps use; says whom the harness may pin.
public enum Threading: Sendable {
  /// One thread by definition, whatever is asked for.
  case single
  /// The pool of ``CompileOptions/pool``, whose caller may be pinned.
  case pool
  /// The library's own threads, which would inherit a pinned caller's mask.
  case library
}

/// A way to compute a network.
///
/// A backend turns a graph – one layer or a whole net – into steps. Everything that is not the
/// computation itself (packing, transforming weights, choosing tiles) happens in `compile`.
public protocol Backend: Sendable {
  /// Name in the `backend` column, for example `im2col-openblas`.
  var name: String { get }
  /// One line for `alexbench list backends`.
  var summary: String { get }
  var threading: Threading { get }
  /// Nil when the backend can run here; of one that needs a plan, what it is without.
  var unavailability: Unavailability? { get }
  /// It computes whole nets as ``CompileOptions/tiles`` says, layer by layer, and nothing without.
  var needsPlan: Bool { get }
  /// The least precise numbers that it keeps weights in. One that is not single is measured where it is
  /// named.
  var precision: Precision { get }
  /// Directions of the nodes that it compiles.
  var directions: Set<Direction> { get }
  /// Which threads its steps use with these tiles by layer.
  func threading(tiles: [String: String]) -> Threading
  /// Threads that compute when so many are asked for: a library may have a limit of its own.
  /// Call it on the thread that computes.
  func threadCount(askedFor count: Int) -> Int
  /// What a reader of the numbers must know, for example that a library chose lesser code than
  /// the processor offers.
  var warnings: [BackendWarning] { get }
  /// The library that does the work, loaded; nil for own kernels and when it is not available.
  var library: LoadedLibrary? { get }
  /// The program that computes for it in another process; nil for what runs in this one. A backend
  /// with a program refuses to compile.
  var program: ExternalProgram? { get }
  /// The `isa` column of its rows: `kernels.isaName` for own kernels, otherwise what the library
  /// reports, or `external`.
  func isa(with kernels: KernelTable) -> String

  /// What it has in memory for a graph besides blobs, about.
  func memoryNeed(of graph: Graph) -> MemoryNeed

  /// Steps in execution order that compute every value of `graph` that is not fused away. Call
  /// ``steps(of:weights:options:)``, which asks only for directions that the backend has.
  /// - Throws: a layer that the backend refuses, or missing weights.
  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
}

extension Backend {
  public var unavailability: Unavailability? { nil }
  public var needsPlan: Bool { false }
  public var precision: Precision { .single }
  public var directions: Set<Direction> { [.forward] }
  public func threading(tiles: [String: String]) -> Threading { threading }
  public func threadCount(askedFor count: Int) -> Int { count }
  public var warnings: [BackendWarning] { [] }
  public var library: LoadedLibrary? { nil }
  public var program: ExternalProgram? { nil }
  /// Whether it can compile, here and now.
  public var canCompile: Bool { unavailability == nil && program == nil }
  public func isa(with kernels: KernelTable) -> String { kernels.isaName }
  public func memoryNeed(of graph: Graph) -> MemoryNeed { MemoryNeed(of: graph) }

  /// The graph compiled, in steps in execution order.
  /// - Throws: a layer or a direction that the backend refuses, or missing weights.
  public func steps(
    of graph: Graph, weights: any WeightSource, options: CompileOptions
  ) throws(BackendError) -> [any Step] {
    if let node = graph.nodes.first(where: { !directions.contains($0.direction) }) {
      throw .unsupported(
        layer: node.layer.name, reason: "\(name) does not compute \(node.direction.rawValue)")
    }
    return try compile(graph, weights: weights, options: options)
  }
}

extension WeightSource {
  /// The weights of a node that must have some. Those of an inner product are always K×C here,
  /// transposed ones put right: a backend has one order to deal with.
  public func required(for node: Graph.Node, in graph: Graph) throws(BackendError) -> LayerWeights {
    do {
      if let weights = try weights(of: node, in: graph) {
        guard case .innerProduct(let spec) = node.layer.spec, spec.isTransposed else {
          return weights
        }
        return LayerWeights(weight: weights.weight.transposed, bias: weights.bias)
      }
    } catch {
      throw .network(error)
    }
    throw .network(.weights(layer: node.layer.name, reason: "none are there"))
  }
}

extension KernelTable {
  /// Name of the instruction set: `baseline`, `avx2`, `avx512`.
  public var isaName: String { String(cString: isa_name) }
}
