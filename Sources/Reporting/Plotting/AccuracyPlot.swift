import Results

/// For each layer with weights and the net: error against the float64 reference over time.
func accuracyPlots(_ view: RunView) -> Outcome {
  Outcome(
    plots: view.timedGroups.compactMap { group in
      let rows = group.rows.filter {
        weightedKinds.contains($0.key.kind) && ($0.workload.check.nrmse ?? .nan).isFinite
      }
      return rows.isEmpty ? nil : accuracyPlot(view, group.key, rows)
    }, reason: "no layer with weights, and no net, was timed and checked")
}

/// Kinds whose results hold rounding errors worth a picture.
let weightedKinds: Set<String> = ["convolution", "inner_product", "network"]

private func accuracyPlot(_ view: RunView, _ group: GroupKey, _ rows: [SummaryRow]) -> Plot {
  let series = view.series(in: rows, \.key)
  let all = layers(of: rows, \.key)
  var flops: [LayerKey: Double] = [:]
  for row in rows { flops[LayerKey(row.key)] = Double(row.work.flopsAlgorithmic ?? 0) }
  let layers = largest(all, limit: 12) { flops[$0]! }
  let shown = Set(layers)
  let errors = rows.filter { shown.contains(LayerKey($0.key)) }.map { $0.workload.check.nrmse! }
  let isExact = errors.contains(0)
  let least = errors.filter(\.isPositiveFinite).min() ?? 1e-8
  // Errors of zero, for which a logarithmic axis has no place, stand at its foot.
  let foot = least / 4
  let range = LogRange(isExact ? errors + [foot] : errors, room: 1.6)

  var data = DataBlocks()
  let fields = FileFields(.summary, identityColumns + ["tile", "median_ns", "nrmse"])
  let columns = min(layers.count, 3)
  var hasTiles = false
  var panels: [Sheet.Panel] = []
  for layer in layers {
    let own = rows.filter { LayerKey($0.key) == layer }
    var parts: [String] = []
    for of in series {
      let block = data.add(
        places: [], fields, own.filter { view.series(of: $0.key) == of }.map { ([], $0) })
      guard !block.isEmpty else { continue }
      let place =
        "(\(block["median_ns"])/1e6):(\(block["nrmse"])>0?\(block["nrmse"]):\(foot))"
      parts.append(
        "\(block.name) using \(place) with points pt \(of.point) ps 0.75 lc rgb '\(of.color)'")
    }
    let times = LogRange(own.map { $0.time.median! / 1e6 }, room: 1.6)
    let tiled = data.add(places: [], fields, tileLabels(own, times, range).map { ([], $0) })
    if !tiled.isEmpty {
      hasTiles = true
      parts.append(
        "\(tiled.name) using (\(tiled["median_ns"])/1e6):\(tiled.index("nrmse")):"
          + "(\(tiled.text("tile"))) with labels left offset 0.9,0 font ',10'")
    }
    var panel = Sheet.Panel(title: layer.name, commands: [])
    panel.commands = [
      "set xlabel 'time per call, ms' offset 0,0.4", "set ylabel 'nrmse'", "set format y '%.0e'",
      "set grid xtics ytics lt 1 lc rgb '#E0E0E0' lw 0.7",
    ]
    panel.commands += times.commands("x")
    panel.commands += range.commands("y", mantissas: [1, 2, 5])
    if isExact { panel.commands.append("set ytics add ('0' \(foot))") }
    panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
    panels.append(panel)
  }
  var sheet = Sheet(
    title: "Accuracy against speed: \(group.title)", panelHeight: columns == 1 ? 480 : 270,
    columns: columns, panels: panels)
  sheet.legend = series.map { ($0.mark, $0.label) }
  sheet.notes.append(
    "Left is faster, below more accurate: nrmse is the root-mean-square error against the float64 "
      + "reference over the root mean square of that.")
  if hasTiles {
    sheet.notes.append("F(…) beside a symbol is the tile of a Winograd convolution.")
  }
  if layers.count < all.count {
    sheet.notes.append("\(count(all.count - layers.count, "layer")) of fewer operations left out.")
  }
  return sheet.plot(.accuracy, name: "accuracy-\(group.name)", data: data, source: view.source)
}

/// The rows whose tile is written at the right of their symbol: the fastest of each Winograd tile
/// that has no other symbol there. A library's names of primitives are too long for that.
private func tileLabels(
  _ rows: [SummaryRow], _ times: LogRange, _ errors: LogRange
) -> [SummaryRow] {
  var chosen: [SummaryRow] = []
  var tiles: Set<String> = []
  func place(_ row: SummaryRow) -> (x: Double, y: Double) {
    let error = max(row.workload.check.nrmse!, errors.low)
    return (
      300 * logarithm(row.time.median! / 1e6 / times.low) / logarithm(times.high / times.low),
      200 * logarithm(error / errors.low) / logarithm(errors.high / errors.low)
    )
  }
  for row in rows.sorted(by: { $0.time.median! < $1.time.median! }) {
    let tile = row.workload.facts.tile
    guard tile.hasPrefix("F("), (row.workload.check.nrmse ?? 0) > 0 else { continue }
    let own = place(row)
    let isCovered = rows.contains {
      let other = place($0)
      return $0.key != row.key && other.x > own.x - 8 && other.x < own.x + 90
        && abs(own.y - other.y) < 14
    }
    if !isCovered, tiles.insert(tile).inserted { chosen.append(row) }
  }
  return chosen
}
