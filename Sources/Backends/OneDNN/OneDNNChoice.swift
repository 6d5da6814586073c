import CSupport
import Execution
import Networks
import Tensors

/// Chooses the primitive of a layer: the one that a plan names, or the fastest of those that there
/// are, by measuring.
///
/// oneDNN's own order of preference is a rule of thumb: for a fully connected layer at batch 1 its
/// first choice may take nearly twice the time of its second.
struct OneDNNChoice {
  let options: CompileOptions
  let graph: Graph
  /// Layer that the choice is for.
  let layer: String

  /// Longest that two candidates are compared.
  private static let budgetNanoseconds: Int64 = 60_000_000
  private static let roundCount = 2...8
  /// Slower than that many percent of the fastest so far, a candidate is not tried again.
  private static let hopelessPercent = 130

  /// - Parameters:
  ///   - candidates: at least one; without a plan in the options the first is taken.
  ///   - make: the step of a candidate.
  ///   - way: what is timed: the step with the changes of layout that it brings about.
  /// - Throws: a name that was asked for but does not exist for this layer.
  func step(
    among candidates: [OneDNNCandidate], make: (OneDNNCandidate) -> OneDNNStep,
    way: (OneDNNCandidate, OneDNNStep) -> [any Step]
  ) throws(BackendError) -> OneDNNStep {
    if let asked {
      if let found = candidates.first(where: { $0.name == asked }) { return make(found) }
      throw .unsupported(
        layer: layer,
        reason: "oneDNN has no primitive '\(asked)' for it; there is "
          + candidates.map(\.name).joined(separator: ", "))
    }
    var best = (candidate: candidates[0], step: make(candidates[0]))
    guard let plan = options.tiles, candidates.count > 1 else { return best.step }
    var times: [String: Int] = [:]
    // Two at a time, so that no more than two sets of packed weights are in memory.
    for challenger in candidates.dropFirst() {
      let step = make(challenger)
      let trial = StepTrial(
        [way(best.candidate, best.step), way(challenger, step)],
        evicting: options.expectsColdWeights ? plan.evictionMemory : nil,
        pool: options.pool
      ) { graph.values[$0.value].shape }
      let pair = Self.compare(trial)
      times[best.candidate.name] = min(times[best.candidate.name] ?? .max, pair[0])
      times[challenger.name] = pair[1]
      if pair[1] < pair[0] { best = (challenger, step) }
    }
    let measured = candidates.map { candidate in
      (tile: candidate.name, nanoseconds: times[candidate.name] ?? 0)
    }
    let chosen = plan.choose(measured, for: layer)
    return best.candidate.name == chosen
      ? best.step : make(candidates.first { $0.name == chosen } ?? best.candidate)
  }

  /// The primitive that the layer has to take; nil when it is to be chosen. Plans name tiles of our
  /// own Winograd kernels too, which mean nothing here.
  var asked: String? {
    options.tiles?.tiles[layer].flatMap { $0.contains("@") ? $0 : nil }
  }

  /// The fastest call of each of two.
  private static func compare(_ trial: StepTrial) -> [Int] {
    let start = alex_monotonic_ns()
    var best = [Int.max, Int.max]
    for round in 0..<roundCount.upperBound {
      for index in best.indices { best[index] = min(best[index], trial.time(index)) }
      if best[1] > best[0] / 100 * hopelessPercent { break }
      if round + 1 >= roundCount.lowerBound, alex_monotonic_ns() - start > budgetNanoseconds {
        break
      }
    }
    return best
  }
}
