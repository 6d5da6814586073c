import Foundation

/// How many examples tests draw that would draw thousands.
package enum Campaign {
  /// `ALEXBENCH_LONG_TESTS=1`, as `.ci/run` has it: as many as a promise is made for.
  package static let isLong = ProcessInfo.processInfo.environment["ALEXBENCH_LONG_TESTS"] == "1"

  /// All, or a fifth where tests should take minutes.
  package static func count(_ full: Int) -> Int { isLong ? full : full / 5 }
}
