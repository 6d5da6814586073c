import Networks
import Results

/// A layer that is slowed down on purpose, to see whether a comparison notices: after its timed work
/// the clock runs on for a share of the time that it took.
package struct Handicap: Hashable, Sendable, CustomStringConvertible {
  /// Nil for every backend.
  package var backend: String?
  package var layer: String
  package var percent: Double

  /// Slower than this is no test of a comparison.
  private static let largestPercent = 1000.0

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
      throw .usage("handicap '\(text)' is not of the form [BACKEND:]LAYER=PERCENT, as in conv3=15%")
    }
    let number = sides[1].hasSuffix("%") ? sides[1].dropLast() : sides[1]
    guard let percent = Double(number), percent > 0, percent <= Self.largestPercent else {
      throw .usage(
        "handicap '\(text)': '\(sides[1])' is not a percentage above 0 and up to "
          + "\(Int(Self.largestPercent)), as in conv3=15%")
    }
    self.init(
      backend: names.count == 2 ? names[0] : nil, layer: names[names.count - 1], percent: percent)
  }

  /// As the command line takes it.
  package var description: String { (backend.map { $0 + ":" } ?? "") + "\(layer)=\(percentText)" }

  /// For example `15%`.
  var percentText: String {
    let text = "\(percent)"
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "%"
  }

  /// What a reader of the run must know.
  package var warning: String {
    "--handicap \(self): times of \(layer) with \(backend ?? "every backend") are longer by "
      + "\(percentText) on purpose, those of nets by its share; the implementation of such rows "
      + "ends with \(WorkloadFacts.handicapMark)"
  }
}

extension [Handicap] {
  /// The share that is added to a layer's time: 0.15 for 15 %.
  func share(backend: String, layer: String) -> Double {
    last { $0.layer == layer && ($0.backend ?? backend) == backend }.map { $0.percent / 100 } ?? 0
  }
}

extension GroupRunner {
  /// Finds out what of a prepared workload is slowed down, and labels it.
  func handicap(_ index: Int) {
    guard !options.handicaps.isEmpty, !options.isCheckOnly else { return }
    let backend = slots[index].contender.backend.name
    func label(_ layer: String) -> String {
      let share = options.handicaps.share(backend: backend, layer: layer)
      return Handicap(layer: layer, percent: share * 100).percentText
    }
    guard place.node == nil else {
      slots[index].handicap = options.handicaps.share(backend: backend, layer: place.layer)
      guard slots[index].handicap > 0 else { return }
      slots[index].row.facts.implementation += WorkloadFacts.handicapMark + label(place.layer)
      return
    }
    if slots[index].steps.isEmpty,
      options.handicaps.contains(where: { $0.backend ?? backend == backend })
    {
      record.warnings.append(
        "--handicap does nothing in the net of \(backend), which does not tell how long its steps "
          + "take")
    }
    var texts: [String] = []
    slots[index].stepHandicaps = slots[index].steps.map { step in
      guard let main = step.nodes.first, !step.isElided else { return 0 }
      let layer = place.graph.nodes[main].layer.name
      let share = options.handicaps.share(backend: backend, layer: layer)
      if share > 0 { texts.append("\(layer)=\(label(layer))") }
      return share
    }
    for (step, share) in slots[index].stepHandicaps.enumerated() where share > 0 {
      let main = place.graph.nodes[slots[index].steps[step].nodes[0]].layer.name
      slots[index].steps[step].facts.implementation += WorkloadFacts.handicapMark + label(main)
    }
    if !texts.isEmpty {
      slots[index].row.facts.implementation +=
        WorkloadFacts.handicapMark + "(" + texts.joined(separator: " ") + ")"
    }
    for layer in slots[index].coverage where layer.status != .ok {
      guard options.handicaps.share(backend: backend, layer: layer.layer) > 0 else { continue }
      record.warnings.append(
        "--handicap of \(layer.layer) does nothing in the net of \(backend): the layer is "
          + "\(layer.status.rawValue) there (\(layer.reason))")
    }
  }

  /// Looks at the steps of nets before they are timed.
  func learnNetHandicaps() throws {
    for index in alive where slots[index].stepHandicaps.contains(where: { $0 > 0 }) {
      let block = BlockRequest(
        iterations: 1, isPrimed: true, stepHandicaps: slots[index].stepHandicaps)
      guard let steps = try ask(index, { try host.timeSteps($0, block) }) else { continue }
      learnNetHandicap(steps, index)
    }
  }

  /// Learns from the steps of a net how much its handicapped layers add to the whole.
  func learnNetHandicap(_ measured: StepMeasurement, _ index: Int) {
    guard slots[index].stepHandicaps.contains(where: { $0 > 0 }) else { return }
    var own = 0.0
    var added = 0.0
    for (time, share) in zip(measured.stepNanoseconds, slots[index].stepHandicaps) {
      let without = Double(time) / (1 + share)
      own += without
      added += without * share
    }
    slots[index].handicap = own > 0 ? added / own : 0
  }
}
