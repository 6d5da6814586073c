import Execution
import Kernels

/// What a reader of any library's numbers must know: what all libraries share.
enum LibraryWarnings {
  /// One for each variable that is set.
  /// - Parameters:
  ///   - variables: those that change what the library computes with.
  ///   - environment: the process's variables when the library was loaded.
  ///   - name: of library, version and kernel.
  static func steering(
    _ variables: [String], in environment: [String: String], of name: String
  ) -> [BackendWarning] {
    variables.compactMap { variable in
      environment[variable].map { value in
        BackendWarning(
          .steered,
          "\(variable)=\(value) in the environment steers \(name): its numbers are not what the "
            + "library would do by itself",
          advice: "unset it to see that", command: "env -u \(variable) alexbench run",
          variable: variable)
      }
    }
  }

  /// Nil unless the library's kernels use less than the processor offers.
  static func lesser(
    isa: String, of name: String, advice: String?, command: String? = nil
  ) -> BackendWarning? {
    guard isLesserThanProcessor(isa) else { return nil }
    return BackendWarning(
      .lesserCode,
      "\(name) uses \(isa) kernels although this processor has "
        + "\(InstructionSet.best.rawValue): no fair picture of the library",
      advice: advice, command: command)
  }

  /// Whether an `isa` column's name stands for less than the processor offers; false where it is
  /// not known.
  static func isLesserThanProcessor(_ isa: String) -> Bool {
    guard let chosen = rank(ofISA: isa), let best = rank(ofISA: InstructionSet.best.rawValue)
    else { return false }
    return chosen < best
  }

  /// Position in the order of what instruction sets offer, least first; nil for unknown names.
  static func rank(ofISA isa: String) -> Int? {
    ["baseline", "avx", "avx2", "avx512"].firstIndex(of: isa)
  }
}
