/// A list of images with the classes that they show, a line each: `path label`.
///
/// As in Caffe's lists the last blank divides the two, so that a path may have blanks.
package struct ImageList: Sendable {
  /// A line.
  package struct Entry: Equatable, Sendable {
    package var path: String
    /// The class, from 0.
    package var label: Int
    package init(path: String, label: Int) {
      self.path = path
      self.label = label
    }
  }

  package let entries: [Entry]
  private let path: String
  private let lines: [Int]

  /// - Throws: a file that cannot be read, a line that is not of this form, or no line at all.
  package init(contentsOf path: String) throws(ImageError) {
    try self.init(bytes: try ImageFile.bytes(of: path), named: path)
  }

  /// Reads the bytes of a list.
  /// - Parameter name: of the file, for errors.
  package init(bytes: [UInt8], named name: String) throws(ImageError) {
    path = name
    var entries: [Entry] = []
    var lines: [Int] = []
    for (index, line) in TextLines.of(bytes).enumerated() {
      let text = line.drop { $0 == " " || $0 == "\t" }
      guard !text.isEmpty else { continue }
      let trimmed = text.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
      let words = String(trimmed)
      guard let blank = words.lastIndex(where: { $0 == " " || $0 == "\t" }),
        let label = Int(words[words.index(after: blank)...]), label >= 0
      else {
        throw .list(path: path, reason: "line \(index + 1): '\(line)' is not 'path label'")
      }
      var name = words[..<blank]
      while let last = name.last, last == " " || last == "\t" { name.removeLast() }
      entries.append(Entry(path: String(name), label: label))
      lines.append(index + 1)
    }
    guard !entries.isEmpty else { throw .list(path: path, reason: "lists no image") }
    self.entries = entries
    self.lines = lines
  }

  /// - Throws: a label that the network has no class for.
  package func check(classCount: Int) throws(ImageError) {
    for (entry, line) in zip(entries, lines) where entry.label >= classCount {
      throw .list(
        path: path,
        reason: "line \(line): there is no class \(entry.label); the network has \(classCount)")
    }
  }
}
