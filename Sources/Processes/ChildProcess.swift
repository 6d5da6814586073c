import CSupport
import Foundation

/// A child that is talked to while it runs: pipes to its standard input and output, in a process
/// group of its own.
///
/// It needs no thread here, and nothing wakes this process while it runs, since times are measured
/// meanwhile. With swift-subprocess two timers would, once a second each: its own, as long as a
/// child runs, and that of the threads that tasks run on. Foundation's `Process` takes a child for
/// alive as long as anything that the child started is; a worker's own children must not outlive
/// it, nor keep its end from being seen.
package final class ChildProcess {
  package let processID: Int32
  /// Where the child's standard output is read, and its standard input written.
  package let output: Int32
  package private(set) var input: Int32
  private var end: ProcessEnd?

  /// Longest wait for a child that was killed; the system may keep it in a call for some time.
  private static let patience = Duration.seconds(10)

  /// - Parameter command: the path of a program, and arguments.
  package init(command: [String]) throws(ProcessError) {
    guard let program = command.first else {
      throw .cannotStart(program: "", reason: "the command is empty")
    }
    alex_keep_child_status()
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    var child: pid_t = 0
    var code = alex_pipe(&toChild)
    if code == 0 { code = alex_pipe(&fromChild) }
    if code == 0 {
      code = StartingMask.around {
        Self.spawn(command, input: toChild[0], output: fromChild[1], &child)
      }
    }
    let ends = code == 0 ? [toChild[0], fromChild[1]] : toChild + fromChild
    for descriptor in ends where descriptor >= 0 { close(descriptor) }
    guard code == 0 else { throw .cannotStart(program, code) }
    processID = child
    input = toChild[1]
    output = fromChild[0]
  }

  private static func spawn(
    _ command: [String], input: Int32, output: Int32, _ child: inout pid_t
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    alex_spawn_standard_streams_only(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What this process ignores, a shell's pipeline needs.
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var arguments = command.map { strdup($0) } + [nil]
    var environment =
      ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      for text in arguments + environment { free(text) }
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    return posix_spawn(&child, command[0], &actions, &attributes, &arguments, &environment)
  }

  deinit {
    closeInput()
    close(output)
  }

  package var isRunning: Bool { status() == nil }

  /// How it ended; nil while it runs.
  private func status() -> ProcessEnd? {
    if let end { return end }
    var status: Int32 = 0
    let child = waitpid(processID, &status, WNOHANG)
    if child == processID {
      end = status & 0x7f == 0 ? .exit((status >> 8) & 0xff) : .signal(status & 0x7f)
    } else if child < 0, errno == ECHILD {
      // Somebody else was told how it ended.
      end = .exit(127)
    }
    return end
  }

  /// Waits for the end, and brings it about if it does not come; what the child left behind in its
  /// group ends with it.
  package func wait(within patience: Duration) -> ProcessEnd {
    if let end = status(until: .now + patience) {
      kill(-processID, SIGKILL)
      return end
    }
    kill(-processID, SIGKILL)
    kill(processID, SIGKILL)
    return status(until: .now + Self.patience) ?? .signal(SIGKILL)
  }

  private func status(until deadline: ContinuousClock.Instant) -> ProcessEnd? {
    while true {
      if let end = status() { return end }
      guard ContinuousClock.now < deadline else { return nil }
      usleep(1000)
    }
  }

  /// The child reads the end of its input.
  package func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }
}
