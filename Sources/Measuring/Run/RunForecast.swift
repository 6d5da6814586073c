import Execution
import Kernels
import Networks
import Results
import Statistics

/// What a run would do, estimated without measuring: its groups, their rounds, time and memory.
package struct RunForecast {
  let groups: [GroupForecast]
  /// What the run holds in memory at a time, the program itself included.
  package let byteCount: Int
  private let launchCount: Int
  private let basis: String
  /// That the run may fill.
  private let filledSeconds: Double?

  /// Share of the peak that kernels are taken to reach where nothing is known of them.
  private static let efficiency = 0.5
  /// What plain loops compute, in FLOP per nanosecond.
  private static let plainRate = 0.9
  /// Clock rate that is assumed, in GHz.
  private static let clock = 2.5

  /// - Parameters:
  ///   - earlier: of a run whose times are taken where they are of the same workload.
  ///   - roofs: of the same run.
  package init(_ matrix: RunMatrix, earlier: [SummaryRow] = [], roofs: [RoofRow] = []) {
    let options = matrix.options
    let factory = RowFactory(runID: "", options: options)
    var known: [WorkloadKey: Double] = [:]
    for row in earlier {
      var key = row.key
      key.runID = ""
      known[key] = row.time.median
    }
    var groups = matrix.places.map { place in
      GroupForecast(place, contenders: matrix.contenders, options: options) { contender in
        let key = factory.key(place, contender)
        if let time = known[key] { return time }
        return max(1000, Double(place.cost.flops) / Self.rate(contender, place, roofs))
      }
    }
    launchCount = options.launches ?? 1
    filledSeconds = options.filledNanoseconds.map { Double($0) / 1e9 }
    if let filled = options.filledNanoseconds, options.backends == nil {
      groups = Self.leavingOutSlow(groups, seconds: Double(filled) / 1e9 / Double(launchCount))
    }
    basis =
      earlier.isEmpty
      ? "operations and an assumed peak"
      : "the times of run \(earlier[0].key.runID), otherwise operations and the peak"
    self.groups = groups
    var memory = RunMemory(programBytes: CurrentMemory.byteCount, options)
    let measured = groups.map { (MemoryEstimate(of: $0.place, options), $0.measured) }
    for part in HeldGroups.divide(measured, options) { memory.add(Array(measured[part])) }
    byteCount = memory.byteCount
  }

  /// Where contenders outside of the square would take more than a quarter of the time, the groups
  /// without those that would take more than a quarter of their group's share: the checks alone of
  /// plain loops can take all of it.
  private static func leavingOutSlow(_ groups: [GroupForecast], seconds: Double) -> [GroupForecast]
  {
    let slow = groups.reduce(0) { $0 + $1.slow.reduce(0) { $0 + $1.seconds } }
    guard slow > seconds / 4 else { return groups }
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
    let launches = launchCount == 1 ? "" : " in \(launchCount) launches"
    let longest = filledSeconds.flatMap { $0 > seconds ? $0 : nil }
    return groups.map(\.text).joined()
      + "in all \(groups.count) groups\(launches): about \(DurationText.short(seconds: seconds))"
      + (longest.map { " to \(DurationText.short(seconds: $0))" } ?? "") + ", "
      + "\((byteCount + (1 << 20) - 1) >> 20) MiB at most at a time "
      + "(estimated from \(basis); nothing was measured)\n"
  }
}

/// What a group of a run is expected to take.
struct GroupForecast {
  var place: WorkloadPlace
  /// Backends that are measured, and those that are not with the reason.
  var measured: [Contender]
  var skipped: [(name: String, reason: String)]
  /// Rounds of whole squares; 0 where all are measured on their own.
  var roundCount: Int
  var seconds: Double
  var byteCount: Int
  /// Those that are measured on their own, with all that they take.
  private(set) var slow: [Slow] = []

  /// A contender outside of the square.
  struct Slow {
    var name: String
    var seconds: Double
  }

  /// Takes out one that is outside of the square.
  mutating func leaveOut(_ slow: Slow, reason: String) {
    measured.removeAll { $0.backend.name == slow.name }
    skipped.append((slow.name, reason))
    seconds -= slow.seconds
    leftOut[slow.name] = reason
  }

  /// Reasons by backend of those that were taken out for the sake of the time.
  private(set) var leftOut: [String: String] = [:]

