import Foundation
import Testing

/// A Swift file of this package.
struct SourceFile: Sendable, CustomTestStringConvertible {
  /// Path from the package's root.
  let path: String
  let lines: [Substring]
  var testDescription: String { path }

  /// Modules named by `import` lines, attributes and access levels aside.
  var imports: Set<String> {
    Set(
      lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
          words[..<index].allSatisfy({ $0.hasPrefix("@") || Self.modifiers.contains($0) })
        else { return nil }
        // `import struct Module.Name` and `import Module.Submodule`.
        let isKind = Self.kinds.contains(words[index + 1]) && index + 2 < words.count
        let name = words[index + (isKind ? 2 : 1)]
        return String(name.prefix { $0 != "." })
      })
  }

  private static let modifiers: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
  ]
}

/// The files of the package that this was compiled from.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Folders in a folder, in order of their names.
  static func folders(in path: String) throws -> [String] {
    let url = root.appendingPathComponent(path)
    return try FileManager.default.contentsOfDirectory(atPath: url.path)
      .filter { name in
        var isFolder: ObjCBool = false
        let path = url.appendingPathComponent(name).path
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
          && isFolder.boolValue
      }
      .sorted()
  }

  /// All Swift files below a folder; symbolic links are not followed.
  static func files(in path: String) throws -> [SourceFile] {
    let url = root.appendingPathComponent(path)
    guard let enumerator = FileManager.default.enumerator(atPath: url.path) else {
      throw CocoaError(.fileReadNoSuchFile)
    }
    return try enumerator.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
      .map { name in
        let text = try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
        return SourceFile(
          path: "\(path)/\(name)",
          lines: text.split(separator: "\n", omittingEmptySubsequences: false))
      }
  }
}
