import CSupport
import Execution
import KernelInterface
import Networks
import Tensors

/// Ways to compute the same thing side by side, on blobs of their own, to find the fastest.
///
/// A way is one step, or several of which each reads what the one before wrote.
final class StepTrial {
  private let ways: [[any Step]]
  private let input: AlignedBuffer
  private let workspace: AlignedBuffer
  private let eviction: KernelLaunch?
  /// Keeps the outputs alive.
  private let blobs: [AlignedBuffer]

  /// - Parameters:
  ///   - shape: of an operand of one of the steps.
  ///   - memory: what is read before each call to have the weights arrive from memory; nil to have
  ///     them wherever the last call left them.
  init(
    _ ways: [[any Step]], evicting memory: AlignedBuffer?, pool: ThreadPool,
    shape: (Operand) -> Shape
  ) {
    func blob(_ operands: [Operand]) -> AlignedBuffer {
      // With the slack that kernels may read.
      let counts = operands.map { $0.layout.elementCount(of: shape($0)) }
      return AlignedBuffer(count: (counts.max() ?? 0) + Layout.channelBlock)
    }
    self.ways = ways
    let input = blob(ways.flatMap { $0[0].info.inputs })
    CounterGenerator(seed: 1, stream: "step trial").fill(input.elements, amplitude: 1)
    self.input = input
    let byteCount = ways.joined().map(\.info.workspaceByteCount).max() ?? 0
    workspace = AlignedBuffer(count: byteCount / 4 + 1)
    let read: KernelFunction = { touch($0) }
    eviction = memory.map { memory in
      KernelLaunch(read, on: pool, phase: .rest) { thread in
        let share = pool.share(of: memory.count, thread: thread)
        return TouchArguments(start: memory.pointer + share.lowerBound, count: share.count, sum: 0)
      }
    }
    // The first, second, … blob is the same memory whichever way it is written.
    let length = ways.map(\.count).max() ?? 0
    blobs = (0..<length).map { position in
      blob(ways.filter { position < $0.count }.flatMap { $0[position].info.outputs })
    }
    for way in ways {
      for (position, step) in way.enumerated() {
        let source = position == 0 ? input : blobs[position - 1]
        step.bind(
          Bindings(
            inputs: [source.pointer], outputs: [blobs[position].pointer],
            workspace: UnsafeMutableRawPointer(workspace.pointer)))
      }
      for step in way { step.run() }
    }
  }

  /// Nanoseconds of the fastest call of each way, taking turns.
  /// - Parameter budgetNanoseconds: after it no round is begun beyond the least number.
  func fastest(rounds: ClosedRange<Int>, budgetNanoseconds: Int64) -> [Int] {
    let start = alex_monotonic_ns()
    var best = [Int](repeating: .max, count: ways.count)
    for round in 0..<rounds.upperBound {
      if round >= rounds.lowerBound, alex_monotonic_ns() - start > budgetNanoseconds { break }
      for index in ways.indices { best[index] = min(best[index], time(index)) }
    }
    return best
  }

  /// Nanoseconds of one call of a way.
  func time(_ index: Int) -> Int {
    if let eviction {
      eviction.run()
      // In a net the input has just been written, and the scratch memory is every step's.
      for buffer in [input, workspace] {
        var arguments = TouchArguments(start: buffer.pointer, count: buffer.count, sum: 0)
        withUnsafeMutablePointer(to: &arguments) { touch(UnsafeRawPointer($0)) }
      }
    } else {
      for step in ways[index] { step.run() }
    }
    let start = alex_monotonic_ns()
    for step in ways[index] { step.run() }
    return Int(alex_monotonic_ns() - start)
  }
}

/// A part of memory to read.
private struct TouchArguments {
  var start: UnsafeMutablePointer<Float>
  var count: Int
  var sum: Float
}

/// Reads one float of each cache line; their sum goes into the argument block, so that no compiler
/// leaves the reading out.
private func touch(_ raw: UnsafeRawPointer) {
  let arguments = raw.load(as: TouchArguments.self)
  var sum: Float = 0
  for index in stride(from: 0, to: arguments.count, by: 16) { sum += arguments.start[index] }
  UnsafeMutableRawPointer(mutating: raw).assumingMemoryBound(to: TouchArguments.self)
    .pointee.sum = sum
}
