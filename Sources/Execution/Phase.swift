import CSupport
import Networks

/// A part of a step's time, for the phase pass: what a method adds around its multiplications.
public enum Phase: String, Sendable, CaseIterable, Codable {
  /// Unfolding an image into a column matrix.
  case im2col
  /// Copying operands into the order in which the multiplication reads them: panels, padding,
  /// stride phases.
  case pack
  /// The multiply-adds, whatever loop they stand in.
  case gemm
  case inputTransform = "input_transform"
  case outputTransform = "output_transform"
  /// A change of layout between two steps.
  case reorder
  /// Everything else: activation, pooling, normalisation, softmax, losses, copies.
  case rest

  /// Position in `allCases`.
  public var index: Int { Self.indices[self]! }
  private static let indices = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

  /// The phase of a step that has only one.
  public static func whole(of kind: LayerKind) -> Phase {
    switch kind {
    case .convolution, .innerProduct: .gemm
    case .reorder: .reorder
    default: .rest
    }
  }
}

/// Adds up the time of each phase over calls of ``Step/run(timing:)``.
public final class PhaseClock {
  private var totals = [Int64](repeating: 0, count: Phase.allCases.count)

  public init() {}

  /// The monotonic clock in nanoseconds, to hand back to ``add(_:since:)``.
  public var now: Int64 { alex_monotonic_ns() }

  /// Adds the time since `start` to a phase.
  public func add(_ phase: Phase, since start: Int64) {
    add(phase, nanoseconds: alex_monotonic_ns() - start)
  }

  public func add(_ phase: Phase, nanoseconds: Int64) {
    totals[phase.index] += nanoseconds
  }

  /// Nanoseconds so far; phases that never ran are left out.
  public var nanoseconds: [Phase: Int] {
    var result: [Phase: Int] = [:]
    for (phase, total) in zip(Phase.allCases, totals) where total > 0 { result[phase] = Int(total) }
    return result
  }
}

extension Step {
  /// One phase: the multiply-adds for layers that have weights, a reorder, or the rest.
  public func run(timing clock: PhaseClock) {
    let start = clock.now
    run()
    clock.add(.whole(of: info.kind), since: start)
  }
}
