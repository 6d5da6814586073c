import Foundation
import Tensors

/// The classes that a network takes an image for, as text.
package enum ClassificationText {
  /// A line for each class – probability, label, index – and the two lists that the reference
  /// example prints: labels and indices, best first.
  /// - Parameters:
  ///   - best: indices and probabilities, best first.
  ///   - labels: names of all classes; nil when there are none.
  package static func lines(
    _ best: [(index: Int, value: Float)], labels: [String]?
  ) -> [String] {
    let width = best.map { String($0.index).count }.max() ?? 0
    func padded(_ index: Int) -> String {
      let text = String(index)
      return String(repeating: " ", count: width - text.count) + text
    }
    var lines = best.map { index, value in
      let label = labels.map { "  \(oneLine($0[index]))" } ?? ""
      return "  \(String(format: "%.6f", value))  \(padded(index))\(label)"
    }
    if let labels {
      lines.append("[\(best.map { quoted(oneLine(labels[$0.index])) }.joined(separator: " "))]")
    }
    lines.append("[\(best.map { padded($0.index) }.joined(separator: " "))]")
    return lines
  }

  /// As Python writes a string.
  private static func quoted(_ text: String) -> String {
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\")
    if text.contains("'"), !text.contains("\"") { return "\"\(escaped)\"" }
    return "'\(escaped.replacingOccurrences(of: "'", with: "\\'"))'"
  }
}
