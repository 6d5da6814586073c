import Results
import Statistics

/// Rates over intensity, both logarithmic, below the roofs that the run measured.
func rooflinePlots(_ view: RunView) -> Outcome {
  guard !view.files.roofs.isEmpty else { return Outcome(reason: "the run has no roofs.csv") }
  var reason = "nothing with arithmetic was timed"
  let plots = view.timedGroups.compactMap { group -> Plot? in
    let rows = group.rows.filter {
      $0.key.pass == .isolated && ($0.work.gigaflopsPerSecond ?? 0).isPositiveFinite
        && ($0.work.intensity ?? 0).isPositiveFinite
    }
    guard !rows.isEmpty else { return nil }
    let roofs = view.files.roofs.filter {
      $0.threads == group.key.threads && $0.value.isPositiveFinite
    }
    guard !roofs.isEmpty else {
      reason = "no roof was probed with \(count(group.key.threads, "thread"))"
      return nil
    }
    return rooflinePlot(view, group.key, rows, roofs)
  }
  return Outcome(plots: plots, reason: reason)
}

private func rooflinePlot(
  _ view: RunView, _ group: GroupKey, _ rows: [SummaryRow], _ roofs: [RoofRow]
) -> Plot {
  let series = view.series(in: rows, \.key)
  let executed = Dictionary(
    view.files.counters.filter {
      $0.source == CounterRow.derivedSource && $0.event == "executed_flops"
        && ($0.perCall ?? 0).isPositiveFinite && $0.status == "ok"
    }.map { ($0.key, $0) }, uniquingKeysWith: { a, _ in a })
  let intensities = rows.map { $0.work.intensity! }
  let rates = rows.map { $0.work.gigaflopsPerSecond! }
  let low = intensities.min()! / 1.5
  let high = intensities.max()! * 1.5
  let peak = roofs.filter { $0.kind == .compute }.map(\.value).max() ?? rates.max()!
  let top = max(peak, rates.max()!) * 1.5
  // What is a thousand times slower than the rest would leave it little room, but is shown all the
  // same.
  let bottom = rates.min()! / 1.5

  var data = DataBlocks()
  var parts: [String] = []
  var legend: [(mark: Sheet.Mark, text: String)] = []
  let roofFields = FileFields(.roofs, ["isa", "threads", "level", "value"])
  for (index, roof) in roofs.enumerated() {
    let block = data.add(places: [], roofFields, [([], roof)])
    let value = block["value"]
    let dash = Style.dash(index)
    // From the left end to the right one; a bandwidth only as far as the peak.
    let (x, y, dx, dy) =
      roof.kind == .compute
      ? ("\(low)", value, "\(high - low)", "0")
      : ("\(low)", "(\(value)*\(low))", "(\(peak)/\(value)-\(low))", "(\(peak)-\(value)*\(low))")
    parts.append(
      "\(block.name) using (\(x)):(\(y)):(\(dx)):(\(dy)) with vectors nohead dt \(dash) lw 1.3 "
        + "lc rgb '#404040'")
    legend.append(
      (
        .line(index, color: "#404040"),
        "\(roof.kind == .compute ? "peak" : "read") "
          + "\(roof.kind == .compute ? roof.isa : roof.level.rawValue), "
          + "\(rounded(roof.value)) \(roof.kind.unit)"
      ))
  }
  let fields = FileFields(
    .summary,
    identityColumns + [
      "median_ns", "flops_algorithmic", "flops_executed", "bytes_min", "gflops_per_s",
      "intensity_flop_per_byte",
    ])
  let counted = FileFields(.counters, ["event", "per_call"])
  var unknown = 0
  var isCounted = false
  for of in series {
    let own = rows.filter { view.series(of: $0.key) == of }
    let block = data.add(places: [], fields, own.map { ([], $0) })
    parts.append(
      "\(block.name) using \(block.index("intensity_flop_per_byte")):"
        + "\(block.index("gflops_per_s")) with points pt \(Style.hollow(of.point)) ps 0.75 lw 1.2 "
        + "lc rgb '\(of.color)'")
    legend.append((.point(Style.hollow(of.point), color: of.color), of.label))
    let known = own.filter { $0.work.flopsExecuted != nil }
    if !known.isEmpty {
      let block = data.add(places: [], fields, known.map { ([], $0) })
      parts.append(
        "\(block.name) using (\(block["flops_executed"])/\(block["bytes_min"])):"
          + "(\(block["flops_executed"])/\(block["median_ns"])) with points pt 7 ps 0.25 "
          + "lc rgb '\(of.color)'")
    }
    // What the processor counted where the method's own number is not known.
    let others = own.filter { $0.work.flopsExecuted == nil && executed[$0.key] != nil }
    if !others.isEmpty {
      isCounted = true
      let block = data.add(
        columns: fields.names + counted.names,
        rows: others.map { fields.texts($0) + counted.texts(executed[$0.key]!) })
      parts.append(
        "\(block.name) using (\(block["per_call"])/\(block["bytes_min"])):"
          + "(\(block["per_call"])/\(block["median_ns"])) with points pt 7 ps 0.25 "
          + "lc rgb '\(of.color)'")
    }
    unknown += own.count - known.count - others.count
  }

  var panel = Sheet.Panel(commands: [])
  let names = layerNames(rows, low: low, high: high, width: panel.axisWidth(cell: 1200))
  let nameHeight = (names.names.map { TextWidth.pixels($0.text, size: 10) }.max() ?? 0) + 30
  let height = 560 + nameHeight
  panel.commands += [
    "set xlabel 'intensity, FLOP per byte (each input, weight and output once)'",
    "set ylabel 'GFLOP/s'",
    "set grid xtics ytics lt 1 lc rgb '#E0E0E0' lw 0.7",
  ]
  panel.commands += LogRange(low: low, high: high).commands("x")
  // The names of the layers stand in the upper part of the axes.
  let end = roomForNames(top: top, bottom: bottom, nameHeight, of: height - 70)
  panel.commands += LogRange(low: bottom, high: end).commands("y")
  for name in names.names {
    let text = GnuplotText.quoted(name.text)
    let x = GnuplotText.fraction(name.place)
    panel.commands.append(
      "set label \(text) at graph \(x), graph 1 offset 0,-0.3 rotate by 90 right font ',10' "
        + "tc rgb '#303030'")
    panel.commands.append(
      "set arrow from graph \(x), graph \(GnuplotText.fraction(1 - Double(nameHeight - 22) / Double(height - 70))) "
        + "to graph \(GnuplotText.fraction(name.exact)), graph \(GnuplotText.fraction(1 - Double(nameHeight) / Double(height - 70))) "
        + "nohead lw 0.6 lc rgb '#909090'")
  }
  panel.commands.append("plot " + parts.joined(separator: ", \\\n  "))
  var sheet = Sheet(title: "Roofline: \(group.title)", panelHeight: height, panels: [panel])
  sheet.legend = legend
  sheet.notes.append(
    "Hollow symbols count the operations of the direct algorithm, dots inside or below them those "
      + "that were executed\(isCounted ? " (where not known, as the processor counted them)" : "")."
  )
  if unknown > 0 {
    sheet.notes.append(
      "\(count(unknown, "symbol")) without a dot: the operations of that method are not known.")
  }
  if names.leftOut > 0 {
    sheet.notes.append("\(count(names.leftOut, "layer")) of few operations not named.")
  }
  return sheet.plot(.roofline, name: "roofline-\(group.name)", data: data, source: view.source)
}

