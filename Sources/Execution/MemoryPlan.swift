import Networks
import Tensors

/// Where every operand of a list of steps lies in one arena.
///
/// Values whose lifetimes do not overlap share memory: first fit, largest first, as in Pisarchyk
/// and Lee, "Efficient memory management for deep neural net inference" (2020), section 5.2.
public struct MemoryPlan: Sendable {
  /// Offset in floats of each operand; multiples of 16, so 64-byte aligned.
  public private(set) var offsets: [Operand: Int] = [:]
  /// Size of the arena.
  public private(set) var floatCount = 0

  /// An operand, or several that occupy the same memory (in-place and elided steps).
  private struct Block {
    var operands: [Operand]
    var floatCount: Int
    var firstStep: Int
    var lastStep: Int
  }

  /// - Parameter sharing: false gives every operand memory of its own, except that an elided
  ///   step's output is its input.
  public init(graph: Graph, steps: [StepInfo], sharing: Bool) {
    var blocks = Self.blocks(graph: graph, steps: steps, sharing: sharing)
    if sharing {
      blocks.sort { ($0.floatCount, $1.firstStep) > ($1.floatCount, $0.firstStep) }
    }
    var placed: [(block: Block, offset: Int)] = []
    for block in blocks {
      var offset = 0
      let neighbours = placed.filter {
        !sharing
          || ($0.block.firstStep <= block.lastStep && block.firstStep <= $0.block.lastStep)
      }
      for other in neighbours.sorted(by: { $0.offset < $1.offset }) {
        if offset + block.floatCount <= other.offset { break }
        offset = Swift.max(offset, other.offset + other.block.floatCount)
      }
      placed.append((block, offset))
      for operand in block.operands { offsets[operand] = offset }
      floatCount = Swift.max(floatCount, offset + block.floatCount)
    }
  }

  private static func blocks(graph: Graph, steps: [StepInfo], sharing: Bool) -> [Block] {
    var blocks: [Block] = []
    var index: [Operand: Int] = [:]
    let outputs = Set(graph.outputs)

    func lastRead(_ operand: Operand) -> Int {
      steps.lastIndex { $0.inputs.contains(operand) } ?? -1
    }
    func end(_ operand: Operand) -> Int {
      outputs.contains(operand.value) ? steps.count : lastRead(operand)
    }
    func add(_ operand: Operand, first: Int) {
      guard index[operand] == nil else { return }
      let floats = operand.layout.elementCount(of: graph.values[operand.value].shape)
      index[operand] = blocks.count
      // 16 floats of slack: vector kernels may read, never use, one vector past the end.
      blocks.append(
        Block(
          operands: [operand], floatCount: (floats + 15) / 16 * 16 + 16, firstStep: first,
          lastStep: Swift.max(first, end(operand))))
    }

    for (position, step) in steps.enumerated() {
      for operand in step.inputs where index[operand] == nil {
        add(operand, first: -1)
        // A network input keeps its contents from run to run.
        if let block = index[operand] { blocks[block].lastStep = steps.count }
      }
      // Nothing that lies in the input's block may be needed any more, elided copies included;
      // the blocks of network inputs and outputs live to the end.
      let isInPlace =
        sharing && step.canRunInPlace && step.inputs.count == 1 && step.outputs.count == 1
        && index[step.inputs[0]].map { blocks[$0].lastStep == position } ?? false
      if step.isElided || isInPlace, let block = index[step.inputs[0]] {
        for operand in step.outputs where index[operand] == nil {
          index[operand] = block
          blocks[block].operands.append(operand)
          blocks[block].lastStep = Swift.max(blocks[block].lastStep, end(operand))
        }
      } else {
        for operand in step.outputs { add(operand, first: position) }
      }
    }
    return blocks
  }
}
