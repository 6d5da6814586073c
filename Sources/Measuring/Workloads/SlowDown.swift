import CSupport
import Networks
import Results

/// A layer, or as `net` a whole net, that is slowed down on purpose, to see whether a comparison
/// notices: after its timed work the clock runs on for a share of the time that the work took.
package struct SlowDown: Hashable, Sendable, CustomStringConvertible {
  /// Nil for every backend.
  package var backend: String?
  package var layer: String
  package var percent: Double

  package init(backend: String? = nil, layer: String, percent: Double) {
    self.backend = backend
    self.layer = layer
    self.percent = percent
  }

  /// - Parameter text: `[BACKEND:]LAYER=PERCENT`, for example `simd:conv3=15%`.
  package init(_ text: String) throws(MeasuringError) {
    let sides = text.split(separator: "=", omittingEmptySubsequences: false)
    let names = sides[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2, names.count <= 2, !names.contains("") else {
      throw .usage(
        "slow-down '\(text)' is not of the form [BACKEND:]LAYER=PERCENT, as in conv3=15%")
    }
    let percent: Double
    do { percent = try PercentRange.difference.parse(sides[1]) } catch {
      throw .usage("slow-down '\(text)': \(error)")
    }
    self.init(
      backend: names.count == 2 ? names[0] : nil, layer: names[names.count - 1], percent: percent)
  }

  /// As the command line takes it.
  package var description: String {
    (backend.map { $0 + ":" } ?? "") + "\(layer)=\(Self.text(percent: percent))"
  }

  /// In place of a layer, all steps of nets; layers alone are as they are.
  package static let wholeNet = "net"

  /// For example `15%`.
  fileprivate static func text(percent: Double) -> String {
    let text = "\(percent)"
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "%"
  }

  /// What a reader of the run must know.
  package var warning: String {
    "--slow-down \(self): times of \(layer) with \(backend ?? "every backend") are longer by "
      + "\(Self.text(percent: percent)) on purpose, those of nets by its share; the implementation "
      + "of such rows ends with \(WorkloadFacts.handicapMark)"
  }
}

extension SlowDown: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension [SlowDown] {
  /// The share that is added to a layer's time: 0.15 for 15 %.
  private func share(backend: String, layer: String) -> Double {
    last { $0.layer == layer && ($0.backend ?? backend) == backend }.map { $0.percent / 100 } ?? 0
  }

  /// A workload, slower where these say so.
  /// - Parameters:
  ///   - backend: the name that it is measured under.
  ///   - warn: gets a sentence for each slow-down that has no effect.
  package func applied(
    to workload: any Workload, _ place: WorkloadPlace, backend: String, warn: (String) -> Void
  ) -> any Workload {
    let layers = place.graph.nodes.map(\.layer.name)
    func ownShare(_ node: Int) -> Double { share(backend: backend, layer: layers[node]) }
    func label(_ share: Double) -> String { SlowDown.text(percent: share * 100) }
    var facts = workload.facts
    if let node = place.node {
      guard ownShare(node) > 0 else { return workload }
      facts.facts.implementation += WorkloadFacts.handicapMark + label(ownShare(node))
      return SlowedWorkload(workload, facts: facts, shares: .layer(ownShare(node)))
    }
    if facts.steps.isEmpty, contains(where: { $0.backend ?? backend == backend }) {
      warn(
        "--slow-down does nothing in the net of \(backend), which does not tell how long its steps "
          + "take")
    }
    for layer in facts.coverage where layer.status != .ok {
      guard share(backend: backend, layer: layer.layer) > 0 else { continue }
      warn(
        "--slow-down of \(layer.layer) does nothing in the net of \(backend): the layer is "
          + "\(layer.status.rawValue) there (\(layer.reason))")
    }
    let isLayer = layers.contains(SlowDown.wholeNet)
    let whole = isLayer ? 0 : share(backend: backend, layer: SlowDown.wholeNet)
    let shares = facts.steps.map { step in
      step.isElided ? 0 : whole + (step.nodes.first.map(ownShare) ?? 0)
    }
    var texts = whole > 0 ? ["\(SlowDown.wholeNet)=\(label(whole))"] : []
    for (step, share) in shares.enumerated() where share > 0 {
      facts.steps[step].facts.implementation += WorkloadFacts.handicapMark + label(share)
      if let node = facts.steps[step].nodes.first, ownShare(node) > 0 {
        texts.append("\(layers[node])=\(label(ownShare(node)))")
      }
    }
    guard !texts.isEmpty else { return workload }
    facts.facts.implementation +=
      WorkloadFacts.handicapMark + "(" + texts.joined(separator: " ") + ")"
    return SlowedWorkload(workload, facts: facts, shares: .steps(shares))
  }
}

/// A workload that takes longer than it must.
final class SlowedWorkload: Workload {
  /// What is added to times, relative to them.
  enum Shares {
    case layer(Double)
    /// Of a net, one per step.
    case steps([Double])
  }

  let facts: PreparedFacts
  private let base: any Workload
  private let shares: Shares
  /// What the slowed steps add to a whole net; nil before its steps were timed.
  private var netShare: Double?

  init(_ base: any Workload, facts: PreparedFacts, shares: Shares) {
    self.base = base
    self.facts = facts
    self.shares = shares
  }

  func outputs(images: [Int]?) throws -> [BlobValues] { try base.outputs(images: images) }

  func time(_ block: BlockRequest) throws -> BlockMeasurement {
    let share: Double
    switch shares {
    case .layer(let own): share = own
    case .steps:
      if netShare == nil { _ = try timeSteps(BlockRequest(iterations: 1, isPrimed: true)) }
      share = netShare ?? 0
    }
    var measured = try base.time(block)
    measured.wallNanoseconds += Self.spin(Double(measured.wallNanoseconds) * share)
    return measured
  }

  func timeSteps(_ block: BlockRequest) throws -> StepMeasurement {
    var measured = try base.timeSteps(block)
    guard case .steps(let shares) = shares, shares.count == measured.stepNanoseconds.count else {
      return measured
    }
    let own = measured.stepNanoseconds.reduce(0, +)
    var added = 0
    for (step, share) in shares.enumerated() where share > 0 {
      let more = Self.spin(Double(measured.stepNanoseconds[step]) * share)
      measured.stepNanoseconds[step] += more
      added += more
    }
    measured.block.wallNanoseconds += added
    netShare = own > 0 ? Double(added) / Double(own) : 0
    return measured
  }

  func phases(calls: Int) throws -> [PhaseTime] { try base.phases(calls: calls) }

  func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    try base.counters(requests, calls: calls, allowsMultiplexing: allowsMultiplexing)
  }

  /// Uses up so many nanoseconds.
  /// - Returns: how many it were.
  private static func spin(_ nanoseconds: Double) -> Int {
    let start = alex_monotonic_ns()
    var now = start
    while Double(now - start) < nanoseconds {
      alex_pause()
      now = alex_monotonic_ns()
    }
    return Int(now - start)
  }
}
