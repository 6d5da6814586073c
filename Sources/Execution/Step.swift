import Networks
import Tensors

/// A graph value in one memory layout: what a step reads or writes.
public struct Operand: Hashable, Sendable {
  public var value: Graph.ValueID
  public var layout: Layout
  public init(value: Graph.ValueID, layout: Layout) {
    self.value = value
    self.layout = layout
  }
}

/// What a step is, for the rows of a run: a row names what really ran.
public struct StepInfo: Sendable {
  /// Kind of the first layer covered; `.reorder` for a change of layout.
  public var kind: LayerKind
  /// Indices into `Graph.nodes` of the layers covered, the first being the main one, the others
  /// fused into it. Empty for a reorder.
  public var nodes: [Int]
  public var inputs: [Operand]
  public var outputs: [Operand]
  /// `<precision>-<op>-<method>-<tile>-<isa or library>`, for example `f32-conv-direct-14x32-avx512`.
  public var implementation: String
  /// Library, version and the kernel that it chose on this processor; own kernels: the
  /// instruction set.
  public var kernelID: String
  /// The `isa` column: the table's name for own kernels, what the library reports, or `external`.
  public var isa: String
  /// Tile or split where it was chosen; empty otherwise.
  public var tile = ""
  /// The backend that really computes this step, when this one handed it on.
  public var delegatedTo: String?
  /// How much larger than for the direct method the error bound is: 1, or the amplification of the
  /// transforms of a fast algorithm.
  public var errorAmplification = 1.0
  /// Side in pixels of the square of outputs that are computed from the same sums, so that one's
  /// rounding errors reach the others: 1, or the output tile of a fast algorithm.
  public var errorTile = 1
  /// In what numbers its weights are.
  public var precision = Precision.single
  /// Scratch bytes needed while the step runs; 64-byte aligned, contents undefined.
  public var workspaceByteCount = 0
  /// Bytes of packed or transformed weights that the step holds.
  public var weightByteCount = 0
  /// Floating-point operations that the step executes, of all layers covered; lanes that only fill up
  /// a register are not counted. Nil where a library does not tell.
  public var executedFLOPs: Int?
  /// Bytes that the step reads and writes: its operands, its weights, and what it keeps in between,
  /// once for each time it goes through them. Nil where a library does not tell.
  public var executedBytes: Int?
  /// The step does nothing (dropout in inference): its output is its input.
  public var isElided = false
  /// The output may occupy the memory of the input.
  public var canRunInPlace = false

  public init(
    kind: LayerKind, nodes: [Int], inputs: [Operand], outputs: [Operand], implementation: String,
    kernelID: String, isa: String
  ) {
    self.kind = kind
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    self.implementation = implementation
    self.kernelID = kernelID
    self.isa = isa
  }

  /// A step that computes layers as they are defined: as many operations as the definition has, and
  /// no bytes but those of operands and weights.
  /// - Parameters:
  ///   - nodes: covered, each reading what the one before writes.
  ///   - input: layout of all that the first of them reads.
  ///   - output: layout of all that the last of them writes.
  public init(
    nodes: [Int], in graph: Graph, from input: Layout, to output: Layout, implementation: String,
    kernelID: String, isa: String
  ) {
    let covered = nodes.map { graph.nodes[$0] }
    self.init(
      kind: covered[0].layer.spec.kind, nodes: nodes,
      inputs: covered[0].inputs.map { Operand(value: $0, layout: input) },
      outputs: covered[covered.count - 1].outputs.map { Operand(value: $0, layout: output) },
      implementation: implementation, kernelID: kernelID, isa: isa)
    let costs = covered.map { graph.cost(of: $0) }
    executedFLOPs = costs.reduce(0) { $0 + $1.flops }
    executedBytes =
      costs.reduce(0) { $0 + $1.weightBytes }
      + (inputs + outputs).reduce(0) { $0 + graph.values[$1.value].shape.byteCount }
  }

  /// A change of layout of one value.
  public init(
    reordering value: Graph.ValueID, in graph: Graph, from input: Layout, to output: Layout,
    implementation: String, kernelID: String, isa: String
  ) {
    self.init(
      kind: .reorder, nodes: [], inputs: [Operand(value: value, layout: input)],
      outputs: [Operand(value: value, layout: output)], implementation: implementation,
      kernelID: kernelID, isa: isa)
    executedFLOPs = 0
    executedBytes = 2 * graph.values[value].shape.byteCount
  }

  /// Counts floats that the step keeps in between: written once and read once.
  public mutating func addIntermediate(floatCount: Int) {
    executedBytes? += 2 * floatCount * MemoryLayout<Float>.stride
  }
}

/// Where a step's operands lie; in the order of ``StepInfo/inputs`` and ``StepInfo/outputs``.
public struct Bindings {
  public var inputs: [UnsafeMutablePointer<Float>]
  public var outputs: [UnsafeMutablePointer<Float>]
  /// `workspaceByteCount` bytes, aligned to 64.
  public var workspace: UnsafeMutableRawPointer

  public init(
    inputs: [UnsafeMutablePointer<Float>], outputs: [UnsafeMutablePointer<Float>],
    workspace: UnsafeMutableRawPointer
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.workspace = workspace
  }
}

/// One executable piece of a compiled graph.
///
/// Weights are packed when the step is made; ``bind(_:)`` is called once with the memory, then
/// ``run()`` any number of times. `run` does not throw, allocate, lock or print.
public protocol Step: AnyObject {
  var info: StepInfo { get }
  func bind(_ bindings: Bindings)
  func run()
  /// Computes as ``run()`` does and adds to `clock` how long each phase took. A pass of its own:
  /// reading clocks costs time.
  func run(timing clock: PhaseClock)
}

/// A step that does nothing: its output is its input.
public final class ElidedStep: Step {
  public let info: StepInfo

  /// - Parameter layout: of the value passed through.
  public init(node index: Int, in graph: Graph, layout: Layout) {
    var info = StepInfo(
      nodes: [index], in: graph, from: layout, to: layout, implementation: "none",
      kernelID: "none", isa: "none")
    info.isElided = true
    info.executedFLOPs = 0
    info.executedBytes = 0
    self.info = info
  }

  public func bind(_ bindings: Bindings) {}
  public func run() {}
}
