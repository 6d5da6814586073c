import Results
import Statistics

/// How far the steps inside a net are from the net itself, from rounds in which both were timed.
struct Reconciliation {
  private struct Key: Hashable {
    var net: NetKey
    var isa: String
    init(_ key: WorkloadKey) {
      net = NetKey(key)
      isa = key.isa
    }
  }

  /// One round of one net.
  private struct Pair {
    /// Of all steps, over `stepIterations` forwards.
    var stepNanoseconds = 0
    var stepIterations = 0
    var netNanoseconds = 0
    var netIterations = 0

    /// (Steps − net) ∕ net; nil for half a pair.
    var difference: Double? {
      guard stepIterations > 0, netIterations > 0, netNanoseconds > 0 else { return nil }
      let steps = Double(stepNanoseconds) / Double(stepIterations)
      let net = Double(netNanoseconds) / Double(netIterations)
      return (steps - net) / net
    }
  }

  private var pairs: [Key: [RoundKey: Pair]] = [:]

  init(_ samples: [SampleRow]) {
    for sample in samples where sample.key.pass != .isolated {
      let round = RoundKey(sample)
      var pair = pairs[Key(sample.key)]?[round] ?? Pair()
      if sample.key.pass == .net {
        pair.netNanoseconds += sample.block.wallNanoseconds
        pair.netIterations = sample.block.iterations
      } else {
        pair.stepNanoseconds += sample.block.wallNanoseconds
        pair.stepIterations = sample.block.iterations
      }
      pairs[Key(sample.key), default: [:]][round] = pair
    }
  }

  /// Median over the rounds, in percent; nil when no round has both.
  /// - Parameter key: of the net's row.
  func percent(of key: WorkloadKey) -> Double? {
    let differences = (pairs[Key(key)] ?? [:]).values.compactMap(\.difference)
    return OrderStatistics(differences).map { 100 * $0.median }
  }
}
