import Tensors

/// What a description of a network leaves open and its user says, the same for every command and in
/// every process that reads the description.
public struct DescriptionOptions: Hashable, Sendable {
  public var state: NetState
  /// Shapes of inputs, in place of those in the description.
  public var shapes: [GivenShape]

  public init(state: NetState = NetState(), shapes: [GivenShape] = []) {
    self.state = state
    self.shapes = shapes
  }

  /// Whether a description is read as it stands.
  public var areStandard: Bool { self == DescriptionOptions() }

  /// The options of a command line that say the same; none where ``areStandard``.
  public var arguments: [String] {
    var words = shapes.flatMap { ["--shape", $0.text] }
    if state.phase != .test { words += ["--phase", state.phase.rawValue] }
    if state.level != 0 { words += ["--level", "\(state.level)"] }
    return words + state.stages.sorted().flatMap { ["--stage", $0] }
  }
}

/// The shape of an array for an input of a network.
public struct GivenShape: Hashable, Sendable {
  /// The input's blob; nil for the first one that no other array is for.
  public var blob: String?
  public var shape: Shape

  public init(blob: String? = nil, shape: Shape) {
    self.blob = blob
    self.shape = shape
  }

  /// - Parameter text: `NAME=N,C,H,W`, or a shape alone.
  public init?(_ text: String) {
    // A shape has no =, which a name may have.
    let equals = text.lastIndex(of: "=")
    let name = equals.map { String(text[..<$0]) }
    let list = equals.map { text[text.index(after: $0)...] } ?? text[...]
    let words = list.split(separator: ",", omittingEmptySubsequences: false)
    let axes = words.compactMap { Int($0) }.filter { $0 >= 1 }
    guard axes.count == words.count, name?.isEmpty != true else { return nil }
    self.init(blob: name, shape: Shape(axes))
  }

  /// As ``init(_:)`` reads it.
  public var text: String {
    (blob.map { "\($0)=" } ?? "") + shape.dimensions.map(String.init).joined(separator: ",")
  }
}

/// Which of a description's layers are wanted: Caffe's `NetState`.
public struct NetState: Hashable, Sendable {
  public enum Phase: String, Sendable, CaseIterable, Codable {
    case train = "TRAIN"
    case test = "TEST"
  }

  public var phase: Phase
  public var level: Int
  public var stages: Set<String>

  public init(phase: Phase = .test, level: Int = 0, stages: Set<String> = []) {
    self.phase = phase
    self.level = level
    self.stages = stages
  }
}

/// Flat, with the names of the command line's options; what has its standard value is left out.
extension DescriptionOptions: Codable {
  private enum CodingKeys: CodingKey { case shape, phase, level, stage }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    for text in try container.decodeIfPresent([String].self, forKey: .shape) ?? [] {
      guard let shape = GivenShape(text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .shape, in: container, debugDescription: "'\(text)' is not the shape of an input")
      }
      shapes.append(shape)
    }
    state.phase = try container.decodeIfPresent(NetState.Phase.self, forKey: .phase) ?? .test
    state.level = try container.decodeIfPresent(Int.self, forKey: .level) ?? 0
    state.stages = Set(try container.decodeIfPresent([String].self, forKey: .stage) ?? [])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if !shapes.isEmpty { try container.encode(shapes.map(\.text), forKey: .shape) }
    if state.phase != .test { try container.encode(state.phase, forKey: .phase) }
    if state.level != 0 { try container.encode(state.level, forKey: .level) }
    if !state.stages.isEmpty { try container.encode(state.stages.sorted(), forKey: .stage) }
  }
}
