import Results

/// Instruction counts against those that were accepted.
package struct CountComparison: Sendable {
  /// Counts of the same code agree to this share; anything above it is another code.
  package static let tolerance = 0.0001

  /// One count that is not as accepted.
  package struct Change: Hashable, Sendable {
    package var accepted: CountRow
    package var counted: CountRow
    /// Of the accepted count.
    package var percent: Double {
      100 * Double(counted.instructions - accepted.instructions)
        / Double(max(accepted.instructions, 1))
    }
  }

  /// Fields in which the accepted counts hold for something else than what is counted now, as
  /// sentences; then nothing is compared.
  package let differences: [String]
  /// The largest first.
  package let increases: [Change]
  package let decreases: [Change]
  /// Counted, but never accepted.
  package let new: [CountRow]
  /// Accepted, but not counted.
  package let missing: [CountRow]
  private let count: Int

  package init(accepted: [CountRow], counted: [CountRow]) {
    differences = Self.differences(accepted, counted)
    count = counted.count
    guard differences.isEmpty else {
      (increases, decreases, new, missing) = ([], [], [], [])
      return
    }
    let known = Dictionary(accepted.map { ($0.key, $0) }, uniquingKeysWith: { a, _ in a })
    let found = Set(counted.map(\.key))
    new = counted.filter { known[$0.key] == nil }
    missing = accepted.filter { !found.contains($0.key) }
    let changes = counted.compactMap { row in
      known[row.key].map { Change(accepted: $0, counted: row) }
    }.filter { abs($0.percent) > 100 * Self.tolerance }
    increases = changes.filter { $0.percent > 0 }.sorted { $0.percent > $1.percent }
    decreases = changes.filter { $0.percent < 0 }.sorted { $0.percent < $1.percent }
  }

  private static func differences(_ accepted: [CountRow], _ counted: [CountRow]) -> [String] {
    guard let theirs = accepted.first?.origin, let ours = counted.first?.origin else {
      return accepted.isEmpty ? ["no counts have been accepted yet"] : ["nothing was counted"]
    }
    let fields: [(String, KeyPath<CountRow.Origin, String>)] = [
      ("architecture", \.architecture), ("compiler", \.compiler), ("libc", \.libc),
      ("valgrind", \.valgrind),
    ]
    return fields.compactMap { name, path in
      theirs[keyPath: path] == ours[keyPath: path]
        ? nil : "\(name): accepted \(theirs[keyPath: path]), here \(ours[keyPath: path])"
    }
  }

  /// Whether every count is as accepted.
  package var isSame: Bool {
    differences.isEmpty && increases.isEmpty && decreases.isEmpty && new.isEmpty && missing.isEmpty
  }

  /// Tables of what changed, and a last line that sums up.
  package func terminal() -> String {
    var text = ""
    for (title, changes) in [("more instructions", increases), ("fewer instructions", decreases)]
    where !changes.isEmpty {
      var grid = Grid(
        header: [["network", "layer", "backend", "isa", "accepted", "counted", "%"]],
        rows: changes.map { change in
          let row = change.counted
          let percent = (change.percent > 0 ? "+" : "") + NumberText.rate(change.percent)
          return [
            row.network, row.layer, row.backend, row.isa, "\(change.accepted.instructions)",
            "\(row.instructions)", percent,
          ].map { Grid.Cell([$0]) }
        })
      grid.leftAligned = [0, 1, 2, 3]
      text += "\(title)\n" + grid.terminal(isBold: false)
    }
    func names(_ rows: [CountRow]) -> String {
      rows.map { "\($0.network) \($0.layer) \($0.backend) \($0.isa)" }.joined(separator: ", ")
    }
    if !new.isEmpty { text += wrapped("not accepted yet: ", names(new)) }
    if !missing.isEmpty { text += wrapped("no longer counted: ", names(missing)) }
    if !differences.isEmpty {
      return text + differences.map { wrapped("not comparable: ", $0) }.joined()
    }
    let changed = increases.count + decreases.count
    return text
      + (isSame
        ? "\(count) counts, all as accepted\n"
        : "\(count) counts: \(increases.count) larger, \(decreases.count) smaller, "
          + "\(count - changed - new.count) as accepted, \(new.count) new, \(missing.count) gone\n")
  }
}
