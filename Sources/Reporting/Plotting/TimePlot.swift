import Results

/// Layers across, backends side by side: median, 95 % interval, single blocks as strokes.
func timePlots(_ view: RunView) -> Outcome {
  Outcome(
    plots: view.timedGroups.map { timePlot(view, $0.key, $0.rows) }, reason: "nothing was timed")
}

private func timePlot(_ view: RunView, _ group: GroupKey, _ rows: [SummaryRow]) -> Plot {
  let series = view.series(in: rows, \.key)
  let slots = Dictionary(uniqueKeysWithValues: series.enumerated().map { ($1, $0) })
  let all = layers(of: rows, \.key)
  var slowest: [LayerKey: Double] = [:]
  for row in rows {
    slowest[LayerKey(row.key)] = max(slowest[LayerKey(row.key)] ?? 0, row.time.median!)
  }

  // A row of panels holds as many layers as leave every backend some pixels.
  let slotPixels = max(series.count * 8 + 16, 44)
  let axis = 1200 - 96
  let perRow = max(axis / slotPixels, 1)
  let layers = largest(all, limit: perRow * 10) { slowest[$0]! }
  let rowCount = (layers.count + perRow - 1) / perRow
  let width = max(1200, slotPixels + 96)
  let perPanel = (layers.count + rowCount - 1) / rowCount

  var data = DataBlocks()
  let sampleLimit = max(4000 / max(rows.count, 1), 6)
  let half = 0.42
  let step = 2 * half / Double(series.count)
  let stroke = min(step * 0.42, 0.06)
  var thinnedCount = 0
  var panels: [Sheet.Panel] = []
  let identity = FileFields(.summary, identityColumns + ["median_ns", "ci95_lo_ns", "ci95_hi_ns"])
  let raw = FileFields(
    .samples, identityColumns + ["launch", "round", "position", "wall_ns", "block_iterations"])
  for start in stride(from: 0, to: layers.count, by: perPanel) {
    let own = Array(layers[start..<min(start + perPanel, layers.count)])
    let places = places(of: own)
    var medians: [Series: [([Double], SummaryRow)]] = [:]
    var blocks: [Series: [([Double], SampleRow)]] = [:]
    var values: [Double] = []
    for row in rows {
      guard let place = places[LayerKey(row.key)] else { continue }
      let of = view.series(of: row.key)
      let x = Double(place) - half + step * (Double(slots[of]!) + 0.5)
      medians[of, default: []].append(([x], row))
      values += [row.time.median, row.time.intervalLower, row.time.intervalUpper].compactMap(\.self)
      let samples = view.samples(of: row.key)
      if samples.count > sampleLimit { thinnedCount += 1 }
      for sample in thinned(samples, to: sampleLimit) {
        blocks[of, default: []].append(([x], sample))
        values.append(
          Double(sample.block.wallNanoseconds) / Double(max(sample.block.iterations, 1)))
      }
    }
    var parts: [String] = []
    for of in series {
      let block = data.add(places: ["x"], raw, blocks[of] ?? [])
      if !block.isEmpty {
        parts.append(
          "\(block.name) using (\(block["x"])-\(stroke)):"
            + "(\(block["wall_ns"])/\(block["block_iterations"])/1e6):(\(2 * stroke)):(0) "
            + "with vectors nohead lw 0.6 lc rgb '\(of.color)'")
      }
    }
    for of in series {
      let block = data.add(places: ["x"], identity, medians[of] ?? [])
      guard !block.isEmpty else { continue }
      parts.append(
        "\(block.name) using \(block.index("x")):(\(block["ci95_lo_ns"])/1e6):(0):"
          + "((\(block["ci95_hi_ns"])-\(block["ci95_lo_ns"]))/1e6) with vectors nohead lw 1.6 "
          + "lc rgb 'black'")
      parts.append(
        "\(block.name) using \(block.index("x")):(\(block["median_ns"])/1e6) with points "
          + "pt \(of.point) ps \(series.count <= 12 ? 0.6 : 0.5) lc rgb '\(of.color)'")
    }
    let tics = Sheet.Panel.nameTics("x", own.map(\.name), room: axis / own.count)
    var panel = Sheet.Panel(commands: [])
    panel.bottom = tics.pixels + 8
    panel.commands = [
      "set ylabel 'time per call, ms'", tics.command,
      "set xrange [0.5:\(Double(own.count) + 0.5)]",
      "set grid ytics lt 1 lc rgb '#D8D8D8' lw 0.7",
    ]
    panel.commands += LogRange(values.map { $0 / 1e6 }).commands("y")
    panel.stripe(own.count)
    panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
    panels.append(panel)
  }
  let tallest = panels.map(\.bottom).max() ?? 0
  var sheet = Sheet(
    title: "Time per layer: \(group.title)", width: width,
    panelHeight: (rowCount == 1 ? 420 : 250) + tallest, panels: panels)
  sheet.legend = series.map { ($0.mark, $0.label) }
  sheet.notes.append(
    "Symbols are medians, upright lines exact 95\u{a0}% intervals, strokes single timed blocks.")
  if thinnedCount > 0 {
    sheet.notes.append("At most \(sampleLimit) blocks of a workload are shown.")
  }
  if layers.count < all.count {
    sheet.notes.append("\(count(all.count - layers.count, "layer")) with the least time left out.")
  }
  return sheet.plot(.time, name: "time-\(group.name)", data: data, source: view.source)
}
