import CSupport
import Networks
import Tensors

/// One way to compute a layer: a primitive, and the layouts in which it reads and writes.
struct OneDNNCandidate {
  let primitive: OneDNNPrimitive
  /// Second part of the implementation's name: `conv`, `pool-max`.
  let operation: String
  /// `ip-` or `matmul-`, where one layer may be either of two operations.
  var method = ""
  let input: Layout
  let output: Layout
  /// How the network's weights and bias lie; nil for layers without.
  var weight: OneDNNMemory?
  var bias: OneDNNMemory?

  /// As the `tile` column and `plan.csv` have it: `brgconv:avx512_core@nhwc`.
  var name: String { "\(method)\(primitive.implementation)@\(input)" }

  /// The transform of a Winograd convolution; nil for direct methods.
  var transform: WinogradTransform? { Self.transform(of: primitive.implementation) }

  /// The points of oneDNN's F(4×4, 3×3) are 0, ±5/8, ±3/2, ∞, of its F(2×2, 3×3) 0, ±1, ∞.
  private static func transform(of implementation: String) -> WinogradTransform? {
    if implementation.contains("wino_4x3") {
      return WinogradTransform(outputs: 4, taps: 3, pairs: [Rational(5, 8), Rational(3, 2)])
    }
    if implementation.contains("wino_2x3") {
      return WinogradTransform(outputs: 2, taps: 3, pairs: [Rational(1)])
    }
    return nil
  }

  /// Whether it is a Winograd convolution whose error bound is not known.
  var hasUnknownError: Bool { primitive.implementation.contains("wino") && transform == nil }

  var isGEMM: Bool {
    primitive.implementation == "gemm:jit" || primitive.implementation.hasSuffix(":gemm:jit")
  }
}

extension [OneDNNCandidate] {
  /// Those worth trying, in the same order: of the widest instruction set that any has, with a known
  /// error, each once.
  func worthTrying() -> [OneDNNCandidate] {
    func rank(_ candidate: OneDNNCandidate) -> Int {
      let isa = candidate.primitive.library.identity
        .isa(ofImplementation: candidate.primitive.implementation)
      return LibraryWarnings.rank(ofISA: isa) ?? 0
    }
    let best = map(rank).max() ?? 0
    var seen: Set<String> = []
    return filter {
      rank($0) == best && !$0.hasUnknownError && seen.insert($0.name).inserted
    }
  }
}
