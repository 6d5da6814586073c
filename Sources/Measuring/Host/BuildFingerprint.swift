import Foundation
import Results

/// What was built, and from what.
public enum BuildFingerprint {
  /// - Parameter folder: whose repository is named; the working directory by default.
  public static func collect(
    folder: String = FileManager.default.currentDirectoryPath
  ) -> BuildEnvironment {
    var build = BuildEnvironment(compiler: compiler, configuration: configuration)
    if let commit = git(["rev-parse", "HEAD"], in: folder) {
      build.gitCommit = commit
      build.gitIsDirty = git(["status", "--porcelain"], in: folder).map { !$0.isEmpty }
    }
    return build
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

  /// Trimmed output; nil when git is missing or says no.
  private static func git(_ arguments: [String], in folder: String) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
