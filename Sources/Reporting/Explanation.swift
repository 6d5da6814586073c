import Networks
import OrderedCollections
import Results

/// `alexbench explain`: one layer, backends below each other, with all that the files of a run tell
/// of them, and for each a sentence on what holds it up.
package struct Explanation: Sendable {
  /// Rows by title.
  private let groups: OrderedDictionary<String, [SummaryRow]>
  private let files: RunFiles
  private let excesses: [WorkloadKey: RoofExcess]

  /// - Parameter layer: name, or `net`.
  /// - Returns: nil when the run has no such layer.
  package init?(of layer: String, in files: RunFiles) {
    self.files = files
    let rows = files.summary.filter { $0.key.layer == layer }
    groups = OrderedDictionary(grouping: rows) { Self.title($0.key) }
    excesses = Dictionary(
      RoofExcess.list(rows, layers: files.layers, roofs: files.roofs).map { ($0.key, $0) },
      uniquingKeysWith: { first, _ in first })
    if groups.isEmpty { return nil }
  }

  private static func title(_ key: WorkloadKey) -> String {
    "\(key.network) \(key.layer), batch \(key.batch), \(count(key.threads, "thread")), "
      + "\(key.cache.rawValue) caches" + (key.pass == .inNet ? ", inside the net" : "")
  }

  /// The layers that a run has, for the one who named another.
  package static func layers(of files: RunFiles) -> [String] {
    Array(OrderedSet(files.summary.map(\.key.layer)))
  }

  package func terminal() -> String {
    groups.map { title, rows in
      let threads = rows[0].key.threads
      var text = "\(title)\n"
      if let layer = files.layers.first(where: { $0.describes(rows[0].key) }) {
        text += wrapped("  ", Self.geometry(layer))
      }
      if let roofs = RoofLine.text(files.roofs, threads: threads) { text += wrapped("  ", roofs) }
      let keys = Set(rows.map(\.key))
      for line in CounterCells(files.counters.filter { keys.contains($0.key) }).lines {
        text += wrapped("  not counted: ", line)
      }
      for row in rows { text += "\n" + block(row, among: rows) }
      return text
    }.joined(separator: "\n")
  }

  static func geometry(_ layer: LayerRow) -> String {
    let bytes = layer.inputBytes + layer.outputBytes + layer.weightBytes
    return "\(layer.inputShape) -> \(layer.outputShape), \(layer.flops) FLOP as direct "
      + "convolution, \(bytes) bytes, \(layer.weightBytes) of them weights"
  }

  /// One backend.
  private func block(_ row: SummaryRow, among rows: [SummaryRow]) -> String {
    let name = "\(row.key.backend) (\(row.key.isa))"
    guard row.workload.status == .ok, let median = row.time.median else {
      let reason = row.workload.reason.isEmpty ? "not timed" : row.workload.reason
      return wrapped("\(name): ", "\(row.workload.status.rawValue): \(reason)")
    }
    var text = "\(name): \(row.workload.facts.implementation)\n"
    var time = "\(NumberText.milliseconds(median)) ms"
    if let low = row.time.intervalLower, let high = row.time.intervalUpper {
      time += " (95 %: \(NumberText.milliseconds(low)) to \(NumberText.milliseconds(high)))"
    }
    if let rate = row.work.gigaflopsPerSecond, row.work.flopsAlgorithmic != 0 {
      time += ", \(NumberText.gigaflops(rate)) GFLOP/s as direct convolution"
    }
    if let rate = row.work.gigabytesPerSecond { time += ", \(NumberText.rate(rate)) GB/s" }
    text += wrapped("  time      ", time)
    text += wrapped("  roof      ", roof(row))
    if let excess = excesses[row.key] {
      text += wrapped("  warning   ", "faster than the roof: \(excess.verdict)")
    }
    text += wrapped("  executed  ", executed(row))
    if let reading = reading(row, median) { text += wrapped("  reads     ", reading) }
    if let phases = phases(row.key) { text += wrapped("  phases    ", phases) }
    for line in counters(row.key) { text += wrapped("  counted   ", line) }
    return text + wrapped("  => ", Bottleneck.sentence(row, files: files, among: rows))
  }

  private func roof(_ row: SummaryRow) -> String {
    guard let percent = row.work.percentOfRoof else {
      return row.work.roofReason.isEmpty ? "not known" : row.work.roofReason
    }
    return "\(NumberText.percent(percent)) % of what \(Bottleneck.name(row.work.bound)) allows"
  }

  /// Of a net: what it cannot do without reading from memory, and how its time compares with that.
  private func reading(_ row: SummaryRow, _ median: Double) -> String? {
    guard row.key.layerIndex < 0, let weights = row.workload.facts.weightBytes, weights > 0,
      let layer = files.layers.first(where: { $0.describes(row.key) }),
      let roof = files.roofs.first(where: {
        $0.kind == .read && $0.level == .memory && $0.threads == row.key.threads && $0.value > 0
      })
    else { return nil }
    let bytes = weights + layer.inputBytes
    let nanoseconds = Double(bytes) / roof.value
    return
      "\(NumberText.count(Double(bytes) / 1e6)) MB at least, the weights as they are kept and the "
      + "input: \(NumberText.milliseconds(nanoseconds)) ms at the \(NumberText.rate(roof.value)) GB/s of "
      + "memory; it takes \(NumberText.ratio(median / nanoseconds)) times as long"
  }

  private func executed(_ row: SummaryRow) -> String {
    let counted = derived(row.key, "executed_flops").map {
      "\(NumberText.count($0)) FLOP counted"
    }
    let known = row.work.flopsExecuted.map { "\($0) FLOP by the method that ran" }
    let texts = [counted, known].compactMap(\.self)
    return texts.isEmpty ? row.work.flopsReason : texts.joined(separator: ", ")
  }

  private func phases(_ key: WorkloadKey) -> String? {
    let own = files.phases.filter { $0.key == key }
    guard !own.isEmpty else { return nil }
    return own.map {
      "\($0.phase) \(NumberText.percent($0.sharePercent)) %"
    }.joined(separator: ", ")
  }

  private func derived(_ key: WorkloadKey, _ event: String) -> Double? {
    files.counters.first {
      $0.key == key && $0.source == CounterRow.derivedSource && $0.event == event
    }?.perCall
  }

  /// One line per source.
  private func counters(_ key: WorkloadKey) -> [String] {
    let sources = OrderedDictionary(
      grouping: files.counters.filter { $0.key == key }, by: \.source)
    return sources.compactMap { source, rows in
      let values = rows.filter { $0.perCall != nil }
      guard let first = values.first else {
        // What cannot be counted at all is said once, above.
        return rows.allSatisfy { $0.status == "unavailable" }
          ? nil : "\(source): none: \(rows[0].reason)"
      }
      var text = values.map { row in
        "\(row.event) \(NumberText.event(row.event, row.perCall ?? 0))"
          + (row.status == "ok" ? "" : "~")
      }.joined(separator: ", ")
      if source != CounterRow.derivedSource {
        text += " per call"
        if first.status != "ok" { text += "; ~ \(first.reason)" }
      }
      return "\(source)\(first.scope == "simulated" ? " (simulated)" : ""): \(text)"
    }
  }
}

extension LayerRow {
  /// Whether it has the geometry of a workload.
  func describes(_ key: WorkloadKey) -> Bool {
    network == key.network && layer == key.layer && layerIndex == key.layerIndex
      && batch == key.batch
  }

  /// With weights of another precision.
  func kept(in precision: Precision) -> LayerRow {
    guard precision != .single else { return self }
    var row = self
    row.weightBytes = precision.byteCount(of: weightBytes)
    return row
  }
}
