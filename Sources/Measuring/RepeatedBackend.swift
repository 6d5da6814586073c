import Execution
import KernelInterface
import Networks

/// A backend once more under a name of its own, such as `simd#2`, with compiled copies of its own:
/// what a comparison of a backend with itself measures against.
struct RepeatedBackend: Backend {
  let base: any Backend
  let name: String

  var summary: String { base.summary }
  var threading: Threading { base.threading }
  var unavailability: Unavailability? { base.unavailability }
  // The first copy says them.
  var warnings: [String] { [] }
  var library: LoadedLibrary? { base.library }
  func isa(with kernels: KernelTable) -> String { base.isa(with: kernels) }

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try base.compile(graph, weights: weights, options: options)
  }

  /// The name without the number of a copy: `simd` of `simd#2`; any other name as it is.
  static func baseName(of name: String) -> String {
    guard let mark = name.lastIndex(of: "#"),
      let number = Int(name[name.index(after: mark)...]), number >= 2,
      name[mark...] == "#\(number)"
    else { return name }
    return String(name[..<mark])
  }
}