  /// - Parameter rate: what a contender computes per nanosecond in this place, in FLOP.
  init(
    _ place: WorkloadPlace, contenders: [Contender], options: RunOptions,
    callNanoseconds: (Contender) -> Double
  ) {
    self.place = place
    let estimate = MemoryEstimate(of: place, options)
    let refusal = MemoryGuard.refusal(
      estimate, of: contenders.filter { $0.obstacle(place) == nil })
    measured = []
    skipped = []
    for contender in contenders {
      let reason =
        contender.backend.unavailability?.description ?? refusal
        ?? contender.skipReason(place) ?? place.skipReason
      if let reason {
        skipped.append((contender.backend.name, reason))
      } else {
        measured.append(contender)
      }
    }
    byteCount = estimate.byteCount(of: measured)
    let calls = measured.map(callNanoseconds)
    // Two weeks; products of longer ones are no numbers any more.
    let longestCall = 1e15
    let schedule = Schedule(
      nanoseconds: calls.map { Int(nearestTo: Swift.min($0, longestCall)) },
      isSingle: measured.map { $0.backend.threading == .single }, pass: place.pass,
      minimumRounds: options.rounds, seed: options.seed)
    roundCount = schedule.rounds.count
    let timing = Timing(options: options, passCount: place.passes.count)
    var nanoseconds = 0.0
    for index in schedule.inside {
      nanoseconds += timing.inside(
        call: calls[index], roundCount: roundCount)
    }
    for index in schedule.outside {
      let all = timing.outside(call: calls[index])
      nanoseconds += all
      slow.append(Slow(name: measured[index].backend.name, seconds: all / 1e9))
    }
    if !measured.isEmpty { nanoseconds += Self.preparation(place, contenderCount: measured.count) }
    seconds = nanoseconds / 1e9
  }

  /// Rough costs of a block beside its calls: waiting for quiet, priming, probing the clock.
  private struct Timing {
    var options: RunOptions
    var passCount: Int
    private let besideNanoseconds = 1_500_000.0
    /// Blocks that a warm-up usually takes.
    private let warmUpBlocks = 12.0

    init(options: RunOptions, passCount: Int) {
      self.options = options
      self.passCount = passCount
    }

    func inside(call: Double, roundCount: Int) -> Double {
      let block = call * Double(Schedule.iterations(nanoseconds: Int(nearestTo: call)))
      let warmUp = min(warmUpBlocks * block, Double(options.warmUpNanoseconds) + 5 * block)
      return warmUp + Double(roundCount * passCount) * (block + besideNanoseconds)
    }

    func outside(call: Double) -> Double {
      let block = call * Double(Schedule.iterations(nanoseconds: Int(nearestTo: call)))
      // The first call, two that are checked, and one to learn its time.
      return 4 * call + Double(options.slowBlocks * passCount) * (block + besideNanoseconds)
    }
  }

  /// Making and packing weights for each contender, and the float64 reference once; in nanoseconds.
  private static func preparation(_ place: WorkloadPlace, contenderCount: Int) -> Double {
    let costs = place.costs
    let weights = costs.reduce(0) { $0 + $1.weightBytes }
    let flops = costs.reduce(0) { $0 + $1.flops }
    let images = ReferenceCache.checkedImages(batch: place.batch)?.count ?? place.batch
    // About 0.5 GB/s for weights, 1 GFLOP/s for plain loops in double precision.
    return Double(weights * contenderCount) * 2
      + Double(flops) * Double(images) / Double(max(place.batch, 1))
  }

  /// One line, and one for each that is skipped.
  var text: String {
    let minutes = DurationText.short(seconds: seconds)
    let memory = "\((byteCount + (1 << 20) - 1) >> 20) MiB"
    let passes = place.passes.map(\.rawValue).joined(separator: "+")
    let cache = place.cache == .warm ? "" : ", \(place.cache.rawValue)"
    let rounds = roundCount == 0 ? "each on its own" : "\(roundCount) rounds"
    var text =
      "\(place.graph.networkName) \(place.label), batch \(place.batch), threads \(place.threads), "
      + "\(passes)\(cache): "
    text +=
      measured.isEmpty
      ? "nothing\n"
      : "\(measured.map(\.name).joined(separator: " ")); \(rounds), about \(minutes), \(memory)\n"
    for skip in skipped { text += "  not \(skip.name): \(skip.reason)\n" }
    return text
  }
}

/// Times for people.
package enum DurationText {
  /// For example `40 s` or `3.5 min`.
  package static func short(seconds: Double) -> String {
    guard seconds >= 99.5 else {
      return seconds < 0.95 ? "1 s" : "\(Int(nearestTo: seconds)) s"
    }
    let tenths = Int(nearestTo: seconds / 6)
    return "\(tenths / 10).\(tenths % 10) min"
  }
}

extension Contender {
  /// Backend, with the instruction set where it is one of ours.
  var name: String { isa == "external" ? backend.name : "\(backend.name)(\(isa))" }
}
