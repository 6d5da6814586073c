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
    build.executable = executable
    if let commit = git(["rev-parse", "HEAD"], in: folder) {
      build.gitCommit = commit
      build.gitIsDirty = git(["status", "--porcelain"], in: folder).map { !$0.isEmpty }
    }
    return build
  }

  /// The ``ContentHash`` of this program's file.
  package static let executable = try? ContentHash.ofFile("/proc/self/exe")

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
