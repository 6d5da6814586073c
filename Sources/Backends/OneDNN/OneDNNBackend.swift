import Execution
import KernelInterface
import Networks
import Tensors

/// Backend `onednn`: the primitives of Intel's oneDNN, each layer by the fastest of those that the
/// library has for it, in the library's own layouts.
package struct OneDNNBackend: Backend {
  package let name = "onednn"
  package let summary: String
  package let threading = Threading.library
  private let libraryName: String

  /// - Parameter libraryName: for the system's search, or a path.
  package init(libraryName: String = OneDNNLibrary.fileName) {
    self.libraryName = libraryName
    summary = "primitives of oneDNN (\(libraryName)), the fastest of each layer"
  }

  package var unavailability: Unavailability? {
    do {
      _ = try OneDNNLibrary.load(libraryName)
      return nil
    } catch {
      return error
    }
  }

  package var warnings: [BackendWarning] { (try? OneDNNLibrary.load(libraryName))?.warnings ?? [] }

  package var library: LoadedLibrary? {
    guard let library = try? OneDNNLibrary.load(libraryName) else { return nil }
    let identity = library.identity
    return LoadedLibrary(
      name: "onednn", path: library.path, version: identity.version, kernel: identity.isa)
  }

  package func isa(with kernels: KernelTable) -> String {
    (try? OneDNNLibrary.load(libraryName))?.identity.isa ?? "external"
  }

  package func threadCount(askedFor count: Int) -> Int {
    (try? OneDNNLibrary.load(libraryName))?.threadCount(askedFor: count) ?? count
  }

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = MemoryNeed(of: graph)
    // The candidates of a layer, each with its weights.
    need.compiling *= 2
    need.measuresChoices = true
    return need
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    let library: OneDNNLibrary
    do {
      library = try OneDNNLibrary.load(libraryName)
    } catch {
      throw .unavailable(error)
    }
    return try OneDNNPlanner(
      graph: graph, weights: weights, options: options, library: library
    ).steps()
  }
}
