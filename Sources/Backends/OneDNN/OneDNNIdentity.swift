import CSupport
import Execution
import Kernels
import Tensors

/// What an opened oneDNN says about itself.
package struct OneDNNIdentity: Hashable, Sendable {
  /// For example `2.6.3`.
  package var version: String
  /// The instruction set that it generates code for: `dnnl_get_effective_cpu_isa`.
  package var effectiveISA: Int
  /// `DNNL_RUNTIME_…`: what its threads are.
  package var runtime: Int

  package init(version: String, effectiveISA: Int, runtime: Int) {
    self.version = version
    self.effectiveISA = effectiveISA
    self.runtime = runtime
  }

  /// `oneDNN 2.6.3`.
  package var name: String { "oneDNN \(version)" }

  /// The `isa` column of a whole net: the instruction set that code is generated for.
  package var isa: String {
    func has(_ bits: Int) -> Bool { effectiveISA & bits == bits }
    if effectiveISA == 0 || has(Int(ALEX_DNNL_ISA_AVX512)) { return "avx512" }
    if has(Int(ALEX_DNNL_ISA_AVX2)) { return "avx2" }
    return has(Int(ALEX_DNNL_ISA_AVX)) ? "avx" : "baseline"
  }

  /// The `isa` column of a step: what the name of its implementation says, such as
  /// `brgconv:avx512_core`. A GEMM generates code for what there is; the C++ of `ref:any` and
  /// `simple_nchw:any` is compiled for the baseline.
  package func isa(ofImplementation text: String) -> String {
    for isa in ["avx512", "avx2", "avx"] where text.contains(":\(isa)") { return isa }
    if text.contains("sse") || text.hasSuffix(":any") { return "baseline" }
    return isa
  }

  // MARK: Warnings

  /// Environment variables that change what it computes with, or how its threads wait and where
  /// they run. It reads its own by either prefix. (`DNNL_DEFAULT_FPMATH_MODE` changes nothing
  /// here: the mode is set to strict.)
  private static let steering =
    ["DNNL", "ONEDNN"].flatMap { prefix in
      ["MAX_CPU_ISA", "CPU_ISA_HINTS", "VERBOSE"].map { "\(prefix)_\($0)" }
    } + [
      "OMP_DYNAMIC", "OMP_PLACES", "OMP_PROC_BIND", "OMP_THREAD_LIMIT", "OMP_WAIT_POLICY",
      "GOMP_CPU_AFFINITY", "GOMP_SPINCOUNT",
    ]

  /// What a reader of its numbers must know.
  /// - Parameters:
  ///   - environment: the process's variables when the library was loaded.
  ///   - canSetThreads: whether there is a known call for its thread count.
  package func warnings(environment: [String: String], canSetThreads: Bool) -> [BackendWarning] {
    var warnings = LibraryWarnings.steering(Self.steering, in: environment, of: name)
    if let lesser = LibraryWarnings.lesser(
      isa: isa, of: name, advice: "unset DNNL_MAX_CPU_ISA, or take a version that knows it")
    {
      warnings.append(lesser)
    }
    if runtime == ALEX_DNNL_RUNTIME_SEQUENTIAL {
      warnings.append(
        BackendWarning(.threads, "\(name) is a sequential build: it computes on one thread only"))
    } else if !canSetThreads {
      warnings.append(
        BackendWarning(
          .threads,
          "\(name) is not built for OpenMP: the threads column is what was asked for, not what ran")
      )
    }
    return warnings
  }
}
