import Execution
import Networks
import Results

/// What a host says about one step of a net that it has prepared.
package struct StepFacts: Codable, Hashable, Sendable {
  /// Indices into the graph's nodes of the layers covered, the main one first; empty for a reorder.
  package var nodes: [Int]
  /// The step does nothing.
  package var isElided: Bool
  /// Indices into the values of the graph.
  package var inputs: [Int]
  package var outputs: [Int]
  package var facts: WorkloadFacts

  package init(nodes: [Int], isElided: Bool, inputs: [Int], outputs: [Int], facts: WorkloadFacts) {
    self.nodes = nodes
    self.isElided = isElided
    self.inputs = inputs
    self.outputs = outputs
    self.facts = facts
  }
}

extension StepFacts {
  init(_ info: StepInfo) {
    self.init(
      nodes: info.nodes, isElided: info.isElided, inputs: info.inputs.map(\.value),
      outputs: info.outputs.map(\.value), facts: WorkloadFacts(info))
    facts.workspaceBytes = info.workspaceByteCount
    facts.weightBytes = info.weightByteCount
  }
}

extension WorkloadFacts {
  /// What a step says of itself.
  init(_ info: StepInfo) {
    self.init()
    implementation = info.implementation
    kernelID = info.kernelID
    var layouts: [String] = []
    for layout in (info.inputs + info.outputs).map(\.layout.description)
    where !layouts.contains(layout) {
      layouts.append(layout)
    }
    layout = layouts.joined(separator: ">")
    tile = info.tile
    delegatedTo = info.delegatedTo ?? ""
  }
}

/// One timed block of a net, looked at step by step.
package struct StepMeasurement: Codable, Hashable, Sendable {
  /// The whole block; its wall time is the sum over the steps.
  package var block: BlockMeasurement
  /// Totals over the calls, one per step of ``PreparedWorkload/steps``; 0 for elided ones.
  package var stepNanoseconds: [Int]

  package init(block: BlockMeasurement, stepNanoseconds: [Int]) {
    self.block = block
    self.stepNanoseconds = stepNanoseconds
  }
}
