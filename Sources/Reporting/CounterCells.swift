import OrderedCollections
import Results

/// The counters of a run as a table shows them.
struct CounterCells {
  private let rows: [WorkloadKey: [CounterRow]]
  /// One line per source that could count nothing.
  let lines: [String]

  static let legend =
    "counted: ipc is instructions per cycle, ins instructions per multiply-add, cpus processor "
    + "time over elapsed time while counting; counters.csv has all events"

  init(_ rows: [CounterRow]) {
    self.rows = Dictionary(grouping: rows, by: \.key)
    lines = OrderedDictionary(grouping: rows, by: \.source).compactMap { source, own in
      guard own.allSatisfy({ $0.status == "unavailable" }) else { return nil }
      return "\(source): \(own[0].reason)"
    }
  }

  /// Why a cell has none.
  var missing: String { rows.isEmpty ? "nothing was counted; see --counters" : "not counted" }

  /// The most telling value of a workload; nil when there is none.
  func text(of key: WorkloadKey) -> String? {
    guard let own = rows[key] else { return nil }
    func derived(_ event: String) -> Double? {
      own.first { $0.source == CounterRow.derivedSource && $0.event == event }?.perCall
    }
    if let ipc = derived("ipc") { return "ipc \(NumberText.rate(ipc))" }
    if let instructions = derived("instructions_per_multiply_add") {
      return "ins \(NumberText.rate(instructions))"
    }
    if let cpus = derived("cpus_used") { return "cpus \(NumberText.rate(cpus))" }
    return nil
  }
}
