import Results

/// Who is measured in a pair of launches. A side's workloads are known by the name of a copy of the
/// backend, ``name(of:)``, so that sides take turns as backends do.
package enum PairedSide: Int, CaseIterable, Sendable, Comparable {
  case base = 1
  case head = 2
  /// The base in a further process.
  case control = 3

  package static func < (a: PairedSide, b: PairedSide) -> Bool { a.rawValue < b.rawValue }

  /// `simd`, `simd#2`, `simd#3`.
  func name(of backend: String) -> String {
    self == .base ? backend : "\(backend)#\(rawValue)"
  }

  /// The side that a name means, and the backend there.
  static func split(_ name: String) -> (side: PairedSide, backend: String) {
    let backend = RepeatedBackend.baseName(of: name)
    let side = PairedSide.allCases.first { $0.name(of: backend) == name } ?? .base
    return (side, backend)
  }
}

/// A program on one side of a check.
package struct PairedProgram: Sendable {
  /// What starts its worker.
  package var command: [String]
  /// What names the code, for example a hash of the file.
  package var code: String
  package var hostClass: String

  package init(command: [String], code: String, hostClass: String) {
    self.command = command
    self.code = code
    self.hostClass = hostClass
  }
}
