/// What can go wrong with comparisons and reports, one sentence each.
package enum ReportingError: Error, Equatable, CustomStringConvertible {
  /// Two runs whose times cannot stand beside each other; one difference each.
  case notComparable(baseline: String, contender: String, differences: [String])
  /// Two runs of networks that have the same name only; one difference each.
  case otherNetworks(baseline: String, contender: String, differences: [String])
  /// A backend to compare with that has no times.
  case unknownBase(name: String, run: String, known: [String])
  /// Runs that have nothing in common.
  case nothingInCommon(baseline: String, contender: String, reason: String)

  package var description: String {
    switch self {
    case .notComparable(let baseline, let contender, let differences):
      "times of \(baseline) and \(contender) are not comparable: "
        + differences.joined(separator: "; ")
        + "; --cross-host compares the ratios within each run"
    case .otherNetworks(let baseline, let contender, let differences):
      "runs \(baseline) and \(contender) are not of the same networks: "
        + differences.joined(separator: "; ")
    case .unknownBase(let name, let run, let known):
      "run \(run) has no times of backend '\(name)' to compare with; "
        + (known.isEmpty ? "it has none at all" : "it has \(known.joined(separator: ", "))")
    case .nothingInCommon(let baseline, let contender, let reason):
      "runs \(baseline) and \(contender) \(reason)"
    }
  }
}
