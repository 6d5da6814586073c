import Execution

/// The whole numbers that an option takes: one range for the command line and for what files say.
package struct CountRange: Sendable {
  /// What is counted, for sentences: `threads`.
  private let noun: String
  private let values: ClosedRange<Int>
  /// Why there are not more.
  private let reason: String?

  private init(_ noun: String, _ values: ClosedRange<Int>, _ reason: String? = nil) {
    self.noun = noun
    self.values = values
    self.reason = reason
  }

  package static let rounds = CountRange("rounds", 1...100_000)
  package static let launches = CountRange("launches", 1...1000)
  /// Pairs of launches in a stage of a check.
  package static let pairs = CountRange("pairs", 6...500)
  package static let images = CountRange("images per forward", 1...1 << 20)
  /// Images of which each is read from a file of its own.
  package static let decodedImages = CountRange("images per forward", 1...4096)
  package static let pixels = CountRange("pixels", 1...4096)
  package static let threads = CountRange(
    "threads", 1...ThreadPool.largestCount,
    "each has a stack of its own, and more than there are CPUs only wait for each other")
  /// Numbers of CPUs, of which Linux knows no larger ones.
  package static let cpus = CountRange("CPU numbers", 0...8191)
  /// Caffe's 32-bit integers.
  package static let levels = CountRange("levels", Int(Int32.min)...Int(Int32.max))

  /// What is possible, for example "1 to 1000 are possible".
  private var sentence: String {
    "\(values.lowerBound) to \(values.upperBound) are possible"
      + (reason.map { ": \($0)" } ?? "")
  }

  func includes(_ value: Int) -> Bool { values.contains(value) }

  /// - Throws: a number out of the range.
  @discardableResult package func check(_ value: Int) throws(MeasuringError) -> Int {
    guard values.contains(value) else {
      throw .usage("\(value) \(noun) are not possible; \(sentence)")
    }
    return value
  }

  /// A number as the command line takes it.
  /// - Throws: what is no number, or one out of the range.
  package func parse(_ text: String) throws(MeasuringError) -> Int {
    guard let value = Int(text), values.contains(value) else { throw .usage(sentence) }
    return value
  }

  /// Numbers and ranges of them, as in `0,2,4-7`.
  /// - Throws: what is no such list, or a number out of the range.
  package func parseRanges(_ text: String) throws(MeasuringError) -> [Int] {
    guard let list = parseCPUList(text, largest: values.upperBound), !list.isEmpty else {
      throw .usage(sentence + ", as in 0,2,4-7")
    }
    return list
  }
}

/// The seeds that an option takes.
package enum SeedOption {
  /// - Throws: what is no seed.
  package static func parse(_ text: String) throws(MeasuringError) -> UInt64 {
    guard let seed = UInt64(text) else {
      throw .usage("a seed is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }
}

/// The percentages that an option takes, with or without `%`.
package struct PercentRange: Sendable {
  /// The smallest and the largest.
  private let smallest: Double
  private let largest: Double

  /// Of a precision; no narrower interval can be told from 0 with a clock that counts nanoseconds.
  package static let precision = PercentRange(smallest: 0.0001, largest: 50)
  /// Of a difference that is looked for, or tolerated.
  package static let difference = PercentRange(smallest: 0.0001, largest: 1000)

  /// - Returns: percent.
  /// - Throws: anything else.
  package func parse(_ text: some StringProtocol) throws(MeasuringError) -> Double {
    guard let value = Double(text.hasSuffix("%") ? String(text.dropLast()) : String(text)),
      value >= smallest, value <= largest
    else {
      throw .usage("'\(text)' is not a percentage from \(smallest) to \(Int(largest)), as in 1%")
    }
    return value
  }
}
