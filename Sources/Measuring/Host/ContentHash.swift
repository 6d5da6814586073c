import CSupport
import Execution
import Foundation
import Networks
import Results

/// Tells whether two files, or two networks, are the same: FNV-1a, 64 bits, 16 hexadecimal digits.
///
/// It guards against mistakes, not against malice, and needs neither a library nor a child process
/// where times are measured next.
package enum ContentHash {
  package static func of(_ text: String) -> String {
    var text = text
    return text.withUTF8 { digits(update(basis, UnsafeRawBufferPointer($0))) }
  }

  package static func of(bytes: some ContiguousBytes) -> String {
    bytes.withUnsafeBytes { digits(update(basis, $0)) }
  }

  /// The hash of a graph's ``Graph/canonicalText``.
  package static func of(_ graph: Graph) -> String { of(graph.canonicalText) }

  /// - Throws: that the file cannot be read.
  package static func ofFile(_ path: String) throws(ResultsError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing(path: path) : unreadable(path, errno)
    }
    defer { close(descriptor) }
    var hash = basis
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, errno) }
      guard count > 0 else { return digits(hash) }
      hash = buffer.withUnsafeBytes { update(hash, UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325

  private static func update(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
    alex_fnv1a(hash, bytes.baseAddress, Int64(bytes.count))
  }

  private static func digits(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func unreadable(_ path: String, _ code: Int32) -> ResultsError {
    .cannotRead(path: path, reason: String(cString: strerror(code)))
  }
}

extension PlanOrigin {
  /// This host and this program, choosing for a graph.
  init(here graph: Graph) {
    self.init(
      hostClass: HostFingerprint.ownClass, program: BuildFingerprint.executable ?? "",
      graph: ContentHash.of(graph))
  }
}

extension InputEnvironment {
  /// A file as it is now.
  package init(_ role: Role, name: String? = nil, file path: String) throws(ResultsError) {
    self.init(role: role, name: name ?? path)
    self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    hash = try ContentHash.ofFile(path)
  }

  /// The files that the words of a program's command name: the program, its script, its model.
  package static func files(of backend: any Backend) throws(ResultsError) -> [InputEnvironment] {
    guard let program = backend.program else { return [] }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    // What a shell takes apart is one word of the command.
    let words = program.command.flatMap { word in
      isRegularFile(word)
        ? [word]
        : word.split { $0.isWhitespace || "'\"".contains($0) }.map(String.init)
    }
    var files: [InputEnvironment] = []
    for word in words {
      let places = word.contains("/") ? [] : folders.map { "\($0)/\(word)" }
      guard let path = ([word] + places).first(where: isRegularFile) else { continue }
      files.append(try InputEnvironment(.program, name: "\(backend.name): \(word)", file: path))
    }
    return files
  }

  private static func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
