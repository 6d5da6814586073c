import Results

/// For the net and the slowest layers: every timed block in the order of time, as percent off the
/// workload's median.
func samplePlots(_ view: RunView) -> Outcome {
  Outcome(
    plots: view.timedGroups.compactMap { group in
      group.rows.contains { !view.samples(of: $0.key).isEmpty }
        ? samplePlot(view, group.key, group.rows) : nil
    }, reason: "samples.csv has no block of what is selected")
}

private func samplePlot(_ view: RunView, _ group: GroupKey, _ rows: [SummaryRow]) -> Plot {
  let series = view.series(in: rows, \.key)
  let slots = places(of: series)
  let all = layers(of: rows, \.key)
  var weights: [LayerKey: Double] = [:]
  // By the fastest backend: that is where a share of the net counts.
  for row in rows {
    let key = LayerKey(row.key)
    weights[key] = min(weights[key] ?? .infinity, row.time.median!)
  }
  let layers = largest(all, limit: 9) { weights[$0]! }
  let columns = min(max(1200 / (series.count * 14 + 90), 1), 3, layers.count)
  let shown = Set(layers)
  let rows = rows.filter { shown.contains(LayerKey($0.key)) }
  let limit = max(3000 / rows.count, 8)

  var data = DataBlocks()
  let fields = FileFields(
    .samples,
    identityColumns + [
      "launch", "round", "position", "wall_ns", "block_iterations", "contaminated",
    ])
  let median = FileFields(.summary, ["median_ns"])
  var isThinned = false
  var contaminatedCount = 0
  var panels: [Sheet.Panel] = []
  for layer in layers {
    var clean: [Series: [[String]]] = [:]
    var touched: [[String]] = []
    for row in rows where LayerKey(row.key) == layer {
      let of = view.series(of: row.key)
      let samples = view.samples(of: row.key)
      let foreign = samples.count { $0.block.isContaminated }
      contaminatedCount += foreign
      let places = samples.enumerated().map { index, sample in
        let x = (Double(index) + 0.5) / Double(samples.count) - 0.5
        return (Double(slots[of]!) + 0.84 * x, sample)
      }
      for isContaminated in [false, true] {
        let own = places.filter { $0.1.block.isContaminated == isContaminated }
        let few = thinned(own, to: limit)
        isThinned = isThinned || few.count < own.count
        let texts = few.map { [$0.0.description] + fields.texts($0.1) + median.texts(row) }
        if isContaminated { touched += texts } else { clean[of, default: []] += texts }
      }
    }
    let names = ["x"] + fields.names + median.names
    func value(_ block: DataBlock) -> String {
      "\(block.index("x")):(100*(\(block["wall_ns"])/\(block["block_iterations"])/"
        + "\(block["median_ns"])-1))"
    }
    var parts: [String] = []
    for of in series {
      let block = data.add(columns: names, rows: clean[of] ?? [])
      guard !block.isEmpty else { continue }
      parts.append(
        "\(block.name) using \(value(block)) with points pt \(of.point) ps 0.33 "
          + "lc rgb '\(of.color)'")
    }
    let block = data.add(columns: names, rows: touched)
    if !block.isEmpty {
      parts.append(
        "\(block.name) using \(value(block)) with points pt 2 ps 0.55 lw 1.3 lc rgb 'black'")
    }
    guard !parts.isEmpty else { continue }
    var panel = Sheet.Panel(title: layer.name, commands: [])
    panel.bottom = 14
    panel.commands = [
      "set ylabel 'off the median, %'", "unset xtics", "set format y '%+g'",
      "set xrange [0.4:\(Double(series.count) + 0.6)]", "set offsets 0,0,graph 0.06,graph 0.06",
      "set grid ytics lt 1 lc rgb '#E0E0E0' lw 0.7",
      "set arrow from graph 0, first 0 to graph 1, first 0 nohead lw 0.8 lc rgb '#909090' back",
    ]
    if series.count > 1 { panel.stripe(series.count) }
    panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
    panels.append(panel)
  }
  var sheet = Sheet(
    title: "Every timed block: \(group.title)", panelHeight: columns == 1 ? 230 : 220,
    columns: columns, panels: panels)
  sheet.legend = series.map { ($0.mark, $0.label) }
  sheet.legend.append((.point(2, color: "black"), "contaminated"))
  sheet.notes.append(
    "Blocks of a backend stand in the order of time; \(contaminatedCount) of those here were "
      + "touched by other work.")
  if isThinned {
    sheet.notes.append(
      "At most \(limit) clean and as many contaminated blocks of a workload are shown.")
  }
  if layers.count < all.count {
    sheet.notes.append("\(count(all.count - layers.count, "layer")) of less time left out.")
  }
  return sheet.plot(.samples, name: "samples-\(group.name)", data: data, source: view.source)
}
