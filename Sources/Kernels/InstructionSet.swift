import CSupport
import KernelInterface
import KernelsBaseline

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The instruction sets that our kernels are compiled for, best first.
public enum InstructionSet: String, Codable, CaseIterable, Sendable {
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL.
  case avx512
  /// x86-64-v3: AVX2 and FMA.
  case avx2
  /// What every processor of the architecture has; x86-64 without AVX.
  case baseline

  /// Whether this processor and its system can execute it.
  public var isUsable: Bool {
    var info = alex_cpu_info()
    alex_cpu_query(&info)
    switch self {
    case .baseline: return true
    case .avx2: return info.x86_64_v3 != 0
    case .avx512: return info.x86_64_v4 != 0
    }
  }

  /// Those that can be executed here, best first.
  public static var usable: [InstructionSet] { allCases.filter(\.isUsable) }

  /// The best one here.
  public static var best: InstructionSet { usable[0] }

  /// The kernels. Precondition: ``isUsable``.
  public var kernels: KernelTable {
    precondition(isUsable, "\(rawValue) kernels on a processor without \(rawValue)")
    switch self {
    case .baseline: return kernelTableBaseline()
    #if arch(x86_64)
      case .avx2: return kernelTableAVX2()
      case .avx512: return kernelTableAVX512()
    #else
      case .avx2, .avx512: preconditionFailure("not on this architecture")
    #endif
    }
  }
}