/// Three digits.
func rounded(_ value: Double) -> String {
  let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  var scaled = value
  for _ in 0..<digits { scaled *= 10 }
  let whole = Int(nearestTo: scaled)
  guard digits > 0 else { return String(whole) }
  let unit = digits == 1 ? 10 : 100
  let fraction = String(whole % unit)
  return "\(whole / unit)."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

private struct LayerNames {
  /// `exact` and `place`: from 0 to 1 along the axis, the layer and its name.
  var names: [(text: String, exact: Double, place: Double)]
  var leftOut: Int
}

/// The names of layers above their intensities, moved apart where they would touch.
private func layerNames(
  _ rows: [SummaryRow], low: Double, high: Double, width: Int
) -> LayerNames {
  var intensity: [LayerKey: Double] = [:]
  var flops: [LayerKey: Double] = [:]
  for row in rows {
    intensity[LayerKey(row.key)] = row.work.intensity!
    flops[LayerKey(row.key)] = Double(row.work.flopsAlgorithmic ?? 0)
  }
  let gap = 14.0 / Double(width)
  let limit = Int(0.9 / gap)
  let all = intensity.keys.sorted()
  let shown = largest(all, limit: min(limit, 24)) { flops[$0]! }
  var names = shown.map { key in
    let exact = logarithm(intensity[key]! / low) / logarithm(high / low)
    return (text: TextWidth.fitted(key.name, pixels: 150, size: 10), exact: exact, place: exact)
  }.sorted { $0.exact < $1.exact }
  // From the left as far as needed, then from the right; both keep the order.
  for index in names.indices {
    let least = index == 0 ? gap / 2 : names[index - 1].place + gap
    names[index].place = max(names[index].place, least)
  }
  for index in names.indices.reversed() {
    let most = index == names.count - 1 ? 1 - gap / 2 : names[index + 1].place - gap
    names[index].place = min(names[index].place, most)
  }
  return LayerNames(names: names, leftOut: all.count - shown.count)
}

/// The end of a logarithmic axis that leaves so many of its pixels above `top`.
private func roomForNames(top: Double, bottom: Double, _ pixels: Int, of height: Int) -> Double {
  let used = 1 - Double(pixels) / Double(height)
  return bottom * exponential(logarithm(top / bottom) / used)
}
