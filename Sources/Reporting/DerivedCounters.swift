import OrderedCollections
import Results

/// What counters say together: instructions per cycle and the like, where the parts were counted.
///
/// Values of one source only are put together, since each counts in calls of its own.
package enum DerivedCounters {
  /// Bytes of a cache line on all processors that this is about.
  private static let lineBytes = 64.0

  /// Names of the same thing in each source.
  private enum Parts {
    static let instructions = ["PAPI_TOT_INS", "instructions", "Ir"]
    static let cycles = ["PAPI_TOT_CYC", "cycles"]
    static let firstLevelMisses = ["PAPI_L1_DCM", "L1-dcache-load-misses", "D1mr+D1mw"]
    static let secondLevelMisses = ["PAPI_L2_TCM"]
    static let lastLevelMisses = ["PAPI_L3_TCM", "LLC-load-misses", "cache-misses", "DLmr+DLmw"]
    static let flops = ["PAPI_SP_OPS", "PAPI_FP_OPS"]
    static let processorTime = ["user-time+system-time"]
    static let wallTime = ["wall-time"]
    static let faults = ["page-faults", "minor-faults+major-faults"]
  }

  /// Rows of source `derived`, after the rows that they come from.
  /// - Parameters:
  ///   - rows: of `counters.csv`; derived ones are left out.
  ///   - layers: geometry, for what is per operation.
  package static func rows(_ rows: [CounterRow], layers: [LayerRow]) -> [CounterRow] {
    let geometry = Dictionary(layers.map { (GeometryKey($0), $0) }, uniquingKeysWith: { a, _ in a })
    let counted = rows.filter { $0.source != CounterRow.derivedSource }
    return OrderedDictionary(grouping: counted, by: \.key).flatMap { key, rows in
      of(rows, key: key, layer: geometry[GeometryKey(key)])
    }
  }

  private static func of(_ rows: [CounterRow], key: WorkloadKey, layer: LayerRow?) -> [CounterRow] {
    // Of what several sources tell, the best one's counts; a simulation stands beside them.
    var seen: Set<String> = []
    return OrderedDictionary(grouping: rows, by: \.source).flatMap { source, own in
      func value(_ names: [String]) -> (name: String, value: Double, isOK: Bool)? {
        for name in names {
          let parts = name.split(separator: "+").map { part in own.first { $0.event == part } }
          let values = parts.compactMap { $0?.perCall }
          guard values.count == parts.count else { continue }
          return (name, values.reduce(0, +), parts.allSatisfy { $0?.status == "ok" })
        }
        return nil
      }
      var derived: [CounterRow] = []
      func add(_ event: String, _ parts: [String], isOK: Bool, _ value: Double) {
        guard value.isFinite else { return }
        derived.append(
          CounterRow(
            key: key, source: CounterRow.derivedSource, event: event, perCall: value,
            scope: own.first { !$0.scope.isEmpty }?.scope ?? "", status: isOK ? "ok" : "advisory",
            reason: "from \(source): " + parts.joined(separator: ", ")))
      }
      func ratio(_ event: String, _ top: [String], _ bottom: [String], times factor: Double = 1) {
        guard let top = value(top), let bottom = value(bottom), bottom.value > 0 else { return }
        add(
          event, [top.name, bottom.name], isOK: top.isOK && bottom.isOK,
          factor * top.value / bottom.value)
      }
      ratio("ipc", Parts.instructions, Parts.cycles)
      ratio(
        "l1_misses_per_kilo_instruction", Parts.firstLevelMisses, Parts.instructions,
        times: 1000)
      ratio(
        "l2_misses_per_kilo_instruction", Parts.secondLevelMisses, Parts.instructions,
        times: 1000)
      ratio(
        "llc_misses_per_kilo_instruction", Parts.lastLevelMisses, Parts.instructions,
        times: 1000)
      if let flops = value(Parts.flops) {
        add("executed_flops", [flops.name], isOK: flops.isOK, flops.value)
        if let layer, layer.flops > 0 {
          add(
            "executed_per_direct_flop", [flops.name], isOK: flops.isOK,
            flops.value / Double(layer.flops))
        }
      }
      if let layer, layer.flops > 0, let misses = value(Parts.lastLevelMisses) {
        add(
          "bytes_per_flop", [misses.name], isOK: misses.isOK,
          lineBytes * misses.value / Double(layer.flops))
      }
      if let layer, layer.multiplyAdds > 0, let instructions = value(Parts.instructions) {
        add(
          "instructions_per_multiply_add", [instructions.name], isOK: instructions.isOK,
          instructions.value / Double(layer.multiplyAdds))
      }
      ratio("cpus_used", Parts.processorTime, Parts.wallTime)
      if let faults = value(Parts.faults) {
        add("page_faults_per_call", [faults.name], isOK: faults.isOK, faults.value)
      }
      return derived.filter {
        seen.insert($0.event + ($0.scope == "simulated" ? " simulated" : "")).inserted
      }
    }
  }
}
