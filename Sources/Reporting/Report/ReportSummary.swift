import OrderedCollections
import Results

/// What a run says in a sentence per full net; of several nets, in one for all first.
struct ReportSummary {
  let sentences: [String]

  init(_ files: RunFiles, _ comparison: BackendComparison) {
    let cpu = files.environment.host.cpu
    let processor = cpu.brand ?? cpu.vendor ?? "an unknown processor"
    let place =
      "On \(files.environment.host.isVirtual == true ? "a virtual \(processor)" : processor)"
    let nets = files.summary.filter { $0.key.pass == .net && $0.time.median != nil }
    guard !nets.isEmpty else {
      let count = files.summary.count { $0.time.median != nil }
      sentences = ["\(place), \(count) layers and backends were timed, and no full net."]
      return
    }
    let winners = Dictionary(
      comparison.winners.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let ratios = Dictionary(grouping: comparison.rows, by: \.key)
    let groups = OrderedDictionary(grouping: nets) { GroupKey($0.key).title }
    let all = groups.count > 1 ? [comparison.netSentence].compactMap(\.self) : []
    sentences =
      all
      + groups.map { title, rows in
        let key = pairKey(rows[0].key)
        return "\(place), the full net (\(title)) "
          + Self.sentence(rows, winner: winners[key], ratios: ratios[key] ?? [])
      }
  }

  private static func sentence(_ rows: [SummaryRow], winner: Winner?, ratios: [BackendRatioRow])
    -> String
  {
    func name(_ row: SummaryRow) -> String {
      rows.count { $0.key.backend == row.key.backend } > 1
        ? "\(row.key.backend) (\(row.key.isa))" : row.key.backend
    }
    func takes(_ row: SummaryRow) -> String {
      "takes \(NumberText.milliseconds(row.time.median ?? 0)) ms with \(name(row))"
    }
    if let winner,
      let row = rows.first(where: { $0.key.backend == winner.backend && $0.key.isa == winner.isa })
    {
      let ratio = ratios.first {
        $0.contender == winner.backend && $0.contenderISA == winner.isa
      }
      guard let ratio, let value = ratio.ratio, let lower = ratio.intervalLower,
        let upper = ratio.intervalUpper
      else { return "\(takes(row)), the fastest of those compared." }
      return "\(takes(row)), the fastest: \(NumberText.ratio(value)) times the time of "
        + "\(ratio.baseline) (\(NumberText.ratio(lower)) to \(NumberText.ratio(upper)))."
    }
    let fastest = rows.min { ($0.time.median ?? 0) < ($1.time.median ?? 0) }!
    return takes(fastest)
      + (rows.count == 1
        ? "." : "; the intervals do not allow to name a fastest of \(rows.count) backends.")
  }
}
