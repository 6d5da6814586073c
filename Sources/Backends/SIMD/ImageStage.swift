import Execution
import KernelInterface
import Networks
import Tensors

/// Batches whose images are divided among the threads, so that none waits for another before the end
/// of a step and none reads from memory that another has just written.
extension BlockedPlanner {
  /// A convolution with the pooling and normalisation of its stage, image by image: what is between
  /// them never leaves the caches, which the blobs of a whole batch would.
  /// - Returns: nil where there is one image, nothing to fuse, images that do not go round, or weights
  ///   so large that passing through them for every image costs more than it saves.
  func imageStage(_ index: Int) throws(BackendError) -> (any Step)? {
    let threads = options.pool.threadCount
    guard case .convolution(let spec) = graph.nodes[index].layer.spec, graph.batch > 1,
      graph.batch % threads == 0 || graph.batch >= 8 * threads,
      weightsStayInCache(graph.nodes[index])
    else { return nil }
    guard let next = fusibleReader(of: fusedReLU(after: index) ?? index) else { return nil }
    switch graph.nodes[next].layer.spec {
    case .pooling, .lrn: break
    default: return nil
    }
    var one = planner(forImages: 1)
    // All images but the first find the weights in a cache.
    one.options.expectsColdWeights = false
    return ImageStep(
      [try one.convolution(index, spec), try one.makeStep(next)], of: one.graph,
      partCount: graph.batch, pool: options.pool)
  }

  /// A convolution whose images are divided among the threads, each with its share as one batch.
  /// - Returns: nil with one thread, and where the shares would not be equal.
  func imageShares(_ index: Int) throws(BackendError) -> (any Step)? {
    let threads = options.pool.threadCount
    guard case .convolution(let spec) = graph.nodes[index].layer.spec, threads > 1,
      graph.batch % threads == 0
    else { return nil }
    let share = planner(forImages: graph.batch / threads)
    return ImageStep(
      [try share.convolution(index, spec)], of: share.graph, partCount: threads,
      pool: options.pool)
  }

  /// Plans steps for some of the images, on one thread.
  private func planner(forImages count: Int) -> BlockedPlanner {
    var planner = self
    planner.graph = graph.withImages(count)
    planner.options.pool = ThreadPool()
    return planner
  }

  /// The filters as they come; transformed ones are up to seven times as large.
  private func weightsStayInCache(_ node: Graph.Node) -> Bool {
    graph.cost(of: node).weightBytes <= CacheSizes.secondLevelByteCount * 3 / 2
  }
}

/// One step, or two in turns, for every part of a thread's images.
private final class ImageStep: Step {
  let info: StepInfo
  private let steps: [KernelStep]
  /// Parts of the batch, each of as many images as the steps were made for.
  private let partCount: Int
  /// Floats of a part before and after the steps, and between two.
  private let inputCount: Int
  private let outputCount: Int
  private let blobCount: Int
  private let pool: ThreadPool
  /// Floats of a thread: the blob between, then what any step needs.
  private let threadFloatCount: Int
  private var sequences: LaunchSequences?

  /// - Parameters:
  ///   - steps: one or two, each reading what the one before writes, made for one thread.
  ///   - graph: with the images of a part.
  init(_ steps: [KernelStep], of graph: Graph, partCount: Int, pool: ThreadPool) {
    func count(_ operand: Operand) -> Int {
      operand.layout.elementCount(of: graph.values[operand.value].shape)
    }
    self.steps = steps
    self.partCount = partCount
    self.pool = pool
    var info = steps[0].info
    inputCount = count(info.inputs[0])
    // With the slack that kernels may read.
    blobCount = steps.count > 1 ? roundUp(count(info.outputs[0]), to: 16) + 16 : 0
    for step in steps.dropFirst() {
      info.nodes += step.info.nodes
      info.outputs = step.info.outputs
      info.implementation += "+" + step.info.implementation.dropFirst("f32-".count)
    }
    outputCount = count(info.outputs[0])
    let scratch = steps.map(\.info.workspaceByteCount).max() ?? 0
    threadFloatCount = blobCount + roundUp(scratch / 4, to: 32)
    info.workspaceByteCount = threadFloatCount * pool.threadCount * 4
    // Every part goes through the weights, and through the blob between.
    let parts = steps.map(\.info)
    info.executedFLOPs = parts.reduce(0) { $0 + ($1.executedFLOPs ?? 0) } * partCount
    info.executedBytes = parts.reduce(0) { $0 + ($1.executedBytes ?? 0) } * partCount
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
    sequences = LaunchSequences(on: pool) { thread in
      let blob = workspace + thread * threadFloatCount
      let scratch = UnsafeMutableRawPointer(blob + blobCount)
      return pool.share(of: partCount, thread: thread).flatMap { part in
        steps.indices.flatMap { index in
          steps[index].launches(
            Bindings(
              inputs: [index == 0 ? bindings.inputs[0] + part * inputCount : blob],
              outputs: [
                index == steps.count - 1 ? bindings.outputs[0] + part * outputCount : blob
              ],
              workspace: scratch))
        }
      }
    }
  }

  func run() {
    guard let sequences else { preconditionFailure("\(info.implementation) is not bound") }
    sequences.run()
  }

  func run(timing clock: PhaseClock) { sequences?.run(timing: clock) }
}
