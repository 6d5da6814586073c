import ArgumentParser
import Backends
import Execution
import Kernels
import Measuring
import Networks
import Reporting
import Results
import Tensors

/// Values separated by commas, of which `\,` is one inside a value; each value counts once.
struct CommaList<Element: ExpressibleByArgument & Hashable>: ExpressibleByArgument {
  var elements: [Element]

  init(_ elements: [Element]) {
    var seen: Set<Element> = []
    self.elements = elements.filter { seen.insert($0).inserted }
  }

  init?(argument: String) {
    let words = ListText.elements(of: argument).filter { !$0.isEmpty }
    let elements = words.compactMap { Element(argument: $0) }
    guard !words.isEmpty, elements.count == words.count else { return nil }
    self.init(elements)
  }

  var defaultValueDescription: String {
    elements.map(\.defaultValueDescription).joined(separator: ",")
  }
}

extension Array {
  /// The values of an option that was given several times, each once.
  func elements<Value>() -> [Value] where Element == CommaList<Value> {
    CommaList(flatMap(\.elements)).elements
  }

  /// The same; nil where the option was not given.
  func elementsIfGiven<Value>() -> [Value]? where Element == CommaList<Value> {
    isEmpty ? nil : elements()
  }
}

extension CommaList<Int> {
  /// Reads numbers that are all in a range.
  static func parse(in range: CountRange) -> @Sendable (String) throws -> CommaList {
    { text in
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      return CommaList(try words.map { try range.parse(String($0)) })
    }
  }
}

/// How commands read runs.
struct ReadingOptions: ParsableArguments {
  @Flag(
    name: .shortAndLong,
    help: "Also name columns that the run's files lack, and those that this version leaves out.")
  var verbose = false

  /// The files of a run.
  func files(of folder: String) throws(ResultsError) -> RunFiles {
    let files = try RunFiles(folder: folder)
    if verbose { for notice in files.notices { printError("alexbench: \(folder): \(notice)") } }
    return files
  }
}

/// `NAME=PATH`.
struct NamedPath: ExpressibleByArgument {
  var name: String
  var path: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    (name, path) = (parts[0], parts[1])
  }
}

/// `NAME=COMMAND`.
struct NamedCommand: ExpressibleByArgument {
  var program: CustomProgram

  init?(argument: String) {
    guard let program = CustomProgram(argument) else { return nil }
    self.program = program
  }
}

/// The instruction sets of `--isa` or `ALEXBENCH_ISA`.
enum ISAChoice {
  /// - Parameters:
  ///   - text: `auto`, `all`, or names separated by commas.
  ///   - standard: what `auto` means.
  static func parse(_ text: String, auto standard: [InstructionSet]) throws -> [InstructionSet] {
    let words = ListText.elements(of: text).filter { !$0.isEmpty }
    if words == ["auto"] { return standard }
    if words == ["all"] { return InstructionSet.usable }
    try NameSuggestion.resolve(
      words, what: "instruction set", known: InstructionSet.allCases.map(\.rawValue) + ["auto"])
    guard !words.isEmpty, !words.contains("auto") else {
      throw MeasuringError.usage("--isa takes auto, all, or names such as baseline,avx2")
    }
    return CommaList(words).elements.compactMap(InstructionSet.init)
  }

  /// The one of a command that takes one only.
  /// - Throws: one that there is not, or that the processor lacks.
  static func one(_ name: String?) throws -> InstructionSet {
    let set = try parse(name ?? "auto", auto: [.best])[0]
    guard set.isUsable else {
      throw MeasuringError.unavailable("this processor cannot execute '\(set.rawValue)'")
    }
    return set
  }
}

/// Tiles of layers: `4`, `5/frequencies`, `conv2=3`, `conv2=jit:avx512_core@nhwc`, for `auto` `conv2=winograd:3`; or several
/// with commas.
struct TileList: ExpressibleByArgument {
  var everywhere: String?
  var layers: [String: String] = [:]

  init?(argument: String) {
    for word in ListText.elements(of: argument) {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard let tile = parts.last,
        isTile(tile) || isPrimitive(tile) || isStreams(tile) || isChoice(tile)
      else { return nil }
      switch parts.count {
      case 1 where everywhere == nil && isTile(tile): everywhere = tile
      case 2 where !parts[0].isEmpty && layers[parts[0]] == nil: layers[parts[0]] = tile
      default: return nil
      }
    }
    /// With or without a division, `5/frequencies`.
    func isTile(_ text: String) -> Bool {
      Int(text.prefix { $0 != "/" }) != nil || text == "direct"
    }
    /// A backend, with or without a tile of its own.
    func isChoice(_ text: String) -> Bool {
      let backend = PlannedChoice(text).backend
      return backend.hasPrefix("im2col-") || BackendCatalog.backend(named: backend) != nil
    }
    /// Streams of weights, `4x512`; of one layer only.
    func isStreams(_ text: String) -> Bool {
      text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }.count {
        $0 != nil
      } == 2
    }
    /// A library's primitive and the layout it reads; of one layer only.
    func isPrimitive(_ tile: String) -> Bool { tile.contains("@") }
  }
}

extension [TileList] {
  /// The tiles of all lists; of one layer the last counts.
  var merged: (everywhere: String?, layers: [String: String]) {
    (last { $0.everywhere != nil }?.everywhere, reduce(into: [:]) { $0.merge($1.layers) { $1 } })
  }
}

/// Directions, or `all`.
struct DirectionList: ExpressibleByArgument {
  var directions: [Direction]

  /// What backends compute.
  private static let known: [Direction] = [.forward, .backwardData, .backwardWeights]

  init?(argument: String) {
    directions = []
    for word in ListText.elements(of: argument) {
      if word == "all" {
        directions += Self.known
      } else if let direction = Direction(rawValue: word), Self.known.contains(direction) {
        directions.append(direction)
      } else {
        return nil
      }
    }
  }

  static var allValueStrings: [String] { known.map(\.rawValue) + ["all"] }

  /// Of all lists, each once and in order; forward for none.
  static func merged(_ lists: [DirectionList]) -> [Direction] {
    let asked = lists.flatMap(\.directions)
    return asked.isEmpty ? [.forward] : known.filter(asked.contains)
  }
}

extension CellContent: ExpressibleByArgument {}
extension Pass: ExpressibleByArgument {}
extension CacheMode: ExpressibleByArgument {}

extension [NamedPath] {
  /// Path by name.
  var paths: [String: String] { Dictionary(map { ($0.name, $0.path) }) { $1 } }
}
