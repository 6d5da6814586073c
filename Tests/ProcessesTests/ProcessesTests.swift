import CSupport
import Foundation
import Processes
import Testing

@Suite("Processes", .serialized)
struct ProcessesTests {
  private func shell(_ script: String, limit: Duration = .seconds(60)) -> Program {
    Program("/bin/sh", ["-c", script], timeLimit: limit)
  }

  private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

  // MARK: Programs

  @Test("What goes in comes out, and the exit code or the signal is told")
  func outcome() throws {
    var program = shell("cat; echo there >&2; exit 3")
    program.input = Data("here".utf8)
    let outcome = try program.run()
    #expect(outcome.end == .exit(3))
    #expect(text(outcome.output) == "here")
    #expect(text(outcome.errors) == "there\n")
    #expect(try shell("kill -9 $$").run().end == .signal(SIGKILL))
    #expect(try Program("true", [], timeLimit: .seconds(60)).run().end == .exit(0))
  }

  @Test("Environment and folder are the program's own")
  func surroundings() throws {
    var program = shell("pwd; echo $ALEXBENCH_TEST; echo ${HOME-none}")
    program.folder = "/usr"
    program.environment = ["ALEXBENCH_TEST": "a b"]
    #expect(text(try program.run().output) == "/usr\na b\nnone\n")
  }

  @Test("More than a pipe holds goes in and out, also when it is not read")
  func large() throws {
    let data = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
    var program = shell("cat")
    program.input = data
    #expect(try program.run().output == data)
    program = shell("exit 0")
    program.input = data
    #expect(try program.run().end == .exit(0))
  }

  @Test("A program that is not there, or is none, is an error of one sentence")
  func missing() throws {
    #expect(throws: ProcessError.missing(program: "no-such-program-here")) {
      try Program("no-such-program-here", [], timeLimit: .seconds(9)).run()
    }
    for path in ["/proc/nonexistent/program", "/dev/null"] {
      #expect(throws: ProcessError.self) { try Program(path, [], timeLimit: .seconds(9)).run() }
    }
  }

  @Test("At the time limit a program is ended, with what it started")
  func timeLimit() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-limit-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let program = shell(
      "trap '' TERM; sleep 300 & echo $! > '\(file)'; sleep 300", limit: .seconds(1))
    #expect(
      throws: ProcessError.timeLimit(program: "/bin/sh", limit: .seconds(1))
    ) { try program.run() }
    let words = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    let grandchild = try #require(words.first.flatMap { Int32($0) })
    #expect(hasEnded(grandchild))
  }

  @Test("What a program leaves behind does not keep its end from being seen")
  func leftovers() throws {
    let outcome = try shell("sleep 30 & echo $!").run()
    #expect(outcome.end == .exit(0))
    let left = try #require(Int32(text(outcome.output).trimmingCharacters(in: .newlines)))
    kill(left, SIGKILL)
  }

  @Test("Several run at the same time")
  func several() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-several-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Each waits for the other.
    let running = try [("a", "b"), ("b", "a")].map { own, other in
      try shell(
        "touch '\(folder.path)/\(own)'; until [ -e '\(folder.path)/\(other)' ]; do sleep 0.01; done"
      ).start()
    }
    for one in running { #expect(try one.wait().end == .exit(0)) }
  }

  @Test("Children use the CPUs that the process started with, and no descriptor of ours")
  func inheritance() throws {
    var own = [Int32](repeating: 0, count: 1024)
    let count = alex_starting_affinity(&own, 1024)
    try #require(count >= 1)
    var before = [Int32](repeating: 0, count: 1024)
    let countBefore = alex_get_affinity(&before, 1024)
    defer { _ = alex_set_affinity(before, countBefore) }
    _ = alex_pin_thread(own[0])
    // Held open while the children start.
    let other = try ChildProcess(command: ["/bin/cat"])
    defer { _ = other.wait(within: .zero) }
    let script = "grep Cpus_allowed_list /proc/self/status; ls /proc/self/fd | wc -l"
    let program = text(try shell(script).run().output)
    let child = try ChildProcess(command: ["/bin/sh", "-c", script])
    let file = FileHandle(fileDescriptor: child.output)
    let talked = text(try file.readToEnd() ?? Data())
    #expect(child.wait(within: .seconds(9)) == .exit(0))
    #expect(alex_get_affinity(&own, 1024) == 1, "the thread stays pinned")
    _ = alex_set_affinity(before, countBefore)
    let free = try #require(
      String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
        .first { $0.hasPrefix("Cpus_allowed_list") })
    for said in [program, talked] {
      let lines = said.split(separator: "\n").map(String.init)
      #expect(lines.first == String(free))
      // The standard streams, and the folder that is listed.
      #expect(lines.last == "4")
    }
  }

  // MARK: Children that are talked to

  @Test("A child that ends, is ended, or leaves something behind is waited for")
  func children() throws {
    let echo = try ChildProcess(command: ["/bin/sh", "-c", "read line; exit 7"])
    #expect(echo.isRunning)
    echo.closeInput()
    #expect(echo.wait(within: .seconds(30)) == .exit(7))
    #expect(!echo.isRunning)
    let deaf = try ChildProcess(command: ["/bin/sh", "-c", "trap '' TERM; sleep 300 & wait"])
    #expect(deaf.wait(within: .zero) == .signal(SIGKILL))
    #expect(throws: ProcessError.self) { try ChildProcess(command: []) }
    #expect(throws: ProcessError.self) { try ChildProcess(command: ["/proc/nonexistent/program"]) }
  }

  @Test("A child that fails to start leaves no descriptor open")
  func descriptors() throws {
    func count() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
    _ = try? ChildProcess(command: ["/proc/nonexistent/program"])
    let before = try count()
    for _ in 0..<50 { _ = try? ChildProcess(command: ["/proc/nonexistent/program"]) }
    // Other tests may open a few in the meantime.
    #expect(try count() < before + 50)
  }

  /// Whether a process is gone, or is only waiting to be looked at by whoever started it.
  private func hasEnded(_ processID: Int32) -> Bool {
    for _ in 0..<500 {
      guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
      else { return true }
      if text.contains(") Z") { return true }
      usleep(10_000)
    }
    return false
  }
}
