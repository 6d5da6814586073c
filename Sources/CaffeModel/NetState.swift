/// Which of a description's layers are wanted: Caffe's `NetState`.
package struct NetState: Hashable, Sendable {
  package enum Phase: String, Sendable, CaseIterable {
    case train = "TRAIN"
    case test = "TEST"
  }

  package var phase: Phase
  package var level: Int
  package var stages: Set<String>

  package init(phase: Phase = .test, level: Int = 0, stages: Set<String> = []) {
    self.phase = phase
    self.level = level
    self.stages = stages
  }

  /// Whether a layer is part of the net, by its `include` and `exclude` rules.
  /// - Source: BVLC/caffe, net.cpp, `FilterNet` and `StateMeetsRule`.
  func includes(_ layer: PrototxtLayer) throws(CaffeModelError) -> Bool {
    let includes = layer.message["include"]
    let excludes = layer.message["exclude"]
    if !includes.isEmpty, let exclude = excludes.first {
      throw .unusableLayer(
        layer: layer.name, reason: "has include and exclude rules; only one kind is possible",
        line: exclude.line)
    }
    for rule in includes where try meets(rule, of: layer) { return true }
    for rule in excludes where try meets(rule, of: layer) { return false }
    return includes.isEmpty
  }

  private func meets(
    _ field: PrototxtField, of layer: PrototxtLayer
  ) throws(CaffeModelError) -> Bool {
    // Decoded for its checks: a misspelt rule would be one that is always met.
    let rule = try PrototxtChecks.decode(
      field.message ?? PrototxtMessage(fields: [field]), as: Caffe_NetStateRule.self,
      layer: layer.name, line: field.line)
    if rule.hasPhase, (rule.phase == .train) != (phase == .train) { return false }
    if rule.hasMinLevel, level < rule.minLevel { return false }
    if rule.hasMaxLevel, level > rule.maxLevel { return false }
    return stages.isSuperset(of: rule.stage) && stages.isDisjoint(with: rule.notStage)
  }
}
