import CSupport
import Foundation

/// PAPI, opened at run time, initialised once per process.
package final class PAPILibrary {
  let papi: alex_papi
  /// For example `7.0`.
  package let version: String

  /// Why there is no PAPI here, and what to do.
  package struct Missing: Error, CustomStringConvertible {
    package var description: String
  }

  /// Releases that are looked for, newest first. A release refuses a caller of another one, so each
  /// is asked in its own number.
  private static let releases: [(name: String, version: Int32)] = [
    ("7.2", 0x0702_0000), ("7.1", 0x0701_0000), ("7.0", 0x0700_0000), ("6.0", 0x0600_0000),
  ]

  /// The library of this machine; opened at the first use and never closed.
  package static func shared() throws(Missing) -> PAPILibrary { try opened.get() }

  nonisolated(unsafe) private static let opened: Result<PAPILibrary, Missing> = {
    do throws(Missing) { return .success(try open()) } catch { return .failure(error) }
  }()

  private static func open() throws(Missing) -> PAPILibrary {
    try open(releases.map { ("libpapi.so.\($0.name)", $0.name, $0.version) })
  }

  /// Opens the first that is there.
  /// - Parameter candidates: file, release and its number, to be tried in order.
  package static func open(_ candidates: [(path: String, release: String, number: Int32)])
    throws(Missing) -> PAPILibrary
  {
    var message = [CChar](repeating: 0, count: 256)
    for candidate in candidates {
      guard let library = alex_library_open(candidate.path, &message, message.count) else {
        continue
      }
      var papi = alex_papi()
      if let symbol = alex_papi_bind(library, &papi) {
        throw Missing(
          description: "\(candidate.path) lacks \(String(cString: symbol)); "
            + "install another release of PAPI")
      }
      return try PAPILibrary(papi, release: candidate.release, number: candidate.number)
    }
    throw Missing(
      description: "PAPI is not installed: apt-get install libpapi7.0 (or libpapi-dev)")
  }

  /// - Parameters:
  ///   - papi: the entry points, of a library or of a test.
  ///   - number: of the release, as PAPI_library_init takes it.
  package init(_ papi: alex_papi, release: String, number: Int32) throws(Missing) {
    self.papi = papi
    version = release
    let code = papi.library_init(number)
    guard code == number else {
      throw Missing(
        description: "PAPI \(release) does not initialise: "
          + (code == -1 ? "it is of another release" : Self.text(code, papi)))
    }
    var papi = papi
    let threads = alex_papi_init_threads(&papi)
    guard threads == 0 else {
      throw Missing(
        description: "PAPI \(release) does not handle threads: \(Self.text(threads, papi))")
    }
  }

  /// PAPI's sentence for an error number.
  func text(_ code: Int32) -> String { Self.text(code, papi) }

  private static func text(_ code: Int32, _ papi: alex_papi) -> String {
    papi.error_text(code).map { String(cString: $0) } ?? "error \(code)"
  }

  /// Why the component that counts the processor's events is disabled; empty when it is not.
  var disabledReason: String {
    var papi = papi
    var text = [CChar](repeating: 0, count: 160)
    alex_papi_disabled_reason(&papi, 0, &text, Int32(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
