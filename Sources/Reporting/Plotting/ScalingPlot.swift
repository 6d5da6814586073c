import OrderedCollections
import Results

/// Images per second over threads and over the batch; one plot per network, from several groups.
func scalingPlots(_ view: RunView) -> Outcome {
  // The net tells most; a run without one has layers.
  let timed = view.files.summary.filter {
    $0.key.pass != .inNet && ($0.time.median ?? 0).isPositiveFinite
  }
  let rowsOfNetwork = OrderedDictionary(grouping: timed) { row in
    var key = GroupKey(row.key)
    key.batch = 0
    key.threads = 0
    return key
  }
  return Outcome(
    plots: rowsOfNetwork.compactMap { key, rows in
      let nets = rows.filter { $0.key.pass == .net }
      return scalingPlot(view, key, nets.isEmpty ? rows : nets)
    }, reason: "nothing was timed with several numbers of threads or several batches")
}

/// - Parameter key: of the network; batch and threads do not count.
private func scalingPlot(_ view: RunView, _ key: GroupKey, _ rows: [SummaryRow]) -> Plot? {
  let slowest = rows.max { ($0.time.median!, $1.key.layer) < ($1.time.median!, $0.key.layer) }!
  let subject = LayerKey(slowest.key)
  let own = rows.filter { LayerKey($0.key) == subject }
  // Lines of many backends cannot be told apart: the fastest are shown.
  var best: [Series: Double] = [:]
  for row in own {
    let of = view.series(of: row.key)
    best[of] = max(best[of] ?? 0, Double(row.key.batch) / row.time.median!)
  }
  let fastest = Set(best.keys.sorted { (best[$0]!, $1.index) > (best[$1]!, $0.index) }.prefix(16))
  let rows = own.filter { fastest.contains(view.series(of: $0.key)) }
  let threads = Set(rows.map(\.key.threads)).sorted()
  let batches = Set(rows.map(\.key.batch)).sorted()
  let series = view.series(in: rows, \.key)
  let rates = rows.flatMap { row in
    [row.time.median, row.time.intervalLower, row.time.intervalUpper].compactMap {
      $0.map { Double(row.key.batch) * 1e9 / $0 }
    }
  }

  var data = DataBlocks()
  let fields = FileFields(
    .summary, identityColumns + ["median_ns", "ci95_lo_ns", "ci95_hi_ns"])
  var panels: [Sheet.Panel] = []
  func add(
    _ title: String, _ axis: String, _ column: String, _ values: [Int], _ own: [SummaryRow],
    _ value: (WorkloadKey) -> Int
  ) {
    guard Set(own.map { value($0.key) }).count > 1 else { return }
    var parts: [String] = []
    for (index, of) in series.enumerated() {
      let points = own.filter { view.series(of: $0.key) == of }
        .sorted { value($0.key) < value($1.key) }
      let block = data.add(places: [], fields, points.map { ([], $0) })
      guard !block.isEmpty else { continue }
      // Beside each other, so that intervals do not cover other symbols.
      let shift = 1 + 0.14 * ((Double(index) + 0.5) / Double(series.count) - 0.5)
      let x = "(\(block[column])*\(shift))"
      func rate(_ time: String) -> String { "(\(block["batch"])*1e9/\(block[time]))" }
      parts.append(
        "\(block.name) using \(x):\(rate("median_ns")) with lines lw 1 dt \(Style.dash(of.index)) "
          + "lc rgb '\(of.color)'")
      parts.append(
        "\(block.name) using \(x):\(rate("ci95_lo_ns")):(0):"
          + "(\(rate("ci95_hi_ns"))-\(rate("ci95_lo_ns"))) with vectors nohead lw 1.8 "
          + "lc rgb 'black'")
      parts.append(
        "\(block.name) using \(x):\(rate("median_ns")) with points pt \(of.point) ps 0.65 "
          + "lc rgb '\(of.color)'")
    }
    var panel = Sheet.Panel(title: title, commands: [])
    panel.commands = [
      "set logscale x", "set xlabel '\(axis)' offset 0,0.4", "set ylabel 'images per second'",
      "set xtics (\(values.map { "'\($0)' \($0)" }.joined(separator: ", ")))",
      "set xrange [\(Double(values[0]) / 1.2):\(Double(values[values.count - 1]) * 1.2)]",
      "set grid ytics lt 1 lc rgb '#E0E0E0' lw 0.7",
    ]
    panel.commands += LogRange(rates).commands("y")
    panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
    panels.append(panel)
  }
  for batch in batches {
    add("batch \(batch)", "threads", "threads", threads, rows.filter { $0.key.batch == batch }) {
      $0.threads
    }
  }
  for number in threads {
    add(
      count(number, "thread"), "batch", "batch", batches, rows.filter { $0.key.threads == number }
    ) { $0.batch }
  }
  guard !panels.isEmpty else { return nil }
  let columns = min(panels.count, panels.count == 4 ? 2 : 3)
  let what = subject.index < 0 ? key.network : "\(key.network), \(subject.name)"
  var sheet = Sheet(
    title: "Scaling with threads and batch: \(what)"
      + (key.cache == .warm ? "" : ", \(key.cache.rawValue) caches"),
    panelHeight: columns == 1 ? 480 : 340, columns: columns, panels: panels)
  sheet.legend = series.map { ($0.mark, $0.label) }
  sheet.notes.append(
    "Medians; upright lines are their 95\u{a0}% intervals. All panels have the same scale.")
  if fastest.count < best.count {
    sheet.notes.append("\(count(best.count - fastest.count, "slower backend")) left out.")
  }
  let name =
    GnuplotText.fileName(key.network) + (key.cache == .warm ? "" : "-\(key.cache.rawValue)")
  return sheet.plot(.scaling, name: "scaling-\(name)", data: data, source: view.source)
}
