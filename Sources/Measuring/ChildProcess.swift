import CSupport
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A child with pipes to its standard input and output, in a process group of its own.
///
/// Foundation's `Process` takes a child for alive as long as anything that the child started is; a
/// worker's own children must not outlive it, nor keep its end from being seen.
final class ChildProcess {
  enum End: Equatable {
    case exit(Int32)
    case signal(Int32)

    fileprivate init(status: Int32) {
      self = status & 0x7f == 0 ? .exit((status >> 8) & 0xff) : .signal(status & 0x7f)
    }
  }

  let processID: Int32
  /// Where the child's standard output is read, and its standard input written.
  let output: Int32
  private(set) var input: Int32
  private var end: End?

  /// - Parameter command: the path of a program, and arguments.
  /// - Throws: that it cannot be started, ``MeasuringError/worker(_:)``.
  init(command: [String]) throws(MeasuringError) {
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    let failure = max(alex_pipe(&toChild), alex_pipe(&fromChild))
    guard failure == 0 else {
      throw .worker("no pipe to a worker can be made: \(String(cString: strerror(failure)))")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
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
    var child: pid_t = 0
    let code = posix_spawn(&child, command[0], &actions, &attributes, &arguments, &environment)
    for text in arguments + environment { free(text) }
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
    close(toChild[0])
    close(fromChild[1])
    processID = child
    input = toChild[1]
    output = fromChild[0]
    guard code == 0 else {
      // There is nothing to wait for.
      end = .exit(127)
      throw .worker(
        "cannot start the worker '\(command[0])': \(String(cString: strerror(code)))")
    }
  }

  deinit {
    closeInput()
    close(output)
  }

  var isRunning: Bool { status() == nil }

  /// How it ended; nil while it runs.
  private func status() -> End? {
    if let end { return end }
    var status: Int32 = 0
    guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
    end = End(status: status)
    return end
  }

  /// Waits for the end, and brings it about if it does not come; what the child left behind in its
  /// group ends with it.
  func wait(within patience: Duration) -> End {
    let deadline = ContinuousClock.now + patience
    while status() == nil, ContinuousClock.now < deadline { usleep(1000) }
    if status() == nil { kill(-processID, SIGKILL) }
    while true {
      if let end = status() {
        kill(-processID, SIGKILL)
        return end
      }
      usleep(1000)
    }
  }

  /// The child reads the end of its input.
  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }
}
