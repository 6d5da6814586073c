import Execution
import Networks
import Results
import Statistics

/// The backends that compute a whole net alone: where tuning begins, and what it chooses from.
extension NetTuning {
  /// Rounds in which the single backends take turns.
  private static let singleRounds = 6
  /// A single net that takes so many times the fastest one's time has no more turns.
  private static let slowFactor = 4.0
  func prepareSingles() throws {
    for backend in tuner.backends {
      try tuner.proceed(place, "preparing \(backend.name)")
      let request = self.request(backend: backend.name, tiles: [:])
      do {
        let prepared = try host.prepare(request)
        try check(prepared.handle, backend: backend.name, request: request)
        singles.append(
          Single(
            backend: backend, handle: prepared.handle, steps: prepared.steps,
            candidates: prepared.candidates, isa: backend.isa(with: isa.kernels)))
      } catch MeasuringError.workload(let status, let reason) {
        result.leftOut.append((backend.name, "\(status.rawValue): \(reason)"))
      }
    }
    guard !singles.isEmpty else {
      throw MeasuringError.unavailable(
        "no backend computes \(graph.networkName): "
          + result.leftOut.map { "\($0.backend) \($0.reason)" }.joined(separator: "; "))
    }
  }

  /// All in turns; then the stages of each. The fastest is first afterwards.
  func timeSingles() throws {
    for index in singles.indices {
      singles[index].times = [try duel.time(singles[index].handle, 1)]
    }
    for _ in 0..<Self.singleRounds {
      let least = singles.map(\.median).min() ?? 0
      for index in singles.indices where singles[index].median <= least * Self.slowFactor {
        try tuner.proceed(place, singles[index].backend.name)
        let iterations = NetDuel.iterations(singles[index].median)
        singles[index].times.append(try duel.time(singles[index].handle, iterations))
      }
    }
    singles.sort { $0.median < $1.median }
    for index in singles.indices {
      singles[index].stageNanoseconds = try stageTimes(singles[index].handle, singles[index].steps)
    }
    result.singles = singles.map {
      TunedNet.Single(backend: $0.backend.name, nanoseconds: $0.median)
    }
  }

  /// Nanoseconds of each stage in a net, the fastest of a few calls: of its steps, and of the changes
  /// of layout that they need.
  func stageTimes(_ handle: Int, _ steps: [StepFacts]) throws -> [String: Double] {
    var least = [Int](repeating: .max, count: steps.count)
    for _ in 0..<5 {
      try tuner.proceed(place, "looking at stages")
      let measured = try host.timeSteps(handle, BlockRequest(iterations: 1, isPrimed: true))
      least = zip(least, measured.stepNanoseconds).map { min($0, $1) }
    }
    var times: [String: Double] = [:]
    for (index, step) in steps.enumerated() {
      let reader = steps[index...].first {
        !$0.nodes.isEmpty && $0.inputs.contains(step.outputs[0])
      }
      let owner = step.nodes.first ?? reader?.nodes.first ?? graph.nodes.count - 1
      times[graph.nodes[owner].stage, default: 0] += Double(least[index])
    }
    return times
  }
}
