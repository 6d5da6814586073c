import Results
import Statistics

/// Collects the probes of a run, over rounds, groups and launches, into the rows of `roofs.csv`.
package struct RoofLog: Sendable {
  private struct Key: Hashable {
    var threads: Int
    var level: RoofLevel
    var isa: String
  }

  private var order: [Key] = []
  private var latest: [Key: RoofReading] = [:]
  private var values: [Key: [Double]] = [:]

  package init() {}

  /// Adds what one probing gave.
  package mutating func add(_ readings: [RoofReading], threads: Int) {
    for reading in readings {
      let key = Key(threads: threads, level: reading.level, isa: reading.isa)
      if latest.updateValue(reading, forKey: key) == nil { order.append(key) }
      values[key, default: []].append(reading.value)
    }
  }

  /// One row per roof, in the order in which they were first probed.
  package func rows(runID: String) -> [RoofRow] {
    order.compactMap { key in
      guard let reading = latest[key], let statistics = OrderStatistics(values[key] ?? []) else {
        return nil
      }
      return RoofRow(
        runID: runID, level: key.level, isa: key.isa, threads: key.threads,
        value: statistics.maximum, median: statistics.median, probeCount: statistics.count,
        workingSetBytes: reading.workingSetBytes, capacityBytes: reading.capacityBytes)
    }
  }
}
