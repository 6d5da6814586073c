import OrderedCollections
import Results

/// A bar per backend: the steps inside the full forward, one after the other, coloured by stage; a
/// diamond for the net that was timed on its own.
func stagePlots(_ view: RunView) -> Outcome {
  let steps = view.files.summary.filter {
    $0.key.pass == .inNet && ($0.time.median ?? 0).isPositiveFinite
  }
  let nets = view.files.summary.filter {
    $0.key.pass == .net && $0.key.layerIndex < 0 && ($0.time.median ?? 0).isPositiveFinite
  }
  return Outcome(
    plots: RunView.groups(steps, \.key).map { group in
      stagePlot(view, group.key, group.rows, nets.filter { GroupKey($0.key) == group.key })
    }, reason: "no steps inside a net were timed (pass in-net)")
}

private func stagePlot(
  _ view: RunView, _ group: GroupKey, _ steps: [SummaryRow], _ nets: [SummaryRow]
) -> Plot {
  var totals: [Series: Double] = [:]
  for row in steps { totals[view.series(of: row.key), default: 0] += row.time.median! }
  var ends = totals
  for row in nets {
    let of = view.series(of: row.key)
    ends[of] = max(ends[of] ?? 0, row.time.median!, row.time.intervalUpper ?? 0)
  }
  let series = totals.keys.sorted { (ends[$0]!, $0.index) < (ends[$1]!, $1.index) }
  let bars = places(of: series)
  // A backend that is many times slower would leave the others no room: its bar runs out.
  let fastest = ends.values.min()!
  let limit = ends.values.filter { $0 <= 8 * fastest }.max()! * 1.13
  let isCut = ends.values.contains { $0 > limit }

  var shares: OrderedDictionary<String, Double> = [:]
  for row in steps.sorted(by: { $0.key.layerIndex < $1.key.layerIndex }) {
    let stage = row.key.stage
    shares[stage] = max(shares[stage] ?? 0, row.time.median! / totals[view.series(of: row.key)]!)
  }
  let named = Set(shares.keys.sorted { shares[$0]! > shares[$1]! }.prefix(24))
  let isReorder = { (row: SummaryRow) in row.key.kind == "reorder" }
  let fields = FileFields(.summary, identityColumns + ["median_ns"])

  var data = DataBlocks()
  var parts: [String] = []
  var legend: [(mark: Sheet.Mark, text: String)] = []
  var hasReorders = false
  var hasOthers = false
  func add(_ rows: [SummaryRow], fill: String, color: String) {
    guard !rows.isEmpty else { return }
    let places = rows.sorted { $0.key.layerIndex < $1.key.layerIndex }.map {
      ([Double(bars[view.series(of: $0.key)]!)], $0)
    }
    let block = data.add(places: ["bar"], fields, places)
    let bar = block["bar"]
    let value = "\(block["median_ns"])/1e6"
    parts.append(
      "\(block.name) using (ends[\(bar)]=ends[\(bar)]+\(value), ends[\(bar)]):\(block.index("bar")):"
        + "(ends[\(bar)]-\(value)):(ends[\(bar)]):(\(bar)-0.36):(\(bar)+0.36) "
        + "with boxxyerror fs \(fill) border lc rgb 'black' lw 0.5 fc rgb '\(color)'")
  }
  for (index, stage) in shares.keys.enumerated() {
    let own = steps.filter { $0.key.stage == stage }
    let reorders = own.filter(isReorder)
    hasReorders = hasReorders || !reorders.isEmpty
    add(reorders, fill: "solid 1", color: "#000000")
    let isNamed = named.contains(stage)
    let fill = isNamed ? Style.fill(index) : "solid 0.5"
    let color = isNamed ? Style.fillColor(index) : "#BBBBBB"
    add(own.filter { !isReorder($0) }, fill: fill, color: color)
    if isNamed { legend.append((.box(fill: fill, color: color), stage)) } else { hasOthers = true }
  }
  if hasOthers { legend.append((.box(fill: "solid 0.5", color: "#BBBBBB"), "other stages")) }
  if hasReorders { legend.append((.box(fill: "solid 1", color: "#000000"), "changes of layout")) }

  let net = data.add(
    places: ["bar"],
    FileFields(.summary, identityColumns + ["median_ns", "ci95_lo_ns", "ci95_hi_ns"]),
    nets.compactMap { row in bars[view.series(of: row.key)].map { ([Double($0)], row) } })
  if !net.isEmpty {
    let bar = net.index("bar")
    let median = "\(net["median_ns"])/1e6"
    parts.append(
      "\(net.name) using (\(net["ci95_lo_ns"])/1e6):\(bar):"
        + "((\(net["ci95_hi_ns"])-\(net["ci95_lo_ns"]))/1e6):(0) with vectors nohead lw 2 "
        + "lc rgb 'black'")
    parts.append("\(net.name) using (\(median)):\(bar) with points pt 13 ps 0.75 lc rgb 'white'")
    parts.append("\(net.name) using (\(median)):\(bar) with points pt 12 ps 0.75 lc rgb 'black'")
    // In a column at the right, where no bar and no interval is.
    parts.append(
      "\(net.name) using (\(limit / 1e6)):\(bar):"
        + "(sprintf(\(median) > \(limit / 1e6) ? '→ %.4g' : '%.4g', \(median))) "
        + "with labels left offset 1,0 font ',11'")
    legend.append((.point(12, color: "black"), "net, timed on its own"))
  }

  let rowPixels = series.count <= 12 ? 34 : 20
  let tics = Sheet.Panel.nameTics("y", series.map(\.label), room: rowPixels, limit: 240)
  var panel = Sheet.Panel(commands: [])
  panel.left = tics.pixels + 16
  panel.right = 90
  panel.commands = [
    "array ends[\(series.count)]", "do for [i=1:\(series.count)] { ends[i] = 0 }",
    "set xlabel 'time per call, ms'", tics.command,
    "set xrange [0:\(limit / 1e6)]", "set yrange [\(Double(series.count) + 0.5):0.5]",
    "set grid xtics lt 1 lc rgb '#D8D8D8' lw 0.7",
    "set label 'net, ms' at graph 1, graph 1 left offset 1,0.6 font ',11'",
    "plot " + parts.joined(separator: ", \\\n  "),
  ]
  var sheet = Sheet(
    title: "Full net by stages: \(group.title)",
    panelHeight: series.count * rowPixels + panel.bottom + 24, panels: [panel])
  sheet.legend = legend
  sheet.notes.append(
    "Each piece is the median of a step inside the full forward; steps of a stage have one fill. "
      + "Diamonds and numbers are medians of the net alone, lines through them 95\u{a0}% intervals."
  )
  if isCut { sheet.notes.append("Bars with an arrow run out of the picture.") }
  return sheet.plot(.stages, name: "stages-\(group.name)", data: data, source: view.source)
}
