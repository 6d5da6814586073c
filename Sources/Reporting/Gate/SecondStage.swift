import Results

/// Which suspects are measured again when the time is not enough for all.
///
/// One that is proven is more than many that are not: a change that slows everything down would
/// otherwise end without a verdict. The choice depends on the first stage only, so that it favours
/// nothing in the second.
/// - Parameters:
///   - suspects: of the first stage.
///   - seconds: for the whole second stage.
///   - cost: seconds that a second stage of these takes.
/// - Returns: as many as there is time for, at least one; layers and stages by what they cost at
///   least, then nets, which are the sum of them.
package func secondStage(
  _ suspects: [GateFinding], seconds: Double, cost: ([GateFinding]) -> Double
) -> [GateFinding] {
  func leastChange(_ finding: GateFinding) -> Double {
    ((finding.lower ?? finding.ratio ?? 1) - 1) * (finding.baseNanoseconds ?? 0)
  }
  let ranked = suspects.enumerated().sorted { a, b in
    let isNet = (a.element.level == .net, b.element.level == .net)
    guard isNet.0 == isNet.1 else { return isNet.1 }
    return (-leastChange(a.element), a.offset) < (-leastChange(b.element), b.offset)
  }.map(\.element)
  var chosen: [GateFinding] = []
  for suspect in ranked where chosen.isEmpty || cost(chosen + [suspect]) <= seconds {
    chosen.append(suspect)
  }
  return chosen
}
