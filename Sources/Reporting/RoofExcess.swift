import Results

/// A workload that did more in its time than the roofs of its run allow: the roof or the count is
/// wrong.
///
/// Held against the roofs is only what a workload does for certain, unlike in ``Roofs``: operations
/// that ran, without those that may be left out because they meet padding; bytes that are read once,
/// as many of them as can from the caches nearest by. Results that are written may leave on ways of
/// their own.
package struct RoofExcess: Hashable, Sendable {
  package let key: WorkloadKey
  /// `compute`, or a level of memory.
  package let bound: String
  /// Of the roof; above 100.
  package let percent: Double

  /// From here on it is no accident of measuring.
  private static let leastPercent = 105.0

  /// The rows of a run that exceed a roof, in their order.
  package static func list(
    _ rows: [SummaryRow], layers: [LayerRow], roofs: [RoofRow]
  ) -> [RoofExcess] {
    let geometries = Dictionary(
      layers.map { (GeometryKey($0), $0) }, uniquingKeysWith: { first, _ in first })
    let roofs = Dictionary(grouping: roofs, by: \.threads)
    return rows.compactMap { row in
      guard row.workload.status == .ok, let layer = geometries[GeometryKey(row.key)],
        let own = roofs[row.key.threads]
      else { return nil }
      return RoofExcess(row, layer.kept(in: row.workload.facts.precision), own)
    }
  }

  private init?(_ row: SummaryRow, _ layer: LayerRow, _ roofs: [RoofRow]) {
    guard let median = row.time.median, median > 0 else { return nil }
    let facts = row.workload.facts
    var limits: [Roofs.Limit] = []
    if let peak = Roofs.peak(roofs.filter { $0.kind == .compute }, isa: row.key.isa) {
      let nanoseconds = Self.operations(facts.executedFLOPs, layer) / peak
      limits.append(Roofs.Limit(nanoseconds: nanoseconds, bound: RoofKind.compute.rawValue))
    }
    // What does nothing reads nothing.
    if facts.executedBytes != 0 {
      limits.append(Self.reading(row.key.cache, layer, roofs.filter { $0.kind == .read }))
    }
    guard let limit = limits.max(by: { $0.nanoseconds < $1.nanoseconds }) else { return nil }
    key = row.key
    bound = limit.bound
    percent = 100 * limit.nanoseconds / median
    guard percent > Self.leastPercent else { return nil }
  }

  /// Operations that ran for certain; 0 where that is not known.
  private static func operations(_ executed: Int?, _ layer: LayerRow) -> Double {
    guard let executed else { return 0 }
    // A method with fewer operations than the direct one says what it executes.
    if executed < layer.flops { return Double(executed) }
    let fused = executed - layer.flops
    return Double(fused) + Double(layer.flops) * insideShare(layer)
  }

  /// The part of a convolution's products that do not meet padding; 0 for a net, whose layers are
  /// held against the roofs one by one.
  private static func insideShare(_ layer: LayerRow) -> Double {
    if layer.layerIndex < 0 { return 0 }
    let words = layer.problem.split(separator: " ").compactMap { word in
      word.first.flatMap { letter in Int(word.dropFirst()).map { (letter, $0) } }
    }
    let values = Dictionary(words, uniquingKeysWith: { first, _ in first })
    let (input, output) = (axes(layer.inputShape), axes(layer.outputShape))
    guard let rows = values["r"], input.count == 4, output.count == 4 else { return 1 }
    func share(_ axis: Int, _ kernel: Int, stride: Int, pad: Int, dilation: Int) -> Double {
      var inside = 0
      for place in 0..<output[axis] {
        for tap in 0..<kernel
        where (0..<input[axis]).contains(place * stride - pad + tap * dilation) { inside += 1 }
      }
      return Double(inside) / Double(max(1, output[axis] * kernel))
    }
    func both(_ row: Character, _ column: Character, _ standard: Int) -> (h: Int, w: Int) {
      let h = values[row] ?? standard
      return (h, values[column] ?? h)
    }
    let (stride, pad, dilation) = (both("u", "v", 1), both("p", "q", 0), both("d", "e", 1))
    return share(2, rows, stride: stride.h, pad: pad.h, dilation: dilation.h)
      * share(3, values["s"] ?? rows, stride: stride.w, pad: pad.w, dilation: dilation.w)
  }

  /// `2x3x4` as numbers.
  private static func axes(_ shape: String) -> [Int] {
    shape.split(separator: "x").compactMap { Int($0) }
  }

  /// The least time that reading inputs and weights once takes.
  private static func reading(_ cache: CacheMode, _ layer: LayerRow, _ roofs: [RoofRow])
    -> Roofs.Limit
  {
    let all = layer.inputBytes + layer.weightBytes
    switch cache {
    case .warm: return reading(all, roofs)
    case .cold: return reading(all, roofs.filter { $0.level == .memory })
    case .coldWeights:
      let weights = reading(layer.weightBytes, roofs.filter { $0.level == .memory })
      let inputs = reading(layer.inputBytes, roofs)
      // Perhaps at the same time.
      return weights.nanoseconds >= inputs.nanoseconds ? weights : inputs
    }
  }

  /// So many bytes, as much of them as fits from the smallest cache, and so on: a level may go on
  /// holding a part of what does not fit. What lies in a level that was not probed costs nothing.
  private static func reading(_ bytes: Int, _ roofs: [RoofRow]) -> Roofs.Limit {
    let levels = roofs.filter { $0.value > 0 }.sorted {
      ($0.capacityBytes ?? .max, $1.value) < ($1.capacityBytes ?? .max, $0.value)
    }
    var (nanoseconds, done, largest) = (0.0, 0, (share: -1.0, bound: ""))
    for roof in levels {
      let end = min(bytes, roof.capacityBytes ?? bytes)
      let share = Double(max(end - done, 0)) / roof.value
      done = max(done, end)
      nanoseconds += share
      if share > largest.share { largest = (share, roof.level.rawValue) }
    }
    return Roofs.Limit(nanoseconds: nanoseconds, bound: largest.bound)
  }

  /// As runs record and print it.
  package var warning: String {
    "faster than the roof: \(key.backend) on \(key.layer) (\(key.network), batch \(key.batch), "
      + "\(count(key.threads, "thread")), \(key.cache.rawValue) caches"
      + (key.pass == .inNet ? ", inside the net" : "") + ") \(verdict)"
  }

  /// What its line in `explain` says.
  var verdict: String {
    "reaches \(NumberText.percent(percent)) % of \(Bottleneck.name(bound)): the roof or the count "
      + "is wrong"
  }
}
