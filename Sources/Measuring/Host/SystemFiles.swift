import Foundation

/// The text files in which Linux describes itself, below a root that tests can move.
package struct SystemFiles: Sendable {
  private let root: String

  /// - Parameter root: what stands before `/proc` and `/sys`; empty for the machine itself.
  package init(root: String = "") { self.root = root }

  /// Content of a file; nil when it is not there or not readable.
  package func text(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: root + path) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// Content without blanks around it; nil also when nothing is left.
  package func word(_ path: String) -> String? {
    guard let text = text(path)?.trimmingCharacters(in: .whitespacesAndNewlines) else {
      return nil
    }
    return text.isEmpty ? nil : text
  }

  /// Content as a decimal number.
  package func integer(_ path: String) -> Int? { word(path).flatMap { Int($0) } }

  /// Names in a folder, sorted; empty when it is not there.
  package func names(in path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []).sorted()
  }
}

/// A list of CPUs as the kernel writes it: `0-3,8`. Nil when it is none.
package func parseCPUList(_ text: String) -> [Int]? { parseCPUList(text, largest: 1 << 16) }

/// - Parameter largest: the largest number that makes sense.
func parseCPUList(_ text: String, largest: Int) -> [Int]? {
  var cpus: [Int] = []
  for part in text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",") {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends.last ?? nil,
      first >= 0, last >= first, last <= largest, cpus.count <= largest
    else { return nil }
    cpus += first...last
  }
  return cpus
}
