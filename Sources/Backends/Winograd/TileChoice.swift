import CSupport
import Execution
import KernelInterface
import Networks
import Tensors

/// Chooses the output tile of a Winograd convolution: the one asked for, the one that a plan names,
/// or the fastest of those that there are, by measuring.
///
/// Larger tiles multiply less but have larger weights, which at small batches have to arrive from
/// memory while the multiplications run: what wins depends on layer, batch, threads and host.
struct TileChoice {
  let context: BlockedPlanner.ConvolutionContext

  /// What a layer that is left to the direct kernels has instead of a tile.
  static let direct = "direct"
  /// Longest that the candidates of one layer are timed.
  private static let budgetNanoseconds: Int64 = 250_000_000
  private static let roundCount = 2...12

  /// - Returns: nil when the method does not apply, or the direct kernels win.
  /// - Throws: a tile that was asked for but does not exist for this filter.
  func convolution() throws(BackendError) -> WinogradConvolution? {
    let sizes = WinogradConvolution.tileSizes(for: context.spec)
    let candidates = sizes.flatMap { size in
      [.channels, .tiles].compactMap { makeConvolution(size, $0) }
    }
    guard !candidates.isEmpty else { return nil }
    let layer = context.node.layer.name
    if let asked = context.options.tiles?.tile(of: layer) {
      return try convolution(of: asked, among: candidates)
    }
    guard let plan = context.options.tiles else {
      return candidates.min { $0.multiplyAdds < $1.multiplyAdds }
    }
    let best = plan.choose(measure(candidates, cacheByteCount: plan.cacheByteCount), for: layer)
    return candidates.first { $0.tileName == best }
  }

  private func convolution(
    of tile: String, among candidates: [WinogradConvolution]
  ) throws(BackendError) -> WinogradConvolution? {
    if tile == Self.direct { return nil }
    if let found = candidates.first(where: { $0.tileName == tile }) { return found }
    let known = candidates.map(\.tileName) + [Self.direct]
    throw .unsupported(
      layer: context.node.layer.name,
      reason: "no Winograd tile '\(tile)' for this filter; there is "
        + known.joined(separator: ", "))
  }

  private func makeConvolution(
    _ size: Int, _ division: WinogradConvolution.Division
  ) -> WinogradConvolution? {
    WinogradConvolution(
      spec: context.spec, input: context.input, output: context.output, tileOutputs: size,
      division: division, kernels: context.options.kernels, pool: context.options.pool)
  }

  private func makeStep(_ convolution: WinogradConvolution?) -> KernelStep {
    if let convolution { return convolution.makeStep(context) }
    return context.directStep()
  }

  /// The fastest call of each candidate, taking turns. In a net the direct kernels are one too;
  /// alone they would be another backend's row.
  private func measure(
    _ candidates: [WinogradConvolution], cacheByteCount: Int
  ) -> [(tile: String, nanoseconds: Int)] {
    let isNet = context.options.boundary == .nchw
    let all: [WinogradConvolution?] = candidates + (isNet ? [nil] : [])
    if all.count == 1, let only = all[0] { return [(only.tileName, 0)] }
    let trial = TileTrial(
      all.map(makeStep), input: context.input, output: context.output,
      evictedByteCount: context.options.expectsColdWeights ? cacheByteCount : 0,
      pool: context.options.pool)
    let start = alex_monotonic_ns()
    var best = [Int](repeating: .max, count: all.count)
    for round in 0..<Self.roundCount.upperBound {
      for index in all.indices { best[index] = min(best[index], trial.time(index)) }
      if round + 1 >= Self.roundCount.lowerBound,
        alex_monotonic_ns() - start > Self.budgetNanoseconds
      {
        break
      }
    }
    return zip(all, best).map { ($0?.tileName ?? Self.direct, $1) }
  }
}

/// Steps of one convolution side by side, on blobs of their own.
private final class TileTrial {
  private let steps: [KernelStep]
  private let input: AlignedBuffer
  private let output: AlignedBuffer
  private let workspace: AlignedBuffer
  private let ballast: AlignedBuffer
  private let eviction: KernelLaunch

  /// - Parameter evictedByteCount: what is read before each call to have the weights arrive from
  ///   memory; 0 to have them wherever the last call left them.
  init(
    _ steps: [KernelStep], input: Shape, output: Shape, evictedByteCount: Int, pool: ThreadPool
  ) {
    func blob(_ shape: Shape) -> AlignedBuffer {
      // As much as either layout takes, with the slack that kernels may read.
      AlignedBuffer(
        count: max(shape.count, Layout.blocked.elementCount(of: shape)) + Layout.channelBlock)
    }
    self.steps = steps
    self.input = blob(input)
    self.output = blob(output)
    CounterGenerator(seed: 1, stream: "tile trial").fill(self.input.elements, amplitude: 1)
    let byteCount = steps.map(\.info.workspaceByteCount).max() ?? 0
    workspace = AlignedBuffer(count: byteCount / 4 + 1)
    let ballast = AlignedBuffer(count: evictedByteCount / 4)
    self.ballast = ballast
    let read: KernelFunction = { touch($0) }
    eviction = KernelLaunch(read, on: pool, phase: .rest) { thread in
      let share = pool.share(of: ballast.count, thread: thread)
      return TouchArguments(start: ballast.pointer + share.lowerBound, count: share.count, sum: 0)
    }
    for step in steps {
      step.bind(
        Bindings(
          inputs: [self.input.pointer], outputs: [self.output.pointer],
          workspace: UnsafeMutableRawPointer(workspace.pointer)))
      step.run()
    }
  }

  /// Nanoseconds of one call.
  func time(_ index: Int) -> Int {
    if ballast.count > 0 {
      eviction.run()
      // In a net the input has just been written, and the scratch memory is every step's.
      for buffer in [input, workspace] {
        var arguments = TouchArguments(start: buffer.pointer, count: buffer.count, sum: 0)
        withUnsafeMutablePointer(to: &arguments) { touch(UnsafeRawPointer($0)) }
      }
    } else {
      steps[index].run()
    }
    let start = alex_monotonic_ns()
    steps[index].run()
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
