import Foundation

/// Rows of a file in `Tests/Golden/statistics`, which SciPy wrote (`make.py` there).
enum GoldenValues {
  static func rows(_ name: String) throws -> [[Double]] {
    try fields(name).map { try $0.map(number) }
  }

  /// Fields as text, without the header.
  static func fields(_ name: String) throws -> [[String]] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Golden/statistics/\(name)")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map(String.init)
    }
  }

  static func number(_ text: some StringProtocol) throws -> Double {
    guard let value = Double(text) else { throw CocoaError(.formatting) }
    return value
  }
}

/// Distance relative to the golden value.
func relativeError(_ value: Double, _ golden: Double) -> Double {
  value == golden ? 0 : abs(value - golden) / abs(golden)
}
