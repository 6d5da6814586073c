import OrderedCollections
import Results

/// For each event: its count per multiply-add of the direct algorithm, layer by layer.
func counterPlots(_ view: RunView) -> Outcome {
  let rows = view.files.counters.filter {
    $0.key.pass != .inNet && $0.source != CounterRow.derivedSource
      && ($0.perCall ?? 0).isPositiveFinite && (view.layer(of: $0.key)?.multiplyAdds ?? 0) > 0
  }
  return Outcome(
    plots: RunView.groups(rows, \.key).map { counterPlot(view, $0.key, $0.rows) },
    reason: view.files.counters.isEmpty
      ? "the run has no counters.csv; 'alexbench run --counters auto' makes one"
      : "no event was counted in a layer with multiply-adds")
}

private struct Event: Hashable {
  var source: String
  var event: String
  var title: String { "\(event) (\(source))" }
}

private func counterPlot(_ view: RunView, _ group: GroupKey, _ rows: [CounterRow]) -> Plot {
  let series = view.series(in: rows, \.key)
  let slots = Dictionary(uniqueKeysWithValues: series.enumerated().map { ($1, $0) })
  let all = layers(of: rows, \.key)
  var weights: [LayerKey: Double] = [:]
  for row in rows { weights[LayerKey(row.key)] = Double(view.layer(of: row.key)!.multiplyAdds) }
  let slotPixels = series.count * 7 + 10
  let layers = largest(all, limit: min(max(1900 / slotPixels, 4), 16)) { weights[$0]! }
  let places = places(of: layers)
  let shown = rows.filter { places[LayerKey($0.key)] != nil }
  // The processor's own events first; the ladder's order within.
  let events = OrderedSet(
    [false, true].flatMap { isSystem in
      shown.filter { ["perf-software", "rusage"].contains($0.source) == isSystem }
        .map { Event(source: $0.source, event: $0.event) }
    })
  let drawn = Array(events.prefix(6))

  var data = DataBlocks()
  let counter = FileFields(
    .counters, identityColumns + ["source", "event", "status", "per_call"])
  let layerFields = FileFields(.layers, ["multiply_adds"])
  let columns = min(max(1200 / (slotPixels * layers.count + 116), 1), 2, drawn.count)
  let width = max(1200, slotPixels * layers.count + 116)
  let step = 0.84 / Double(series.count)
  let tics = Sheet.Panel.nameTics(
    "x", layers.map(\.name), room: (width / columns - 116) / layers.count)
  var hasUncertain = false
  var panels: [Sheet.Panel] = []
  for event in drawn {
    var parts: [String] = []
    var values: [Double] = []
    for of in series {
      for isCertain in [true, false] {
        let own = shown.filter {
          $0.source == event.source && $0.event == event.event
            && view.series(of: $0.key) == of && ($0.status == "ok") == isCertain
        }
        values += own.map { $0.perCall! / weights[LayerKey($0.key)]! }
        let block = data.add(
          columns: ["x"] + counter.names + layerFields.names,
          rows: own.map { row in
            let x = Double(places[LayerKey(row.key)]!) - 0.42 + step * (Double(slots[of]!) + 0.5)
            return [x.description] + counter.texts(row)
              + layerFields.texts(view.layer(of: row.key)!)
          })
        guard !block.isEmpty else { continue }
        if !isCertain { hasUncertain = true }
        parts.append(
          "\(block.name) using \(block.index("x")):(\(block["per_call"])/"
            + "\(block["multiply_adds"])) with points "
            + "pt \(isCertain ? of.point : Style.hollow(of.point)) ps 0.6 lc rgb '\(of.color)'")
      }
    }
    let isTime = ["-time", "-clock", "-wait"].contains(where: event.event.hasSuffix)
    var panel = Sheet.Panel(title: event.title, commands: [])
    panel.bottom = tics.pixels + 8
    panel.left = 100
    panel.commands = [
      tics.command,
      "set ylabel '\(isTime ? "ns" : "events") per multiply-add'",
      "set xrange [0.5:\(Double(layers.count) + 0.5)]",
      "set format y '%.1e'", "set grid ytics lt 1 lc rgb '#E0E0E0' lw 0.7",
    ]
    panel.commands += LogRange(values).commands("y")
    panel.stripe(layers.count)
    panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
    panels.append(panel)
  }
  var sheet = Sheet(
    title: "Counted per multiply-add: \(group.title)", width: width,
    panelHeight: 220 + tics.pixels, columns: columns, panels: panels)
  sheet.legend = series.map { ($0.mark, $0.label) }
  sheet.notes.append("Multiply-adds are those of the direct algorithm, whatever ran.")
  if hasUncertain {
    sheet.notes.append("Hollow symbols are advisory or extrapolated, see counters.csv.")
  }
  if drawn.count < events.count {
    let names = events[drawn.count...].map(\.title).joined(separator: ", ")
    sheet.notes.append("Not shown: \(names).")
  }
  if layers.count < all.count {
    sheet.notes.append(
      "\(count(all.count - layers.count, "layer")) of fewer multiply-adds left out.")
  }
  return sheet.plot(.counters, name: "counters-\(group.name)", data: data, source: view.source)
}
