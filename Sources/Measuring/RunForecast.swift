import Execution
import Kernels
import Networks
import Results

/// What a run would do, estimated without measuring: its groups, their rounds, time and memory.
package struct RunForecast {
  let groups: [GroupForecast]
  private let launchCount: Int
  private let basis: String

  /// Share of the peak that kernels are taken to reach where nothing is known of them.
  private static let efficiency = 0.5
  /// What plain loops compute, in FLOP per nanosecond.
  private static let plainRate = 0.3
  /// Clock rate that is assumed, in GHz.
  private static let clock = 2.5

  /// - Parameters:
  ///   - earlier: of a run whose times are taken where they are of the same workload.
  ///   - roofs: of the same run.
  /// - Throws: options that make no sense.
  package init(
    _ options: RunOptions, backends: [any Backend], earlier: [SummaryRow] = [],
    roofs: [RoofRow] = []
  ) throws {
    try options.validate(backends: backends.map(\.name))
    let contenders = Contender.list(
      try options.chosenBackends(from: backends), isas: options.isas)
    self.init(
      try RunPlan.places(options), contenders: contenders, options: options, earlier: earlier,
      roofs: roofs)
  }

  init(
    _ places: [WorkloadPlace], contenders: [Contender], options: RunOptions,
    earlier: [SummaryRow] = [], roofs: [RoofRow] = []
  ) {
    let factory = RowFactory(runID: "", options: options)
    var known: [WorkloadKey: Double] = [:]
    for row in earlier {
      var key = row.key
      key.runID = ""
      known[key] = row.time.median
    }
    var groups = places.map { place in
      GroupForecast(place, contenders: contenders, options: options) { contender in
        let key = factory.key(place, backend: contender.backend.name, isa: contender.isa)
        if let time = known[key] { return time }
        let flops =
          place.node.map { place.graph.cost(of: place.graph.nodes[$0]).flops }
          ?? place.graph.totalCost.flops
        return max(1000, Double(flops) / Self.rate(contender, place, roofs))
      }
    }
    launchCount = options.launches ?? 1
    if let filled = options.filledNanoseconds, options.backends == nil {
      groups = Self.leavingOutSlow(groups, seconds: Double(filled) / 1e9 / Double(launchCount))
    }
    basis =
      earlier.isEmpty
      ? "operations and an assumed peak"
      : "the times of run \(earlier[0].key.runID), otherwise operations and the peak"
    self.groups = groups
  }

  /// The same groups without contenders outside of the square that would take more than a quarter
  /// of their group's share of the time: the checks alone of plain loops can take all of it.
  private static func leavingOutSlow(_ groups: [GroupForecast], seconds: Double) -> [GroupForecast]
  {
    let needs = groups.map { $0.seconds - $0.slow.reduce(0) { $0 + $1.seconds } }
    let all = needs.reduce(0, +)
    return zip(groups, needs).map { group, need in
      var group = group
      for slow in group.slow where slow.seconds > seconds * need / max(all, 1e-9) / 4 {
        group.leaveOut(
          slow,
          reason: "\(slow.name) would take too much of the time that the run was given; "
            + "name it with --backend, or give more time")
      }
      return group
    }
  }

  private static func rate(_ contender: Contender, _ place: WorkloadPlace, _ roofs: [RoofRow])
    -> Double
  {
    guard contender.backend.threading != .single else { return plainRate }
    let peaks = roofs.filter { $0.kind == .compute && $0.threads == place.threads }
    let peak = peaks.first { $0.isa == contender.kernels.rawValue }?.value
    return efficiency * (peak ?? assumedPeak(contender.kernels) * Double(place.threads))
  }

  /// Two fused multiply-adds per cycle, or a product and an addition with the baseline.
  private static func assumedPeak(_ isa: InstructionSet) -> Double {
    switch isa {
    case .avx512: clock * 64
    case .avx2: clock * 32
    case .baseline: clock * 8
    }
  }

  /// All groups, then the sum.
  package var text: String {
    let seconds = groups.reduce(0) { $0 + $1.seconds } * Double(launchCount)
    let bytes = groups.map(\.byteCount).max() ?? 0
    let launches = launchCount == 1 ? "" : " in \(launchCount) launches"
    return groups.map(\.text).joined()
      + "in all \(groups.count) groups\(launches): about \(DurationText.short(seconds: seconds)), "
      + "\((bytes + (1 << 20) - 1) >> 20) MiB at most at a time "
      + "(estimated from \(basis); nothing was measured)\n"
  }
}
