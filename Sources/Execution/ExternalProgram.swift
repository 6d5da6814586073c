/// A program that computes in a process of its own and speaks the worker protocol.
public struct ExternalProgram: Hashable, Sendable {
  /// The file to execute, by its path, and its arguments.
  public var command: [String]
  public init(command: [String]) { self.command = command }

  /// - Parameter line: a command with its arguments, as a shell reads it.
  public init(shell line: String) {
    // Replaced by the command, so that the process started is the one that computes.
    self.init(command: ["/bin/sh", "-c", "exec " + line])
  }
}
