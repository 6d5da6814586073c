import Results
import Statistics

/// Collects the probes of a run, over rounds, groups and launches, into the rows of `roofs.csv`.
package struct RoofLog: Sendable {
  private struct Key: Hashable {
    var threads: Int
    var level: RoofLevel
    /// Of arithmetic. Each process finds out which kernel reads fastest, and not always the same.
    var isa: String
  }

  private var order: [Key] = []
  private var largest: [Key: RoofReading] = [:]
  private var values: [Key: [Double]] = [:]

  package init() {}

  /// Adds what one probing gave.
  package mutating func add(_ readings: [RoofReading], threads: Int) {
    for reading in readings {
      let isa = reading.level.kind == .compute ? reading.isa : ""
      let key = Key(threads: threads, level: reading.level, isa: isa)
      if largest[key] == nil { order.append(key) }
      if largest[key].map({ $0.value < reading.value }) ?? true { largest[key] = reading }
      values[key, default: []].append(reading.value)
    }
  }

  /// One row per roof, in the order in which they were first probed.
  package func rows(runID: String) -> [RoofRow] {
    order.compactMap { key in
      guard let reading = largest[key], let statistics = OrderStatistics(values[key] ?? []) else {
        return nil
      }
      return RoofRow(
        runID: runID, level: key.level, isa: reading.isa, threads: key.threads,
        value: statistics.maximum, median: statistics.median, probeCount: statistics.count,
        workingSetBytes: reading.workingSetBytes, capacityBytes: reading.capacityBytes,
        loop: reading.loop ?? "")
    }
  }
}
