/// One kind of hostile input: what reads it, and what must hold whatever it is.
///
/// The fuzzer in `Fuzzing` and the test that replays its corpora call the same functions. An input
/// ends in one of the reader's own errors or in something that was read; everything else – an error
/// of another type, a property that does not hold, a trap – is a fault of the reader.
public struct FuzzTarget: Sendable {
  /// The name on the command line, and of the folders with inputs.
  public let name: String
  /// Longest input that is made, in bytes.
  public let byteLimit: Int
  private let body: @Sendable ([UInt8]) throws -> Bool

  init(_ name: String, byteLimit: Int, _ body: @escaping @Sendable ([UInt8]) throws -> Bool) {
    self.name = name
    self.byteLimit = byteLimit
    self.body = body
  }

  /// Reads an input.
  /// - Returns: whether it was accepted.
  /// - Throws: ``BrokenProperty``, or an error that no reader should let through.
  @discardableResult
  public func run(_ bytes: [UInt8]) throws -> Bool { try body(bytes) }

  /// All targets.
  public static let all: [FuzzTarget] = [
    .prototxt, .caffemodel, .npy, .images, .lists, .csv, .json, .requests, .answers,
  ]
}

/// What should hold for every input and does not for this one.
public struct BrokenProperty: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// - Throws: ``BrokenProperty``, unless it holds.
func require(_ isTrue: Bool, _ what: @autoclosure () -> String) throws(BrokenProperty) {
  if !isTrue { throw BrokenProperty(what()) }
}

/// Looks at an error for users.
/// - Returns: false, since the input was not accepted.
func refused(_ error: some Error & CustomStringConvertible) throws(BrokenProperty) -> Bool {
  let sentence = error.description
  try require(!sentence.isEmpty && !sentence.contains("\n"), "not one line: \(sentence)")
  return false
}
