import Networks
import Results

/// The pass that looks at each step inside a full forward.
extension GroupRunner {
  /// The key of a step: of the layer it is mainly about, or of a reorder.
  func stepKey(_ step: Int, _ index: Int) -> WorkloadKey {
    let steps = slots[index].steps
    if let main = steps[step].nodes.first { return layerKey(main, index, pass: .inNet) }
    let ends = reorderEnds(step, of: steps)
    // It is made for the layer that reads it; at the end of the net for the one before.
    let owner = ends.to ?? ends.from ?? place.graph.nodes.count - 1
    var key = layerKey(owner, index, pass: .inNet)
    func name(_ node: Int?, _ edge: String) -> String {
      node.map { place.graph.nodes[$0].layer.name } ?? edge
    }
    key.layer = "\(name(ends.from, "input"))>reorder>\(name(ends.to, "output"))"
    key.kind = LayerKind.reorder.rawValue
    return key
  }

  /// The layers between whose steps a reorder stands; nil at an end of the net.
  private func reorderEnds(_ step: Int, of steps: [StepFacts]) -> (from: Int?, to: Int?) {
    let value = steps[step].inputs[0]
    let producer = place.graph.values[value].producer
    let from = producer.flatMap { node in steps.first { $0.nodes.contains(node) }?.nodes.first }
    let to = steps[step...].first { !$0.nodes.isEmpty && $0.inputs.contains(value) }?.nodes.first
    return (from, to)
  }

  /// Why nothing of this pass is there.
  func noSteps(_ index: Int) -> String {
    "\(slots[index].contender.backend.name) does not tell how long its steps take"
  }

  /// Keys and blocks of a measurement's steps. What belongs to the whole block, such as processor
  /// time and page faults, stands with every step.
  func stepBlocks(
    _ measured: StepMeasurement, _ index: Int
  ) throws -> [(key: WorkloadKey, block: BlockMeasurement)] {
    let steps = slots[index].steps
    guard measured.stepNanoseconds.count == steps.count else {
      throw MeasuringError.worker(
        "\(measured.stepNanoseconds.count) steps were timed where \(steps.count) were prepared")
    }
    return steps.indices.filter { !steps[$0].isElided }.map { step in
      var block = measured.block
      block.wallNanoseconds = measured.stepNanoseconds[step]
      return (stepKey(step, index), block)
    }
  }

  /// A row for every step of the nets, and for every layer that is none of its own.
  var stepRows: [WorkloadRow] {
    slots.indices.flatMap { index -> [WorkloadRow] in
      let slot = slots[index]
      let repro = factory.repro(place, slot.contender, pass: .inNet) + slot.tileOption
      if slot.steps.isEmpty, !slot.coverage.isEmpty {
        let nodes = place.graph.nodes.indices
        return nodes.filter { slot.coverage[$0].status == .ok }.map { node in
          WorkloadRow(
            key: layerKey(node, index, pass: .inNet), status: .skipped, reason: noSteps(index),
            repro: repro)
        } + coverageRows(of: nodes, index, pass: .inNet, repro: repro)
      }
      return slot.steps.indices.flatMap { step -> [WorkloadRow] in
        let facts = slot.steps[step]
        var rows: [WorkloadRow] = []
        if !facts.isElided {
          // Right where the whole net is: its last blob alone tells little of the others.
          var row = WorkloadRow(
            key: stepKey(step, index), status: slot.row.status, reason: slot.row.reason,
            facts: facts.facts, repro: repro)
          if let output = facts.outputs.last { row.check = slot.blobs[output] ?? CheckFacts() }
          rows.append(row)
        }
        return rows + coverageRows(of: facts.nodes, index, pass: .inNet, repro: repro)
      }
    }
  }
}
