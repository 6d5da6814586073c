import Foundation
import Processes
import Results

/// What was built, and from what.
package enum BuildFingerprint {
  /// - Parameter folder: whose repository is named; the working directory by default.
  package static func collect(
    folder: String = FileManager.default.currentDirectoryPath
  ) -> BuildEnvironment {
    var build = BuildEnvironment(compiler: compiler, configuration: configuration)
    build.executable = executableHash(path: "/proc/self/exe")
    if let commit = git(["rev-parse", "HEAD"], in: folder) {
      build.gitCommit = commit
      build.gitIsDirty = git(["status", "--porcelain"], in: folder).map { !$0.isEmpty }
    }
    return build
  }

  /// A hash of a file, to tell whether two programs are the same; nil when it cannot be read.
  ///
  /// FNV-1a over words of 64 bits instead of bytes, the last one filled up with zeros: a program of
  /// some megabytes takes a few milliseconds.
  package static func executableHash(path: String) -> String? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else { return nil }
    let hash = data.withUnsafeBytes { bytes -> UInt64 in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01b3 }
      for offset in stride(from: 0, to: bytes.count / 8 * 8, by: 8) {
        mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      }
      var last: UInt64 = 0
      for (place, byte) in bytes[(bytes.count / 8 * 8)...].enumerated() {
        last |= UInt64(byte) << (8 * UInt64(place))
      }
      mix(last)
      mix(UInt64(bytes.count))
      return hash
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static var compiler: String {
    #if compiler(>=6.5)
      "Swift 6.5 or newer"
    #elseif compiler(>=6.4)
      "Swift 6.4"
    #elseif compiler(>=6.3)
      "Swift 6.3"
    #else
      "Swift 6.2"
    #endif
  }

  private static var configuration: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }

  /// Trimmed output; nil when git is missing, says no, or cannot be asked.
  ///
  /// Not a `Program`: times are measured next, and one would leave a timer behind.
  private static func git(_ arguments: [String], in folder: String) -> String? {
    let script = #"exec git "$@" 2>/dev/null"#
    let command = ["/bin/sh", "-c", script, "git", "-C", folder] + arguments
    guard let child = try? ChildProcess(command: command) else { return nil }
    child.closeInput()
    let channel = LineChannel(input: child.output, output: child.input)
    let deadline = ContinuousClock.now + .seconds(20)
    var output = ""
    while true {
      do {
        let rest = deadline - ContinuousClock.now
        guard let line = try channel.readLine(timeout: rest, isOver: { !child.isRunning })
        else { break }
        output += String(decoding: line, as: UTF8.self) + "\n"
      } catch {
        _ = child.wait(within: .zero)
        return nil
      }
    }
    guard child.wait(within: .seconds(5)) == .exit(0) else { return nil }
    return output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
