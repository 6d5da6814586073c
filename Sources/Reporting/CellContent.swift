import Results

/// What stands beside the time in the cells of a table.
package enum CellContent: String, Sendable, CaseIterable {
  /// GFLOP/s, counted as direct convolution.
  case rate
  /// The least time that the machine's roofs allow, in percent of the time measured.
  case roof
  /// Instructions per cycle, or where they were not counted processors in use.
  case counters

  /// Name above the numbers.
  var header: String {
    switch self {
    case .rate: "GFLOP/s"
    case .roof: "%roof"
    case .counters: "counted"
    }
  }

  /// What a reader must know of the numbers, below the table; nil when the header says it.
  var legend: String? {
    switch self {
    case .rate: nil
    case .roof:
      "%roof is the least time that peak arithmetic and the bandwidth of memory allow, over the "
        + "median; it may be above 100 where an algorithm needs fewer operations"
    case .counters: CounterCells.legend
    }
  }

  /// - Parameters:
  ///   - isRoomy: a layer that was handed to another backend has its percentage beside the name.
  ///   - counters: of the run.
  ///   - notes: gets the reason of a number that is missing.
  func text(
    of row: SummaryRow, isRoomy: Bool, counters: CounterCells, _ notes: inout Footnotes
  ) -> String {
    let arrow = row.isDelegated ? "→" + row.workload.facts.delegatedTo : nil
    switch self {
    case .rate:
      if let arrow { return arrow }
      // Copies and comparisons are no floating-point work worth a rate.
      guard let rate = row.work.gigaflopsPerSecond, row.work.flopsAlgorithmic != 0 else {
        return ""
      }
      return NumberText.gigaflops(rate)
    case .roof:
      let share = row.work.percentOfRoof.map(NumberText.percent)
      if let arrow {
        return [arrow, isRoomy ? share : nil].compactMap(\.self).joined(separator: " ")
      }
      return share ?? notes.mark(row.work.roofReason).trimmingPrefix(" ").description
    case .counters:
      if let text = counters.text(of: row.key) {
        return [arrow, isRoomy || arrow == nil ? text : nil].compactMap(\.self)
          .joined(separator: " ")
      }
      return arrow ?? notes.mark(counters.missing).trimmingPrefix(" ").description
    }
  }
}

extension SummaryRow {
  /// Whether the backend handed it to another one.
  var isDelegated: Bool { !workload.facts.delegatedTo.isEmpty }
}
