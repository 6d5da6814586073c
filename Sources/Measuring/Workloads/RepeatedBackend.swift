import Execution
import KernelInterface
import Networks

/// A backend under a second name, for comparing it with itself: `simd#2` has compiled copies of its
/// own, which lie elsewhere in memory; `simd@2` is the same instance, so that all differences come from
/// the measuring.
package struct RepeatedBackend: Backend {
  package let base: any Backend
  package let name: String

  package var summary: String { base.summary }
  package var threading: Threading { base.threading }
  package var unavailability: Unavailability? { base.unavailability }
  // The first copy says them.
  package var warnings: [BackendWarning] { [] }
  package var library: LoadedLibrary? { base.library }
  package var program: ExternalProgram? { base.program }
  package var directions: Set<Direction> { base.directions }
  package var needsPlan: Bool { base.needsPlan }
  package var precision: Precision { base.precision }
  package func threading(tiles: [String: String]) -> Threading { base.threading(tiles: tiles) }
  package func threadCount(askedFor count: Int) -> Int { base.threadCount(askedFor: count) }
  package func memoryNeed(of graph: Graph) -> MemoryNeed { base.memoryNeed(of: graph) }
  package func isa(with kernels: KernelTable) -> String { base.isa(with: kernels) }

  package init(base: any Backend, name: String) {
    self.base = base
    self.name = name
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try base.steps(of: graph, weights: weights, options: options)
  }

  /// The name without the number of a copy: `simd` of `simd#2` and `simd@2`; any other name as it is.
  package static func baseName(of name: String) -> String {
    guard let mark = name.lastIndex(where: { "#@".contains($0) }),
      let number = Int(name[name.index(after: mark)...]), number >= 2,
      name[name.index(after: mark)...] == "\(number)"
    else { return name }
    return String(name[..<mark])
  }

  /// Whether the name asks for the instance of the first one.
  package static func sharesInstance(_ name: String) -> Bool {
    name.contains("@") && baseName(of: name) != name
  }
}
