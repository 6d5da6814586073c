import Backends
import Execution
import Foundation
import Kernels
import Testing

/// A backend with the instruction set of its kernels: what the conformance suites run over.
struct Candidate: Sendable, CustomTestStringConvertible {
  let backend: any Backend
  let instructionSet: InstructionSet

  var testDescription: String { "\(backend.name) (\(instructionSet.rawValue))" }

  /// Every backend of the catalog that can run in this process, with every instruction set that is usable and
  /// makes a difference to it. `ALEXBENCH_ISA=baseline|avx2|avx512` restricts them to one.
  static let all: [Candidate] = BackendCatalog.all().filter(\.canCompile)
    .flatMap { backend in
      var seen: Set<String> = []
      return instructionSets.compactMap { set in
        seen.insert(backend.isa(with: set.kernels)).inserted
          ? Candidate(backend: backend, instructionSet: set) : nil
      }
    }

  private static let instructionSets: [InstructionSet] = {
    guard let name = ProcessInfo.processInfo.environment["ALEXBENCH_ISA"], name != "auto" else {
      return InstructionSet.usable
    }
    guard let set = InstructionSet(rawValue: name), set.isUsable else {
      fatalError("ALEXBENCH_ISA=\(name) is no instruction set that this processor has")
    }
    return [set]
  }()

  /// Thread counts that make a difference to it.
  var threadCounts: [Int] {
    if case .single = backend.threading { return [1] }
    return [1, 2]
  }

  /// How a layer alone is compiled: on each thread count in the backend's own layout, and row-major.
  var settings: [(threads: Int, boundary: Boundary)] {
    threadCounts.map { ($0, .native) } + [(1, .nchw)]
  }

  func options(threads: Int, boundary: Boundary, keepsAllBlobs: Bool = false) throws
    -> CompileOptions
  {
    try CompileOptions(
      kernels: instructionSet.kernels, pool: ThreadPool(threadCount: threads),
      boundary: boundary, keepsAllBlobs: keepsAllBlobs)
  }
}
