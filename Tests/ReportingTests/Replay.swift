import Reporting
import Results
import Statistics

/// Times of the same rounds of several backends on several layers, to replay verdicts on.
struct Recording: Sendable {
  /// Workloads with the backends that took turns on them.
  struct Workload: Sendable {
    /// Nanoseconds per call, by backend and round; as many of each.
    var times: [String: [Double]]

    /// Rounds of the shortest.
    var roundCount: Int { times.values.map(\.count).min() ?? 0 }
  }

  var workloads: [Workload]
}

extension Recording {
  /// The rounds of a run that all backends of a workload have; launches follow each other. One row
  /// per workload of the pass and cache mode, in the order of their first block.
  /// - Parameter backends: those that are looked at; workloads that lack one are left out.
  init(
    samples: [SampleRow], backends: [String], pass: Pass = .isolated, cache: CacheMode = .warm
  ) {
    var order: [WorkloadKey] = []
    var blocks: [WorkloadKey: [String: [RecordedRound: Double]]] = [:]
    for sample in samples
    where backends.contains(sample.key.backend) && sample.key.pass == pass
      && sample.key.cache == cache
    {
      var key = sample.key
      (key.backend, key.isa) = ("", "")
      if blocks[key] == nil { order.append(key) }
      let round = RecordedRound(launch: sample.launch, round: sample.round)
      blocks[key, default: [:]][sample.key.backend, default: [:]][round] =
        Double(sample.block.wallNanoseconds) / Double(sample.block.iterations)
    }
    workloads = order.compactMap { key in
      let own = blocks[key]!
      guard backends.allSatisfy({ own[$0] != nil }) else { return nil }
      let rounds = own.values.reduce(Set(own.values.first!.keys)) { $0.intersection($1.keys) }
        .sorted()
      return Workload(times: own.mapValues { times in rounds.map { times[$0]! } })
    }
  }
}

private struct RecordedRound: Hashable, Comparable {
  var launch: Int
  var round: Int
  static func < (a: Self, b: Self) -> Bool { (a.launch, a.round) < (b.launch, b.round) }
}

/// How often verdicts were right when a recording was replayed.
struct ReplayResult: Hashable, Sendable {
  /// Runs that were made up of recorded rounds.
  var runCount = 0
  /// Those with a verdict `faster` or `slower` anywhere, though both sides were the same.
  var falseRunCount = 0
  /// Comparisons in which one side was made slower by the minimum detectable effect.
  var trialCount = 0
  /// Those with the verdict that this asks for.
  var detectedCount = 0
  /// Median of the minimum detectable effects, in percent.
  var medianEffectPercent = 0.0

  /// Probability that a run calls equal backends different anywhere; at most 0.05 is promised.
  var familyWiseRate: Double { Double(falseRunCount) / Double(max(runCount, 1)) }
  /// Probability that the minimum detectable effect is detected; 0.95 is promised.
  var detectionRate: Double { Double(detectedCount) / Double(max(trialCount, 1)) }
}

/// How a recording is replayed.
struct ReplayOptions: Sendable {
  /// Two names of the same thing, which took turns.
  var baseline: String
  var contender: String
  /// Rounds of a made-up run.
  var roundCount: Int
  var runCount: Int
  /// Rounds that stay together when they are drawn, so that what neighbours have in common stays.
  var blockLength = 5
  /// Takes ratios relative to their median over the recording. Two copies of one backend may differ
  /// throughout a process, by where their buffers lie; centred, only the scatter counts, and the
  /// rates tell about the statistics instead of the process.
  var isCentered = false
  /// Comparisons that share the error probability; nil = the workloads of the recording.
  var family: Int?
  var seed: UInt64 = 1
}

/// Tries the verdicts of ``compare(samples:workloads:)`` on recorded times of one backend under two
/// names.
///
/// Each run draws its rounds from the recording, both sides of a round together, in moving blocks
/// (Künsch, Annals of Statistics 17 (1989), 1217–1241), each workload on its own. As drawn, any
/// `faster` or `slower` is wrong. Then a second draw, in which one side – the contender and the
/// baseline in turn – takes longer by the minimum detectable effect that the first draw gave, has to
/// be called different the right way round.
/// - Returns: nil when `roundCount` rounds are too few for an interval in this family, or the
///   recording has no workload with both names and as many rounds as a block.
func replay(_ recording: Recording, _ options: ReplayOptions) -> ReplayResult? {
  let pairs = recording.workloads.compactMap { workload -> [Double]? in
    guard let baseline = workload.times[options.baseline],
      let contender = workload.times[options.contender],
      workload.roundCount >= options.blockLength
    else { return nil }
    let ratios = zip(baseline, contender).map { $1 / $0 }
    guard options.isCentered, let center = medianRatio(of: ratios) else { return ratios }
    return ratios.map { $0 / center }
  }
  let alpha = bonferroni(alpha: BackendComparisonRule.alpha, family: options.family ?? pairs.count)
  guard !pairs.isEmpty,
    let design = DetectionDesign(count: options.roundCount, confidence: 1 - alpha)
  else { return nil }
  var generator = SplitMix64(seed: options.seed)
  var result = ReplayResult()
  var effects: [Double] = []
  for run in 0..<options.runCount {
    var isFalse = false
    for ratios in pairs {
      let drawn = generator.blocks(of: ratios, count: options.roundCount, options.blockLength)
      let drawnVerdict = verdict(drawn, design)
      if drawnVerdict == .faster || drawnVerdict == .slower { isFalse = true }
      let effect = design.detectableEffect(RatioSpread(drawn)!)
      let isSlower = run.isMultiple(of: 2)
      let changed = generator.blocks(of: ratios, count: options.roundCount, options.blockLength)
        .map { isSlower ? $0 * (1 + effect) : $0 / (1 + effect) }
      result.trialCount += 1
      if verdict(changed, design) == (isSlower ? .slower : .faster) {
        result.detectedCount += 1
      }
      effects.append(effect)
    }
    result.runCount += 1
    if isFalse { result.falseRunCount += 1 }
  }
  result.medianEffectPercent = 100 * (OrderStatistics(effects)?.median ?? 0)
  return result
}

private func verdict(_ ratios: [Double], _ design: DetectionDesign) -> ComparisonVerdict {
  let estimate = RatioEstimate(ratios, ranks: design.ranks)
  return BackendComparisonRule.verdict(lower: estimate.lower, upper: estimate.upper)
}

extension SplitMix64 {
  /// `count` values in runs of neighbours, each run from a place of its own.
  fileprivate mutating func blocks(
    of values: [Double], count: Int, _ length: Int
  ) -> [Double] {
    var drawn: [Double] = []
    drawn.reserveCapacity(count + length)
    while drawn.count < count {
      let start = next(below: values.count - length + 1)
      drawn += values[start..<start + length]
    }
    return Array(drawn.prefix(count))
  }
}
