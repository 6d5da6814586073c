import Foundation
import TestGuard
import Testing

/// What tests leave behind, also those that are killed.
@Suite struct TestGuardTests {
  private static let victimVariable = "ALEXBENCH_TEST_VICTIM"
  private static var victimPath: String? {
    ProcessInfo.processInfo.environment[victimVariable]
  }

  @Test("A child and a folder of tests that are killed go with them")
  func killed() throws {
    let path = NSTemporaryDirectory() + "/victim-\(UUID().uuidString)"
    let tests = Process()
    tests.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    tests.arguments = ["--testing-library", "swift-testing", "--filter", "TestGuardTests.victim"]
    var environment = ProcessInfo.processInfo.environment
    environment[Self.victimVariable] = path
    tests.environment = environment
    tests.standardOutput = FileHandle.nullDevice
    tests.standardError = FileHandle.nullDevice
    try tests.run()
    defer { tests.terminate() }
    /// What the victim has to say, once it is there.
    func words() -> [String] {
      ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ")
        .map(String.init)
    }
    #expect(isTrueSoon { words().count == 2 })
    let (folder, child) = (words()[0], try #require(Int32(words()[1])))
    #expect(folder != String(cString: alex_test_folder()))
    #expect(FileManager.default.fileExists(atPath: folder) && isAlive(child))
    kill(tests.processIdentifier, SIGKILL)
    #expect(isTrueSoon { !isAlive(child) })
    #expect(isTrueSoon { !FileManager.default.fileExists(atPath: folder) })
  }

  @Test("Is killed by another test", .enabled(if: victimPath != nil))
  func victim() throws {
    let path = try #require(Self.victimPath)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["1000"]
    try child.run()
    let folder = String(cString: alex_test_folder())
    try "\(folder) \(child.processIdentifier)".write(
      toFile: path, atomically: true, encoding: .utf8)
    child.waitUntilExit()
  }

  @Test("Temporary files of tests and of what they start are in a folder of this process")
  func folder() {
    let folder = String(cString: alex_test_folder())
    #expect(FileManager.default.temporaryDirectory.path == folder)
    #expect(ProcessInfo.processInfo.environment["TMPDIR"] == folder)
  }

  private func isAlive(_ process: Int32) -> Bool {
    // A zombie has ended, too.
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    return text.split(separator: ") ").last.map { !$0.hasPrefix("Z") && !$0.isEmpty } ?? false
  }

  private func isTrueSoon(_ condition: () -> Bool) -> Bool {
    for _ in 0..<600 {
      if condition() { return true }
      usleep(100_000)
    }
    return false
  }
}
