import Execution
import KernelInterface
import Networks
import Tensors

/// A convolution with the pooling and normalisation of its stage, image by image: what is between them
/// never leaves the caches, which the blobs of a whole batch would. Every thread has images of its own,
/// so that none waits for another before the end of the stage.
extension BlockedPlanner {
  /// The stage that begins with a convolution.
  /// - Returns: nil where there is one image, nothing to fuse, images that do not go round, or weights
  ///   so large that passing through them for every image costs more than it saves.
  func imageStage(_ index: Int) throws(BackendError) -> (any Step)? {
    guard case .convolution(let spec) = graph.nodes[index].layer.spec, goesRound,
      weightsStayInCache(graph.nodes[index])
    else { return nil }
    guard let next = fusibleReader(of: fusedReLU(after: index) ?? index) else { return nil }
    switch graph.nodes[next].layer.spec {
    case .pooling, .lrn: break
    default: return nil
    }
    var one = self
    one.graph = graph.oneImage
    one.options.pool = ThreadPool(threadCount: 1)
    // All images but the first find the weights in a cache.
    one.options.expectsColdWeights = false
    return fuse(try one.convolution(index, spec), try one.makeStep(next), of: one.graph)
  }

  /// Whether threads with whole images get about equal shares.
  private var goesRound: Bool {
    let threads = options.pool.threadCount
    return graph.batch > 1 && (graph.batch % threads == 0 || graph.batch >= 8 * threads)
  }

  /// The filters as they come; transformed ones are up to seven times as large.
  private func weightsStayInCache(_ node: Graph.Node) -> Bool {
    graph.cost(of: node).weightBytes <= CacheSizes.secondLevelByteCount * 3 / 2
  }

  /// - Parameter one: the graph of a single image, for which the steps were made.
  private func fuse(_ first: KernelStep, _ second: KernelStep, of one: Graph) -> ImageStageStep {
    func count(_ operand: Operand) -> Int {
      operand.layout.elementCount(of: one.values[operand.value].shape)
    }
    return ImageStageStep(
      first, second, imageCount: graph.batch, inputCount: count(first.info.inputs[0]),
      blobCount: count(first.info.outputs[0]), outputCount: count(second.info.outputs[0]),
      pool: options.pool)
  }
}

/// Two steps in turns for every image of a thread.
private final class ImageStageStep: Step {
  let info: StepInfo
  private let first: KernelStep
  private let second: KernelStep
  private let imageCount: Int
  /// Floats of an image before, between and after the steps.
  private let inputCount: Int
  private let blobCount: Int
  private let outputCount: Int
  private let pool: ThreadPool
  /// Floats of a thread: the blob between, then what either step needs.
  private let threadFloatCount: Int
  private var sequences: LaunchSequences?

  init(
    _ first: KernelStep, _ second: KernelStep, imageCount: Int, inputCount: Int, blobCount: Int,
    outputCount: Int, pool: ThreadPool
  ) {
    self.first = first
    self.second = second
    self.imageCount = imageCount
    self.inputCount = inputCount
    // With the slack that kernels may read.
    self.blobCount = roundUp(blobCount, to: 16) + 16
    self.outputCount = outputCount
    self.pool = pool
    let scratch = max(first.info.workspaceByteCount, second.info.workspaceByteCount)
    threadFloatCount = self.blobCount + roundUp(scratch / 4, to: 32)
    var info = first.info
    info.nodes += second.info.nodes
    info.outputs = second.info.outputs
    info.implementation += "+" + second.info.implementation.dropFirst("f32-".count)
    info.workspaceByteCount = threadFloatCount * pool.threadCount * 4
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
    sequences = LaunchSequences(on: pool) { thread in
      let blob = workspace + thread * threadFloatCount
      let scratch = UnsafeMutableRawPointer(blob + blobCount)
      return pool.share(of: imageCount, thread: thread).flatMap { image in
        let source = bindings.inputs[0] + image * inputCount
        let target = bindings.outputs[0] + image * outputCount
        return first.launches(Bindings(inputs: [source], outputs: [blob], workspace: scratch))
          + second.launches(Bindings(inputs: [blob], outputs: [target], workspace: scratch))
      }
    }
  }

  func run() {
    guard let sequences else { preconditionFailure("\(info.implementation) is not bound") }
    sequences.run()
  }

  func run(timing clock: PhaseClock) { sequences?.run(timing: clock) }
}
