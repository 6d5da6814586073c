import Results

/// A table of ratios as colours: layers down, backends across.
func speedupPlots(_ view: RunView) -> Outcome {
  let rows = view.files.compare
  let usable = rows.filter { $0.key.pass != .inNet && ($0.ratio ?? 0).isPositiveFinite }
  return Outcome(
    plots: RunView.groups(usable, \.key).map { speedupPlot(view, $0.key, $0.rows) },
    reason: rows.isEmpty
      ? "there are no pairs of backends in compare.csv; 'alexbench summarise' writes that of an "
        + "older run"
      : "no backend was timed in the same rounds as the base")
}

extension BackendRatioRow {
  /// The workload of the contender.
  fileprivate var contenderKey: WorkloadKey {
    var key = key
    key.backend = contender
    key.isa = contenderISA
    return key
  }
}

private func speedupPlot(_ view: RunView, _ group: GroupKey, _ rows: [BackendRatioRow]) -> Plot {
  let series = view.series(in: rows, \.contenderKey)
  let layers = layers(of: rows, \.key)
  let columns = places(of: series)
  let lines = places(of: layers)
  let delegated = Set(
    view.files.workloads.filter { !$0.facts.delegatedTo.isEmpty }.map(\.key))

  var data = DataBlocks()
  let fields = FileFields(
    .compare,
    [
      "network", "layer", "threads", "batch", "pass", "cache", "baseline", "baseline_isa",
      "contender", "contender_isa", "ratio_median", "verdict",
    ])
  let block = data.add(
    columns: ["column", "line", "handed_on"] + fields.names,
    rows: rows.map { row in
      [
        String(columns[view.series(of: row.contenderKey)]!), String(lines[LayerKey(row.key)]!),
        delegated.contains(row.contenderKey) ? "1" : "0",
      ] + fields.texts(row)
    })
  let (x, y) = (block["column"], block["line"])
  let speedup = "1/\(block["ratio_median"])"

  let cell = max(min(900 / series.count, 110), 38)
  let isNarrow = cell < 56
  let side = Sheet.Panel.nameTics("y", layers.map(\.name), room: 22, limit: 200)
  let below = Sheet.Panel.nameTics("x", series.map(\.label), room: cell, limit: 200)
  var panel = Sheet.Panel(commands: [])
  panel.left = side.pixels + 16
  panel.right = 24
  panel.bottom = below.pixels + 8
  let axis = cell * series.count
  let width = max(axis + panel.left + panel.right, 760)
  panel.right = width - axis - panel.left
  let text =
    "(s=\(speedup), (\(block["handed_on"])==1?'→':'').sprintf(s<0.00995?'%.4f':s<9.995?'%.2f':"
    + "s<99.95?'%.1f':'%.0f',s).((\(block.text("verdict")) eq 'faster'||"
    + "\(block.text("verdict")) eq 'slower')?'*':''))"
  panel.commands = [
    side.command, below.command, "unset border",
    "set xrange [0.5:\(Double(series.count) + 0.5)]",
    "set yrange [\(Double(layers.count) + 0.5):0.5]",
    "set cbrange [-2:2]",
    // Light enough at both ends for black digits.
    "set palette defined (-2 '#E69F00', -1 '#F3CF85', 0 '#FFFFFF', 1 '#A6D6F2', 2 '#56B4E9')",
    "set object rect from graph 0,0 to graph 1,1 fs solid noborder fc rgb '#E2E2E2' behind",
    "plot \(block.name) using \(block.index("column")):\(block.index("line")):"
      + "(\(x)-0.48):(\(x)+0.48):(\(y)-0.46):(\(y)+0.46):"
      + "(s=log(\(speedup))/log(2), s<-2?-2:s>2?2:s) with boxxyerror fs solid 1 noborder "
      + "lc palette, \\\n  \(block.name) using \(block.index("column")):"
      + "\(block.index("line")):\(text) with labels font ',\(isNarrow ? 9 : 11)'",
  ]
  let base = rows[0].baseline
  var sheet = Sheet(
    title: "Speed-up against \(base): \(group.title)", width: width,
    panelHeight: layers.count * 22 + panel.bottom + 8, panels: [panel])
  sheet.legend = [
    (.box(fill: "solid 1", color: "#56B4E9"), "4 times as fast as \(base), or more"),
    (.box(fill: "solid 1", color: "#FFFFFF"), "as fast"),
    (.box(fill: "solid 1", color: "#E69F00"), "4 times slower, or more"),
    (.box(fill: "solid 1", color: "#E2E2E2"), "no time of its own"),
  ]
  sheet.notes.append(
    "1 over the median ratio of times in the same rounds. * its interval, corrected for the number "
      + "of comparisons, leaves 1 outside.")
  if rows.contains(where: { delegated.contains($0.contenderKey) }) {
    sheet.notes.append("→ the layer was handed to another backend.")
  }
  return sheet.plot(.speedup, name: "speedup-\(group.name)", data: data, source: view.source)
}
