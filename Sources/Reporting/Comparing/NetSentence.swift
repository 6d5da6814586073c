import OrderedCollections
import Results

extension BackendComparison {
  /// Which float32 backend is the fastest at the full net, in a sentence: of one setting with its interval, of several
  /// how many settings have the same answer. Nil for a run that compares no nets.
  package var netSentence: String? {
    let settings = OrderedDictionary(grouping: rows.filter { $0.key.pass == .net }, by: \.key)
    guard let first = settings.elements.first else { return nil }
    let fastest = OrderedDictionary(
      winners.filter { $0.key.pass == .net && !lessPrecise.contains($0) }.map { ($0.key, $0) },
      uniquingKeysWith: { one, _ in one })
    if settings.count == 1 {
      return Self.sentence(
        "the full net (\(GroupKey(first.key).title))", first.value, fastest[first.key])
    }
    let names = OrderedDictionary(
      grouping: settings.keys.compactMap { key in fastest[key].map { (key, $0) } },
      by: { $0.1.backend })
    if let only = names.keys.first, names[only]?.count == settings.count {
      let ratios = names.values[0].compactMap { key, winner in
        Self.row(of: winner, in: settings[key] ?? [])?.ratio
      }
      let range = ratios.min().flatMap { low in ratios.max().map { (low, $0) } }
      return "\(only) is the fastest at the full net in all \(settings.count) settings"
        + (range.map {
          ": \(NumberText.ratio($0.0)) to \(NumberText.ratio($0.1)) times the time of \(base)."
        } ?? ".")
    }
    let told = names.map { "\($0.key) in \($0.value.count)" }
    let untold = settings.count - names.values.reduce(0) { $0 + $1.count }
    let parts = told + (untold > 0 ? ["not told in \(untold)"] : [])
    return "The fastest at the full net in \(settings.count) settings: "
      + parts.joined(separator: ", ") + "."
  }

  private static func row(of winner: Winner, in rows: [BackendRatioRow]) -> BackendRatioRow? {
    rows.first { $0.contender == winner.backend && $0.contenderISA == winner.isa }
  }

  private static func sentence(
    _ net: String, _ rows: [BackendRatioRow], _ winner: Winner?
  ) -> String {
    guard let winner else {
      return "At \(net) the intervals do not allow to name a fastest of \(rows.count + 1) backends."
    }
    let start = "\(winner.backend) is the fastest at \(net)"
    func reach(_ row: BackendRatioRow) -> String {
      let interval = BackendComparison.interval(row.intervalLower, row.intervalUpper)
      return interval.isEmpty ? "" : " (\(interval))"
    }
    if let row = row(of: winner, in: rows), let ratio = row.ratio {
      return "\(start): \(NumberText.ratio(ratio)) times the time of \(row.baseline)\(reach(row))."
    }
    // The base itself: the next one tells by how much.
    let next = rows.filter { $0.ratio != nil }.min { ($0.ratio ?? 0) < ($1.ratio ?? 0) }
    guard let next, let ratio = next.ratio else { return start + "." }
    return "\(start): the next, \(next.contender), takes \(NumberText.ratio(ratio)) times as long"
      + "\(reach(next))."
  }
}
