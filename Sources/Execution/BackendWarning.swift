/// What a reader of a backend's numbers must know.
public struct BackendWarning: Hashable, Sendable, CustomStringConvertible {
  /// What it is about.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// A variable in the environment changes what the library does.
    case steered
    /// The library chose lesser code than the processor offers.
    case lesserCode
    /// The library does not tell which code it chose.
    case unknownCode
    /// It may run on another number of threads than was asked for.
    case threads
    /// What the way to it adds to its times.
    case interface
  }

  public var kind: Kind
  /// A sentence without its full stop.
  public var text: String
  /// What to do about it, a clause.
  public var advice: String?
  /// The very command that does it.
  public var command: String?
  /// The variable that steers it.
  public var variable: String?

  public init(
    _ kind: Kind, _ text: String, advice: String? = nil, command: String? = nil,
    variable: String? = nil
  ) {
    self.kind = kind
    self.text = text
    self.advice = advice
    self.command = command
    self.variable = variable
  }

  /// Sentence and advice.
  public var description: String { advice.map { "\(text); \($0)" } ?? text }
}
