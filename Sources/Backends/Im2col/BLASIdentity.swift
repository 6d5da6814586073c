import CSupport
import Execution
import Foundation
import Kernels

/// What a BLAS library says about itself: who it is, and which kernels it chose on this processor.
package struct BLASIdentity: Hashable, Sendable {
  /// `openblas`, `blis`, `mkl`, or the name of the file for a library that does not tell.
  package var family: String
  /// Empty when the library does not tell.
  package var version: String
  /// The kernels that it chose: `Cooperlake`, `skx`; empty when it does not tell.
  package var core: String
  /// Whether it computes on one thread only, whatever is asked for.
  package var isSequential: Bool

  package init(
    family: String, version: String = "", core: String = "", isSequential: Bool = false
  ) {
    self.family = family
    self.version = version
    self.core = core
    self.isSequential = isSequential
  }

  /// The `kernel_id` column: `openblas-0.3.21-Cooperlake`.
  package var kernelID: String {
    [family, version, core].filter { !$0.isEmpty }.joined(separator: "-")
  }

  /// The `isa` column: the instruction set of the kernels, or `external` where it is not known.
  package var isa: String { Self.isa(ofCore: core) ?? "external" }

  /// The instruction set of the kernels that a library calls by this name; nil for unknown ones.
  package static func isa(ofCore core: String) -> String? {
    switch core.lowercased() {
    case "skylakex", "cooperlake", "sapphirerapids", "skx", "knl", "zen4", "zen5": "avx512"
    case "haswell", "zen", "zen2", "zen3", "excavator": "avx2"
    case "sandybridge", "bulldozer", "piledriver", "steamroller": "avx"
    case "generic", "katmai", "coppermine", "northwood", "prescott", "banias", "core2", "penryn",
      "dunnington", "nehalem", "atom", "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat",
      "nano", "armv8":
      "baseline"
    default: nil
    }
  }

  /// Whether the kernels use less than the processor offers; false where they are not known.
  package var isLesserThanProcessor: Bool { LibraryWarnings.isLesserThanProcessor(isa) }

  // MARK: Warnings

  /// Environment variables that change what a library computes with; by the library that reads them.
  private static let steering: [String: [String]] = [
    "openblas": ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR"],
    "blis": [
      "BLIS_ARCH_TYPE", "BLIS_JC_NT", "BLIS_PC_NT", "BLIS_IC_NT", "BLIS_JR_NT", "BLIS_IR_NT",
      "BLIS_PACK_A", "BLIS_PACK_B",
    ],
    "mkl": ["MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "MKL_DEBUG_CPU_TYPE"],
  ]

  /// What a reader of this library's numbers must know.
  /// - Parameters:
  ///   - environment: the process's variables when the library was loaded.
  ///   - canSetThreads: whether the library has a known setter of its thread count.
  package func warnings(environment: [String: String], canSetThreads: Bool) -> [BackendWarning] {
    var warnings = LibraryWarnings.steering(
      Self.steering[family] ?? [], in: environment, of: kernelID)
    if family == "blis", version.hasPrefix("0."), let value = environment["BLIS_ARCH_TYPE"],
      Int(value) == nil
    {
      warnings.append(
        BackendWarning(
          .steered,
          "BLIS \(version) takes a number in BLIS_ARCH_TYPE and reads '\(value)' as 0 (skx)",
          advice: "set the number: 0 = skx, 3 = haswell, 6 = zen3", variable: "BLIS_ARCH_TYPE"))
    }
    if let lesser = LibraryWarnings.lesser(
      isa: isa, of: kernelID, advice: remedy?.advice, command: remedy?.command)
    {
      warnings.append(lesser)
    }
    if core.isEmpty {
      warnings.append(
        BackendWarning(
          .unknownCode, "\(kernelID) does not tell which kernels it chose on this processor"))
    }
    if isSequential {
      warnings.append(
        BackendWarning(
          .threads, "\(kernelID) is a sequential build: it computes on one thread only"))
    } else if !canSetThreads {
      warnings.append(
        BackendWarning(
          .threads,
          "\(kernelID) has no known call to set its thread count: the threads column is what was "
            + "asked for, not what ran"))
    }
    return warnings
  }

  /// What makes it take better code, where that is known.
  private var remedy: (advice: String, command: String)? {
    let isWide = InstructionSet.best == .avx512
    switch family {
    case "openblas":
      let core = isWide ? "SkylakeX" : "Haswell"
      return (
        "another version may know the processor, or set OPENBLAS_CORETYPE, for example to \(core)",
        "OPENBLAS_CORETYPE=\(core) alexbench run"
      )
    case "blis":
      let number = isWide ? "0" : "3"
      return (
        "set BLIS_ARCH_TYPE (BLIS 0.9.0 takes a number: 0 = skx, 3 = haswell, 6 = zen3), here to "
          + number, "BLIS_ARCH_TYPE=\(number) alexbench run"
      )
    default: return nil
    }
  }
}
