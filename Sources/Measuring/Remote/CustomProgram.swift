import Tensors

/// A program that the user adds as a backend: it speaks the worker protocol.
package struct CustomProgram: Hashable, Sendable {
  /// Name of the backend.
  package var name: String
  /// With its arguments, as a shell reads it.
  package var command: String

  /// Nil for a name that could not stand in lists and files, or an empty command.
  package init?(name: String, command: String) {
    let others: Set<Character> = ["-", "_", "."]
    guard !name.isEmpty, name != "all", command.contains(where: { !$0.isWhitespace }),
      name.allSatisfy({ ($0.isASCII && ($0.isLetter || $0.isNumber)) || others.contains($0) })
    else { return nil }
    self.name = name
    self.command = command
  }

  /// - Parameter text: `NAME=COMMAND`.
  package init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(name: parts[0], command: parts[1])
  }

  /// `NAME=COMMAND`.
  package var text: String { "\(name)=\(command)" }

  /// What stands after `--program`, quoted where a shell needs it.
  package var argument: String { ShellText.quoted(text) }
}
