/// A program that the user adds as a backend: it speaks the worker protocol.
public struct CustomProgram: Hashable, Sendable {
  /// Name of the backend.
  public var name: String
  /// With its arguments, as a shell reads it.
  public var command: String

  /// Nil for a name that could not stand in lists and files, or an empty command.
  public init?(name: String, command: String) {
    let others: Set<Character> = ["-", "_", "."]
    guard !name.isEmpty, name != "all", command.contains(where: { !$0.isWhitespace }),
      name.allSatisfy({ ($0.isASCII && ($0.isLetter || $0.isNumber)) || others.contains($0) })
    else { return nil }
    self.name = name
    self.command = command
  }

  /// What stands after `--program`, quoted where a shell needs it.
  public var argument: String {
    let plain = "\(name)=\(command)"
    let harmless = "-_./=+:,@"
    if plain.allSatisfy({ $0.isLetter || $0.isNumber || harmless.contains($0) }) { return plain }
    return "'" + plain.replacing("'", with: #"'\''"#) + "'"
  }
}
