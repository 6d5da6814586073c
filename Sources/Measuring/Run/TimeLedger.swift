import CSupport

/// What the time of a run was spent on.
package final class TimeLedger {
  /// A kind of work, as it stands in the list.
  package enum Item: String, Sendable, CaseIterable {
    case blocks = "timed blocks"
    case priming = "priming blocks"
    case warmUp = "warming up"
    case quieting = "waiting for quiet, probing the clock"
    case preparing = "preparing"
    case checking = "checking"
    case reference = "float64 reference"
    case roofs = "probing roofs"
    case phases = "timing phases"
    case counters = "counting events"
    case launching = "starting processes"
    case writing = "writing files"
  }

  private var nanoseconds: [Item: Int] = [:]
  /// What inner measurements have taken from the outer one, per level.
  private var inner: [Int] = []
  private let clock: () -> Int
  private let start: Int

  /// - Parameter clock: monotonic nanoseconds.
  package init(clock: @escaping () -> Int = { Int(alex_monotonic_ns()) }) {
    self.clock = clock
    start = clock()
  }

  /// Since the ledger was opened.
  package var elapsedNanoseconds: Int { clock() - start }

  /// Books the time of some work, without that of work inside it that is booked on its own.
  package func measure<Value>(_ item: Item, _ work: () throws -> Value) rethrows -> Value {
    let begin = clock()
    inner.append(0)
    defer {
      let all = clock() - begin
      let own = all - inner.removeLast()
      nanoseconds[item, default: 0] += own
      if !inner.isEmpty { inner[inner.count - 1] += all }
    }
    return try work()
  }

  /// Moves a part of what was booked, which is known afterwards.
  package func rebook(_ amount: Int, from: Item, to: Item) {
    nanoseconds[from, default: 0] -= amount
    nanoseconds[to, default: 0] += amount
  }

  /// Nanoseconds of an item so far.
  package subscript(_ item: Item) -> Int { nanoseconds[item] ?? 0 }

  /// The name of what is left over, and of the sum, in a record.
  private static let (restName, totalName) = ("everything else", "in all")

  /// Nanoseconds by name: of items that took time, of the rest, and in all.
  package var record: [String: Int] {
    let total = elapsedNanoseconds
    let booked = Item.allCases.filter { self[$0] > 0 }
    var record = Dictionary(uniqueKeysWithValues: booked.map { ($0.rawValue, self[$0]) })
    record[Self.restName] = max(total - booked.reduce(0) { $0 + self[$1] }, 0)
    record[Self.totalName] = total
    return record
  }

  /// One line per item that took time, in the order of the list, and what is left over.
  package var lines: [String] {
    let total = elapsedNanoseconds
    func line(_ name: String, _ time: Int) -> String {
      let tenths = (time + 50_000_000) / 100_000_000
      let percent = total > 0 ? Int((Double(time) * 100 / Double(total)).rounded()) : 0
      let seconds = "\(tenths / 10).\(tenths % 10) s"
      func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
      }
      return "\(padded(seconds, 9))  \(padded("\(percent)", 3)) %  \(name)"
    }
    let booked = Item.allCases.filter { self[$0] > 0 }
    let rest = total - booked.reduce(0) { $0 + self[$1] }
    return booked.map { line($0.rawValue, self[$0]) } + [line(Self.restName, max(rest, 0))]
      + [line(Self.totalName, total)]
  }
}
