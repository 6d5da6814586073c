import CSupport
import Foundation

/// The threads of this process.
package enum ProcessThreads {
  /// The system's numbers of all threads, the calling one first.
  package static func all() -> [Int32] {
    let own = alex_thread_id()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return [own] + names.compactMap { Int32($0) }.filter { $0 != own }.sorted()
  }

  /// The text of a file of `/proc` or `/sys`, which have no length beforehand; nil when it cannot
  /// be read.
  static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
