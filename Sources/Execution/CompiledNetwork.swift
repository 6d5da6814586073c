import CSupport
import Networks
import Tensors

/// Steps with their memory: ready to run.
public final class CompiledNetwork {
  /// How blobs share memory.
  public enum Memory: Sendable {
    /// A buffer for every operand, so that all of them can be read after a run.
    case keepAll
    /// One arena in which values that are not needed at the same time overlap.
    case liveness
  }

  public let graph: Graph
  public let steps: [any Step]
  public let plan: MemoryPlan
  private let arena: AlignedBuffer
  private let workspace: AlignedBuffer
  /// Indices of the steps that are not elided.
  private let working: [Int]

  /// Allocates and touches all memory and binds the steps.
  public convenience init(graph: Graph, steps: [any Step], memory: Memory) {
    let plan = MemoryPlan(graph: graph, steps: steps.map(\.info), sharing: memory == .liveness)
    let workspaceByteCount = steps.map(\.info.workspaceByteCount).max() ?? 0
    self.init(
      graph: graph, steps: steps, plan: plan, arena: AlignedBuffer(count: plan.floatCount),
      workspace: AlignedBuffer(count: (workspaceByteCount + 3) / 4))
  }

  /// A second compilation of the graph of `other`, with weights of its own, in the blobs of `other`.
  ///
  /// A ring of such copies has its weights always arrive from memory, and only the weights.
  /// Precondition: the steps are those of `other` but for their weights.
  public convenience init(steps: [any Step], inBlobsOf other: CompiledNetwork) {
    precondition(Self.areAlike(steps, other.steps), "a copy has the same steps")
    self.init(
      graph: other.graph, steps: steps, plan: other.plan, arena: other.arena,
      workspace: other.workspace)
  }

  /// A second compilation of a graph, with weights and blobs of its own; only the scratch memory is
  /// that of `other`, whose contents mean nothing between steps.
  ///
  /// Precondition: the steps are those of `other` but for their weights.
  public convenience init(steps: [any Step], inWorkspaceOf other: CompiledNetwork) {
    precondition(Self.areAlike(steps, other.steps), "a copy has the same steps")
    self.init(
      graph: other.graph, steps: steps, plan: other.plan,
      arena: AlignedBuffer(count: other.plan.floatCount), workspace: other.workspace)
  }

  private static func areAlike(_ a: [any Step], _ b: [any Step]) -> Bool {
    a.map(\.info.implementation) == b.map(\.info.implementation)
      && a.map(\.info.workspaceByteCount) == b.map(\.info.workspaceByteCount)
  }

  private init(
    graph: Graph, steps: [any Step], plan: MemoryPlan, arena: AlignedBuffer,
    workspace: AlignedBuffer
  ) {
    self.graph = graph
    self.steps = steps
    self.plan = plan
    self.arena = arena
    self.workspace = workspace
    working = steps.indices.filter { !steps[$0].info.isElided }
    for step in steps {
      step.bind(
        Bindings(
          inputs: step.info.inputs.map(pointer), outputs: step.info.outputs.map(pointer),
          workspace: UnsafeMutableRawPointer(workspace.pointer)))
    }
  }

  /// Bytes of blobs and scratch.
  public var workspaceByteCount: Int { arena.byteCount + workspace.byteCount }
  /// Bytes of blobs.
  public var blobByteCount: Int { arena.byteCount }
  /// Bytes of packed weights.
  public var weightByteCount: Int { steps.reduce(0) { $0 + $1.info.weightByteCount } }

  /// The memory of an operand of one of the steps.
  public func pointer(_ operand: Operand) -> UnsafeMutablePointer<Float> {
    guard let offset = plan.offsets[operand] else {
      preconditionFailure("no step reads or writes value \(operand.value) as \(operand.layout)")
    }
    return arena.pointer + offset
  }

  /// The operands through which the graph's inputs come in, one per layout that a step reads.
  public func inputOperands(of value: Graph.ValueID) -> [Operand] {
    var found: [Operand] = []
    for operand in steps.flatMap(\.info.inputs)
    where operand.value == value && !found.contains(operand) {
      if !steps.contains(where: { $0.info.outputs.contains(operand) }) { found.append(operand) }
    }
    return found
  }

  /// Writes a graph input, row-major, into the memory that the steps read it from.
  public func setInput(_ value: Graph.ValueID, to tensor: Tensor) {
    precondition(tensor.shape == graph.values[value].shape && tensor.layout == .nchw)
    for operand in inputOperands(of: value) {
      operand.layout.pack(tensor.pointer, shape: tensor.shape, into: pointer(operand))
    }
  }

  /// The present contents of an operand, row-major. With ``Memory/liveness`` only valid until
  /// another value takes its place.
  public func values(of operand: Operand) -> [Float] {
    let shape = graph.values[operand.value].shape
    return [Float](unsafeUninitializedCapacity: shape.count) { buffer, count in
      if let base = buffer.baseAddress {
        operand.layout.unpack(pointer(operand), shape: shape, into: base)
      }
      count = shape.count
    }
  }

  /// One forward. Does not throw, allocate, lock or print.
  public func run() {
    for step in steps { step.run() }
  }

  /// One forward with one reading of the clock after each step that does something.
  /// - Parameters:
  ///   - totals: one number of nanoseconds per step, which this adds to; nothing for elided steps.
  ///   - start: the reading of the monotonic clock before.
  /// - Returns: the last reading, which is the start of the next forward.
  public func run(addingTo totals: UnsafeMutablePointer<Int64>, since start: Int64) -> Int64 {
    var last = start
    for index in working {
      steps[index].run()
      let now = alex_monotonic_ns()
      totals[index] += now - last
      last = now
    }
    return last
  }

  /// One forward that tells how long each phase took.
  public func run(timing clock: PhaseClock) {
    for step in steps where !step.info.isElided { step.run(timing: clock) }
  }

  /// One forward with a look at the memory after each step, for checking.
  public func run(after: (any Step) throws -> Void) rethrows {
    for step in steps {
      step.run()
      try after(step)
    }
  }
}
