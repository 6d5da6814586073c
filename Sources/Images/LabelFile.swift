/// Names of classes, one a line, the first of class 0: `n01440764 tench, Tinca tinca`.
package struct LabelFile: Sendable {
  package let names: [String]
  private let path: String

  /// - Throws: a file that cannot be read.
  package init(contentsOf path: String) throws(ImageError) {
    self.init(bytes: try ImageFile.bytes(of: path), named: path)
  }

  /// Reads the bytes of a file of labels.
  /// - Parameter name: of the file, for errors.
  package init(bytes: [UInt8], named name: String) {
    path = name
    names = TextLines.of(bytes)
  }

  /// - Throws: another number of labels than the network has classes.
  package func check(classCount: Int) throws(ImageError) {
    guard names.count == classCount else {
      throw .list(
        path: path,
        reason: "has \(names.count) labels where the network has \(classCount) classes")
    }
  }
}

/// Lines of a text.
enum TextLines {
  /// Without what ends them, blank ones at the end left out.
  static func of(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
    }
    while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
    return lines
  }
}
