import Execution
import Networks
import Tensors

/// Collects steps and the layouts in which each value exists so far; adds a reorder where a step needs
/// another layout.
struct StepList {
  let graph: Graph
  let boundary: Boundary
  /// A change of layout of a value.
  let makeReorder: (_ value: Graph.ValueID, _ from: Layout, _ to: Layout) -> any Step
  private(set) var steps: [any Step] = []
  private var layouts: [Graph.ValueID: [Layout]] = [:]
  private var done: Set<Int> = []

  init(
    graph: Graph, boundary: Boundary,
    makeReorder: @escaping (_ value: Graph.ValueID, _ from: Layout, _ to: Layout) -> any Step
  ) {
    self.graph = graph
    self.boundary = boundary
    self.makeReorder = makeReorder
    if boundary == .nchw {
      for input in graph.inputs { layouts[input] = [.nchw] }
    }
  }

  /// Whether a step covers the node already.
  func covers(_ node: Int) -> Bool { done.contains(node) }

  /// The layout in which a value was written, or came; nil for an input of a graph with native
  /// boundary that no step has read yet.
  func layout(of value: Graph.ValueID) -> Layout? { layouts[value]?.first }

  /// The reorder that a value needs to be there in a layout; nil when it is.
  func reorder(_ value: Graph.ValueID, to layout: Layout) -> (any Step)? {
    guard let known = layouts[value], let first = known.first, !known.contains(layout) else {
      return nil
    }
    return makeReorder(value, first, layout)
  }

  /// Whether a value has been written in a layout, or came in it.
  func isThere(_ operand: Operand) -> Bool {
    layouts[operand.value]?.contains(operand.layout) == true
  }

  mutating func append(_ step: any Step) {
    for operand in step.info.inputs { require(operand.value, operand.layout) }
    for operand in step.info.outputs {
      layouts[operand.value, default: []].append(operand.layout)
    }
    done.formUnion(step.info.nodes)
    steps.append(step)
  }

  /// Leaves a node out that has nothing to compute, in the layout of its input if it may have any.
  /// - Returns: false for a node that computes.
  mutating func elide(_ node: Int) -> Bool {
    let input = graph.nodes[node].inputs[0]
    let layout: Layout
    switch graph.nodes[node].layer.spec.identity {
    case .inAnyLayout:
      layout = self.layout(of: input) ?? .native(for: graph.values[input].shape)
    case .rowMajor: layout = .nchw
    case nil: return false
    }
    append(ElidedStep(node: node, in: graph, layout: layout))
    return true
  }

  /// All steps, the graph's outputs as its boundary asks for them.
  mutating func finish() -> [any Step] {
    if boundary == .nchw {
      for output in graph.outputs { require(output, .nchw) }
    }
    return steps
  }

  /// Makes sure that a value exists in a layout. An input of a graph with native boundary comes
  /// as the first step wants it.
  private mutating func require(_ value: Graph.ValueID, _ layout: Layout) {
    if let step = reorder(value, to: layout) { steps.append(step) }
    if layouts[value]?.contains(layout) != true { layouts[value, default: []].append(layout) }
  }
}

extension Graph {
  /// The node of the same stage that alone reads this one's output, so that a backend may fuse it;
  /// nil where there is none.
  func soleReader(of index: Int) -> Int? {
    let value = nodes[index].outputs[0]
    let readers = nodes.indices.filter { nodes[$0].inputs.contains(value) }
    guard readers.count == 1, nodes[readers[0]].stage == nodes[index].stage else { return nil }
    return readers[0]
  }

  /// The ReLU, without slope, that is this node's sole reader.
  func soleReLU(after index: Int) -> Int? {
    guard let reader = soleReader(of: index), case .relu(let spec) = nodes[reader].layer.spec,
      spec.negativeSlope == 0
    else { return nil }
    return reader
  }
}

/// A step of other code under the label of a backend that has handed its layer on.
final class DelegatedStep: Step {
  let info: StepInfo
  private let step: any Step

  /// - Parameter name: what stands in the column `delegated_to`.
  convenience init(_ step: any Step, to name: String) {
    var info = step.info
    info.delegatedTo = name
    self.init(step, info: info)
  }

  /// - Parameter info: what the step is where it stands now.
  init(_ step: any Step, info: StepInfo) {
    self.info = info
    self.step = step
  }

  func bind(_ bindings: Bindings) { step.bind(bindings) }

  func run() { step.run() }

  func run(timing clock: PhaseClock) { step.run(timing: clock) }
}
