import Results

/// What is measured again when the time is not enough for all that is open.
///
/// One that is proven is more than many that are not: a change that slows everything down would
/// otherwise end without a verdict. The choice depends on earlier stages only, so that it favours
/// nothing in what follows.
/// - Parameters:
///   - open: what more pairs are for.
///   - seconds: for the whole second stage.
///   - cost: seconds that a second stage of these takes.
/// - Returns: as many as there is time for, at least one: those that look slower before those that
///   scatter; layers by what they cost, then nets, which are the sum of them.
package func secondStage(
  _ open: [GateFinding], seconds: Double, cost: ([GateFinding]) -> Double
) -> [GateFinding] {
  func change(_ finding: GateFinding) -> Double {
    ((finding.ratio ?? 1) - 1) * (finding.baseNanoseconds ?? 0)
  }
  func rank(_ finding: GateFinding) -> Int {
    (finding.isSuspect ? 0 : 2) + (finding.level == .net ? 1 : 0)
  }
  let ranked = open.enumerated().sorted { a, b in
    (rank(a.element), -change(a.element), a.offset)
      < (rank(b.element), -change(b.element), b.offset)
  }.map(\.element)
  var chosen: [GateFinding] = []
  for finding in ranked where chosen.isEmpty || cost(chosen + [finding]) <= seconds {
    chosen.append(finding)
  }
  return chosen
}
