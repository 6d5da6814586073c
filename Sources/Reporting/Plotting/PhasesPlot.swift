import Results

/// For each layer with several phases: a bar per backend, divided by the share of each phase.
func phasePlots(_ view: RunView) -> Outcome {
  let rows = view.files.phases.filter { $0.key.pass != .inNet && $0.sharePercent.isFinite }
  // A layer that has one phase in every backend tells nothing.
  let divided = Set(rows.filter { $0.phase != "rest" && $0.phase != "reorder" }.map(layerOf))
  return Outcome(
    plots: RunView.groups(rows.filter { divided.contains(layerOf($0)) }, \.key).map {
      phasePlot(view, $0.key, $0.rows)
    },
    reason: rows.isEmpty
      ? "the run has no phases.csv; 'alexbench run --breakdown' makes one"
      : "no layer has more than one phase")
}

private struct LayerOfGroup: Hashable {
  var group: GroupKey
  var layer: LayerKey
}

private func layerOf(_ row: PhaseRow) -> LayerOfGroup {
  LayerOfGroup(group: GroupKey(row.key), layer: LayerKey(row.key))
}

private func phasePlot(_ view: RunView, _ group: GroupKey, _ rows: [PhaseRow]) -> Plot {
  let series = view.series(in: rows, \.key)
  let bars = places(of: series)
  let all = layers(of: rows, \.key)
  var weights: [LayerKey: Double] = [:]
  for row in rows {
    let key = LayerKey(row.key)
    weights[key] = max(weights[key] ?? 0, view.summary[row.key]?.time.median ?? 0)
  }
  let layers = largest(all, limit: min(max(144 / series.count, 4), 12)) { weights[$0]! }
  let known = [
    "gemm", "im2col", "pack", "input_transform", "output_transform", "reorder", "rest",
  ]
  let others = Set(rows.map(\.phase)).subtracting(known).sorted()
  let phases = (known + others).filter { phase in rows.contains { $0.phase == phase } }

  var data = DataBlocks()
  let fields = FileFields(.phases, identityColumns + ["phase", "ns", "share_pct"])
  let rowPixels = series.count <= 12 ? 26 : 17
  let tics = Sheet.Panel.nameTics("y", series.map(\.label), room: rowPixels, limit: 230)
  let columns = min(layers.count, tics.pixels > 150 ? 2 : 3)
  var panels: [Sheet.Panel] = []
  for layer in layers {
    var parts: [String] = []
    for (index, phase) in phases.enumerated() {
      let own = rows.filter { LayerKey($0.key) == layer && $0.phase == phase }
      let block = data.add(
        places: ["bar"], fields, own.map { ([Double(bars[view.series(of: $0.key)]!)], $0) })
      guard !block.isEmpty else { continue }
      let bar = block["bar"]
      let share = block["share_pct"]
      parts.append(
        "\(block.name) using (ends[\(bar)]=ends[\(bar)]+\(share), ends[\(bar)]):\(block.index("bar")):"
          + "(ends[\(bar)]-\(share)):(ends[\(bar)]):(\(bar)-0.38):(\(bar)+0.38) "
          + "with boxxyerror fs \(Style.fill(index)) border lc rgb 'black' lw 0.5 "
          + "fc rgb '\(Style.fillColor(index))'")
    }
    var panel = Sheet.Panel(title: layer.name, commands: [])
    panel.left = tics.pixels + 10
    panel.commands = [
      "array ends[\(series.count)]", "do for [i=1:\(series.count)] { ends[i] = 0 }",
      tics.command, "set xlabel '% of the time' offset 0,0.4", "set xrange [0:101]",
      "set xtics 0,20,100", "set yrange [\(Double(series.count) + 0.5):0.5]",
      "plot " + parts.joined(separator: ", \\\n  "),
    ]
    panels.append(panel)
  }
  var sheet = Sheet(
    title: "Where the time goes: \(group.title)",
    panelHeight: series.count * rowPixels + 52 + 30, columns: columns, panels: panels)
  sheet.legend = phases.enumerated().map { index, phase in
    (.box(fill: Style.fill(index), color: Style.fillColor(index)), phase)
  }
  sheet.notes.append(
    "Shares of the phases, from calls of their own that read the clock at every change; a backend "
      + "without a bar tells no phases of the layer.")
  if layers.count < all.count {
    sheet.notes.append("\(count(all.count - layers.count, "layer")) of less time left out.")
  }
  return sheet.plot(.phases, name: "phases-\(group.name)", data: data, source: view.source)
}
