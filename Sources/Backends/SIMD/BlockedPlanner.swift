import Execution
import KernelInterface
import Networks
import Tensors

/// Turns a graph into steps of our own kernels: blocked layout between them, reorders where a
/// step needs another one, ReLU fused into what it follows.
///
/// `simd` and `winograd` differ in how they do convolutions only; what `winograd` leaves to the
/// direct kernels carries that label.
struct BlockedPlanner {
  var graph: Graph
  let weights: any WeightSource
  var options: CompileOptions
  /// The backend's own way to do a convolution; nil hands it to the direct kernels.
  let makeConvolution: (ConvolutionContext) throws(BackendError) -> KernelStep?
  /// Name of the backend that the other layers are handed to, if that is another one.
  let delegate: String?
  /// Of the weights of fully connected layers, which are the backend's own where that is not single.
  var precision = Precision.single

  /// A convolution to be planned.
  struct ConvolutionContext {
    var graph: Graph
    /// Graph nodes covered: the convolution, and a ReLU fused into it.
    var nodes: [Int]
    var spec: ConvolutionSpec
    var weights: LayerWeights
    /// Outputs below are raised to it.
    var floor: Float
    var options: CompileOptions

    var node: Graph.Node { graph.nodes[nodes[0]] }
    /// Of the convolution: backward it is the gradient of the layer's output.
    var input: Shape { graph.values[node.inputs[0]].shape }
    var output: Shape { graph.values[node.outputs[0]].shape }
    var outputValue: Graph.ValueID { graph.nodes[nodes[nodes.count - 1]].outputs[0] }

    /// The convolution by the direct kernels.
    func directStep() -> KernelStep {
      DirectConvolution(spec: spec, input: input, output: output, kernels: options.kernels)
        .makeStep(nodes, in: graph, weights: weights, floor: floor, pool: options.pool)
    }
  }

  func steps() throws(BackendError) -> [any Step] {
    let layerSteps = layerSteps
    var list = StepList(graph: graph, boundary: options.boundary) {
      layerSteps.reorder($0, from: $1, to: $2)
    }
    for index in graph.nodes.indices where !list.covers(index) {
      if list.elide(index) { continue }
      if graph.nodes[index].direction != .forward {
        list.append(try backwardStep(index))
        continue
      }
      if let step = stepWithoutKernel(index) {
        list.append(step)
        continue
      }
      var divided = try imageStage(index)
      if divided == nil { divided = try imageShares(index) }
      let step: any Step
      if let divided { step = divided } else { step = try makeStep(index) }
      list.append(step)
    }
    return list.finish()
  }

  private var layerSteps: LayerSteps {
    LayerSteps(graph: graph, kernels: options.kernels, pool: options.pool)
  }

  func makeStep(_ index: Int) throws(BackendError) -> KernelStep {
    let node = graph.nodes[index]
    switch node.layer.spec {
    case .convolution(let spec): return try convolution(index, spec)
    case .innerProduct(let spec):
      let step = try innerProduct(index, spec)
      return precision == .single ? labelled(step) : step
    case .relu(let spec): return labelled(layerSteps.relu(index, spec))
    case .pooling(let pooling):
      if let next = fusibleReader(of: index), case .lrn(let lrn) = graph.nodes[next].layer.spec {
        return labelled(layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(layerSteps.pooling(index, pooling))
    case .lrn(let lrn):
      if let next = fusibleReader(of: index),
        case .pooling(let pooling) = graph.nodes[next].layer.spec
      {
        return labelled(layerSteps.stageTail([index, next], lrn, pooling))
      }
      return labelled(layerSteps.lrn(index, lrn))
    case .softmax(let spec): return labelled(layerSteps.softmax(index, spec))
    default: preconditionFailure("'\(node.layer.spec.kind)' has no kernel")
    }
  }

  private func labelled(_ step: KernelStep) -> KernelStep {
    step.info.delegatedTo = delegate
    return step
  }

  func convolution(_ index: Int, _ spec: ConvolutionSpec) throws(BackendError) -> KernelStep {
    let node = graph.nodes[index]
    let fused = fusedReLU(after: index)
    let context = ConvolutionContext(
      graph: graph, nodes: [index] + (fused.map { [$0] } ?? []), spec: spec,
      weights: try weights.required(for: node, in: graph),
      floor: fused == nil ? -.infinity : 0, options: options)
    if let step = try makeConvolution(context) { return step }
    return labelled(context.directStep())
  }

  private func innerProduct(_ index: Int, _ spec: InnerProductSpec) throws(BackendError)
    -> KernelStep
  {
    let node = graph.nodes[index]
    let fused = fusedReLU(after: index)
    let weights = try weights.required(for: node, in: graph)
    var input = graph.inputShape(of: node)
    var layout = Layout.native(for: input)
    if spec.axis != 1 {
      // The kernels know one batch axis: axes before the product's count as images.
      input = Shape([input.count(of: 0..<spec.axis), input.count(of: spec.axis..<input.rank)])
      layout = .nchw
    }
    let product = FullyConnected(
      spec: spec, input: input, layout: layout, kernels: options.kernels, precision: precision)
    return try product.makeStep(
      [index] + (fused.map { [$0] } ?? []), in: graph, weights: weights,
      floor: fused == nil ? -.infinity : 0, options: options)
  }

  /// A layer without a kernel: the plain code computes it, and the step says so. Blobs in channel
  /// blocks that can be joined as they are stay in them.
  /// - Returns: nil where there is a kernel.
  private func stepWithoutKernel(_ index: Int) -> (any Step)? {
    let node = graph.nodes[index]
    guard !hasKernel(node) else { return nil }
    let step: (any Step)?
    switch node.layer.spec {
    case .concat(let spec) where canConcatBlocked(spec, node, in: graph):
      let blocks = plainConcat(spec, index, in: graph, layout: .blocked, pool: options.pool)
      return delegate.map { DelegatedStep(blocks, to: $0) } ?? blocks
    case .eltwise(let spec):
      step = plainEltwise(
        spec, index, in: graph, layout: .native(for: graph.inputShape(of: node)),
        pool: options.pool)
    default: step = plainStep(index, in: graph, pool: options.pool)
    }
    return step.map { DelegatedStep($0, to: "plain") }
  }

  /// Whether our kernels do such a layer, with these parameters.
  private func hasKernel(_ node: Graph.Node) -> Bool {
    switch node.layer.spec {
    case .convolution, .innerProduct, .relu: true
    case .pooling: node.outputs.count == 1
    case .lrn(let spec): spec.region == .acrossChannels
    case .softmax(let spec): spec.axis == graph.inputShape(of: node).rank - 1
    default: false
    }
  }

  /// The ReLU that alone reads the node's output, if it may be fused.
  func fusedReLU(after index: Int) -> Int? {
    options.keepsAllBlobs ? nil : graph.soleReLU(after: index)
  }

  /// The node of the same stage that alone reads this one's output; nil where blobs are kept.
  func fusibleReader(of index: Int) -> Int? {
    guard !options.keepsAllBlobs, let reader = graph.soleReader(of: index),
      hasKernel(graph.nodes[reader])
    else { return nil }
    return reader
  }
}

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
