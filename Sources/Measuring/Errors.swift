import Results

/// What can go wrong while measuring, one sentence each.
package enum MeasuringError: Error, Equatable, CustomStringConvertible {
  /// A name that is not in its catalog. `what` is for example "network".
  case unknown(what: String, name: String, suggestion: String?, known: [String])
  /// An option with a value that makes no sense.
  case usage(String)
  /// Something asked for by name cannot be had here: a backend, an instruction set.
  case unavailable(String)
  /// One workload cannot be prepared; `status` is what its row says.
  case workload(status: Status, reason: String)
  /// A handle that was never given out, or was released.
  case unknownHandle(Int)
  /// The other side speaks another version of the worker protocol.
  case protocolVersion(theirs: Int, ours: Int)
  /// A worker that cannot be started, ended early, or sent something else than a reply.
  case worker(String)
  /// A run cannot go on here, since times would not be comparable; one difference each.
  case notComparable([String])
  /// A plan that is for something else; one sentence.
  case otherPlan(String)
  /// There is nothing that could be compared with; one sentence that says why.
  case baseline(String)

  package var description: String {
    switch self {
    case .unknown(let what, let name, let suggestion, let known):
      suggestion.map { "no \(what) '\(name)'; did you mean '\($0)'?" }
        ?? "no \(what) '\(name)'; there is \(known.joined(separator: ", "))"
    case .usage(let sentence), .unavailable(let sentence), .worker(let sentence),
      .otherPlan(let sentence), .baseline(let sentence):
      sentence
    case .workload(_, let reason): reason
    case .unknownHandle(let handle): "no workload has the handle \(handle)"
    case .protocolVersion(let theirs, let ours):
      "the worker protocol is version \(ours) here and version \(theirs) there; "
        + "use programs of the same release"
    case .notComparable(let differences):
      "the run cannot be continued, its times would not be comparable: "
        + differences.joined(separator: "; ") + "; start a new run instead"
    }
  }
}
