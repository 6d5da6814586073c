import CSupport
import Results
import Statistics

/// Running a workload until its times stand still.
package enum WarmUp {
  /// Blocks that must agree.
  package static let blockCount = 5
  /// Largest drift over those blocks, relative to their median.
  package static let driftLimit = 0.02

  /// - Parameters:
  ///   - earlier: blocks that ran right before, of the same length.
  ///   - block: times one block; nil when that is no longer possible.
  /// - Returns: whether a steady state was reached before the cap.
  package static func run(
    capNanoseconds: Int, after earlier: [BlockMeasurement] = [],
    block: () throws -> BlockMeasurement?
  ) rethrows -> Bool {
    let start = alex_monotonic_ns()
    var blocks = earlier
    while true {
      guard let block = try block() else { return false }
      blocks.append(block)
      guard blocks.count >= blockCount else { continue }
      if isSteady(blocks.suffix(blockCount)) { return true }
      if Int(alex_monotonic_ns() - start) >= capNanoseconds { return false }
    }
  }

  /// No page faults, no threads that come or go, and a Theil–Sen slope that moves the time by at most
  /// ±2 % over the blocks.
  package static func isSteady(_ blocks: some Collection<BlockMeasurement>) -> Bool {
    guard blocks.allSatisfy({ $0.faults == 0 }), Set(blocks.map(\.threadCount)).count == 1 else {
      return false
    }
    let times = blocks.map { Double($0.wallNanoseconds) / Double(max($0.iterations, 1)) }
    let points = times.enumerated().map { (x: Double($0.offset), y: $0.element) }
    guard let slope = theilSenSlope(points), let median = OrderStatistics(times)?.median,
      median > 0
    else { return false }
    return abs(slope) * Double(times.count - 1) <= driftLimit * median
  }
}
