import Networks
import Tensors

/// Layers that the rules of a description leave out: says of a blob that is missing which of them
/// writes it, and how to ask for that one.
struct LeftOutLayers {
  private let tree: PrototxtMessage
  private let options: ImportOptions
  private let state: NetState

  init(_ tree: PrototxtMessage, _ options: ImportOptions) {
    self.tree = tree
    self.options = options
    state = options.state.joined(by: tree)
  }

  /// An error with what the rules have to do with it.
  /// - Parameter read: reads the description with other options.
  func explained(
    _ error: CaffeModelError, read: (ImportOptions) throws(CaffeModelError) -> Void
  ) -> CaffeModelError {
    switch error {
    case .missingBlob(let layer, let blob, _, let line):
      let writers = leftOut.filter { $0["top"].contains { $0.unquoted == blob } }
      guard let writer = writers.first else { return error }
      let way = firstWay(to: writers, read)
      return .missingBlob(
        layer: layer, blob: blob,
        reason:
          "which layer '\(writer.scalar("name") ?? "")' writes; \(rule(of: writer)) leaves that "
          + "one out" + advice(way), line: line)
    case .noLayers(let reason):
      let way = firstWay(to: leftOut, read)
      return .noLayers(reason: reason + advice(way))
    default: return error
    }
  }

  /// Today's layers and those of V1, which have the same rules.
  private var leftOut: [PrototxtMessage] {
    (tree["layer"] + tree["layers"]).compactMap { field in
      guard let message = field.message,
        (try? state.includes(PrototxtLayer(message: message, line: nil))) == false
      else { return nil }
      return message
    }
  }

  // MARK: Ways

  /// A change of the state, and the options that make it.
  private struct Way {
    var state: NetState
    var options: String
  }

  private func advice(_ way: Way?) -> String { way.map { "; ask for it with \($0.options)" } ?? "" }

  /// The first of the ways to some layers that is one; of hostile descriptions not all are tried.
  private func firstWay(
    to layers: [PrototxtMessage], _ read: (ImportOptions) throws(CaffeModelError) -> Void
  ) -> Way? {
    layers.prefix(Self.trialLimit).lazy.flatMap(ways).prefix(Self.trialLimit).first {
      isOne($0, read)
    }
  }

  private static let trialLimit = 16

  /// Whether a way leads to a network, or at least to the question how large its inputs are.
  private func isOne(
    _ way: Way, _ read: (ImportOptions) throws(CaffeModelError) -> Void
  ) -> Bool {
    var changed = options
    changed.state = way.state
    do {
      try read(changed)
      return true
    } catch {
      if case .unusableInput(let reason, _) = error { return reason.contains("--shape") }
      return false
    }
  }

  /// Changes that include a layer, the smallest first.
  private func ways(to layer: PrototxtMessage) -> [Way] {
    let rules = layer.messages("include") + layer.messages("exclude")
    return rules.flatMap { [meeting($0), missing($0)] }.flatMap { $0 }.filter {
      (try? $0.state.includes(PrototxtLayer(message: layer, line: nil))) == true
    }
  }

  /// The state that meets a rule.
  private func meeting(_ rule: PrototxtMessage) -> [Way] {
    var way = Way(state: state, options: "")
    if let phase = rule.phase { set(phase, in: &way) }
    if let least = rule.int("min_level"), state.level < least { set(level: least, in: &way) }
    if let most = rule.int("max_level"), state.level > most { set(level: most, in: &way) }
    for stage in rule.texts("stage") { add(stage, to: &way) }
    return way.options.isEmpty ? [] : [way]
  }

  /// States that do not meet a rule.
  private func missing(_ rule: PrototxtMessage) -> [Way] {
    var ways: [Way] = []
    func way(_ change: (inout Way) -> Void) {
      var way = Way(state: state, options: "")
      change(&way)
      if !way.options.isEmpty { ways.append(way) }
    }
    for stage in rule.texts("not_stage") { way { add(stage, to: &$0) } }
    if let phase = rule.phase { way { set(phase == .test ? .train : .test, in: &$0) } }
    if let least = rule.int("min_level"), let level = Int(exactly: Double(least) - 1) {
      way { set(level: level, in: &$0) }
    }
    if let most = rule.int("max_level"), let level = Int(exactly: Double(most) + 1) {
      way { set(level: level, in: &$0) }
    }
    return ways
  }

  private func set(_ phase: NetState.Phase, in way: inout Way) {
    guard phase != state.phase else { return }
    way.state.phase = phase
    add("--phase \(phase.rawValue)", to: &way.options)
  }

  /// The description's own level comes before the option.
  private func set(level: Int, in way: inout Way) {
    guard level != state.level, tree.message("state")["level"].isEmpty else { return }
    way.state.level = level
    add("--level \(level)", to: &way.options)
  }

  private func add(_ stage: String, to way: inout Way) {
    guard way.state.stages.insert(stage).inserted else { return }
    add("--stage \(ShellText.quoted(stage))", to: &way.options)
  }

  private func add(_ option: String, to options: inout String) {
    options += options.isEmpty ? option : " " + option
  }

  // MARK: Rules

  /// The first rule that leaves a layer out, as it stands there.
  private func rule(of layer: PrototxtMessage) -> String {
    let kind = layer["include"].isEmpty ? "exclude" : "include"
    let rules = layer[kind].map { field -> String in
      let fields = (field.message?.fields ?? []).map { "\($0.name): \($0.text)" }
      return "'\(kind) { \(fields.joined(separator: " ")) }'"
    }
    return "its rule " + rules.joined(separator: " or ")
  }
}

extension PrototxtField {
  /// The source text of a scalar.
  fileprivate var text: String { if case .scalar(let text) = value { text } else { "{ … }" } }
}

extension NetState {
  /// This state with what a description says of its own.
  func joined(by net: PrototxtMessage) -> NetState {
    var state = self
    if let level = net.message("state").int("level") { state.level = level }
    state.stages.formUnion(net.message("state").texts("stage"))
    return state
  }

  /// What of this state does nothing to a description.
  func notes(on net: PrototxtMessage) -> [String] {
    let rules = (net["layer"] + net["layers"]).compactMap(\.message).flatMap {
      $0.messages("include") + $0.messages("exclude")
    }
    let known = Set(rules.flatMap { $0.texts("stage") + $0.texts("not_stage") })
    return stages.subtracting(known).sorted().map { stage in
      let list = known.sorted().map { "'\($0)'" }.joined(separator: ", ")
      return "no rule of the description names the stage '\(stage)', so it changes nothing; "
        + (known.isEmpty ? "there are no stages" : "there are \(list)")
    }
  }
}
