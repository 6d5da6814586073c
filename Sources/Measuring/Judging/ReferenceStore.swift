import Files
import Foundation
import Networks
import Reference
import Tensors

/// Float64 results that were computed before, in a folder of the user's: plain loops in double
/// precision may take longer than what they judge.
///
/// An entry is known by its whole question, which it begins with; it ends with a hash of all that. What
/// is missing, damaged or unreadable is computed again, and what cannot be written is left out: this
/// never makes anything fail. The oldest entries go once there is too much.
package struct ReferenceStore: Sendable {
  /// Part of every question: another number makes all entries of before useless. To be raised with any
  /// change of what `Reference` or the seeded data are; a test knows what they are with this number.
  package static let version = 1
  /// Names the folder, or none with `off`.
  package static let variable = "ALEXBENCH_CACHE"
  /// Bytes of all entries together.
  package static let limitByteCount = 1 << 30

  package let folder: String
  private let limitByteCount: Int

  package init(folder: String, limitByteCount: Int = ReferenceStore.limitByteCount) {
    self.folder = folder
    self.limitByteCount = limitByteCount
  }

  /// The folder that the environment names, otherwise the usual place of caches; nil for none.
  package init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let named = environment[Self.variable]
    guard named != "off" else { return nil }
    if let named, !named.isEmpty {
      self.init(folder: named)
    } else if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") {
      self.init(folder: caches + "/alexbench")
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      self.init(folder: home + "/.cache/alexbench")
    } else {
      return nil
    }
  }

  /// What is asked: everything that decides the result.
  package struct Question: Hashable, Sendable {
    fileprivate let text: String

    package init(_ place: WorkloadPlace, seed: UInt64) {
      let graph = place.compiledGraph
      let images = graph.mixesImages ? nil : ReferenceCache.checkedImages(batch: place.batch)
      text =
        "alexbench reference \(ReferenceStore.version)\n\(place.isNet ? "net" : "layer")\n"
        + "batch \(place.batch)\nimages \(images.map { "\($0)" } ?? "all")\nseed \(seed)\n"
        + graph.canonicalText
    }

    /// Of the file, without a folder.
    package var fileName: String { ContentHash.of(text) + ".reference" }
  }

  /// The numbers of an entry; nil when there is none that is whole.
  package func numbers(_ question: Question) -> [[Double]]? {
    let path = path(question)
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else { return nil }
    guard let numbers = Self.decoded(data, question) else { return nil }
    // The last to go.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
    return numbers
  }

  /// Keeps an entry, if that is possible.
  package func keep(_ numbers: [[Double]], for question: Question) {
    let bytes = Self.encoded(numbers, question)
    guard bytes.count <= limitByteCount, (try? write(bytes, question)) != nil else { return }
    removeOldest()
  }

  private func write(_ bytes: [UInt8], _ question: Question) throws(FilesError) {
    let file = try WholeFile(path: path(question), creatingFolders: true, isDurable: false)
    try file.write(bytes)
    try file.finish()
  }

  private func path(_ question: Question) -> String { folder + "/" + question.fileName }

  private func removeOldest() {
    let files = FileManager.default
    let names = (try? files.contentsOfDirectory(atPath: folder)) ?? []
    let entries = names.filter { $0.hasSuffix(".reference") }.compactMap { name -> Entry? in
      let path = folder + "/" + name
      guard let facts = try? files.attributesOfItem(atPath: path),
        let size = facts[.size] as? Int, let date = facts[.modificationDate] as? Date
      else { return nil }
      return Entry(path: path, byteCount: size, date: date)
    }
    var byteCount = entries.reduce(0) { $0 + $1.byteCount }
    for entry in entries.sorted(by: { $0.date < $1.date }) where byteCount > limitByteCount {
      try? files.removeItem(atPath: entry.path)
      byteCount -= entry.byteCount
    }
  }

  private struct Entry {
    var path: String
    var byteCount: Int
    var date: Date
  }

  // MARK: Bytes

  /// The question and its length, the lengths of the arrays, their numbers as this machine has them,
  /// and a hash of it all.
  private static func encoded(_ numbers: [[Double]], _ question: Question) -> [UInt8] {
    let text = Array(question.text.utf8)
    var bytes: [UInt8] = []
    for count in [text.count, numbers.count] + numbers.map(\.count) {
      withUnsafeBytes(of: count) { bytes.append(contentsOf: $0) }
    }
    bytes += text
    for array in numbers { array.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes + Array(ContentHash.of(bytes: bytes).utf8)
  }

  private static func decoded(_ data: Data, _ question: Question) -> [[Double]]? {
    let text = Array(question.text.utf8)
    let word = MemoryLayout<Int>.size
    guard data.count >= 2 * word + hashByteCount else { return nil }
    let body = data.dropLast(hashByteCount)
    guard Array(data.suffix(hashByteCount)) == Array(ContentHash.of(bytes: body).utf8) else {
      return nil
    }
    return body.withUnsafeBytes { bytes -> [[Double]]? in
      func whole(_ index: Int) -> Int {
        bytes.loadUnaligned(fromByteOffset: index * word, as: Int.self)
      }
      let (textCount, arrayCount) = (whole(0), whole(1))
      guard textCount == text.count, (0...bytes.count / word - 2).contains(arrayCount) else {
        return nil
      }
      let counts = (0..<arrayCount).map { whole(2 + $0) }
      var offset = (2 + arrayCount) * word
      guard offset + textCount <= bytes.count,
        bytes[offset..<offset + textCount].elementsEqual(text)
      else { return nil }
      offset += textCount
      var numbers: [[Double]] = []
      for count in counts {
        let byteCount = MemoryLayout<Double>.size
        guard count >= 0, count <= (bytes.count - offset) / byteCount else { return nil }
        numbers.append(
          [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            let source = UnsafeRawBufferPointer(
              rebasing: bytes[offset..<offset + count * byteCount])
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            initialized = count
          })
        offset += count * byteCount
      }
      return offset == bytes.count ? numbers : nil
    }
  }

  private static let hashByteCount = 16
}
