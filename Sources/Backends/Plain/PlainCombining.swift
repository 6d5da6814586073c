import Execution
import KernelInterface
import Networks
import Tensors

private struct EltwiseArguments: BitwiseCopyable {
  /// The first operand, or the result so far.
  let a: UnsafePointer<Float>
  let b: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let count: Int
  /// Factors of a sum.
  let aFactor: Float
  let bFactor: Float
}

/// The sum with factors, the product or the maximum of blobs, two at a time, split evenly over the
/// threads.
/// - Parameter layout: of all blobs; the fill of a blocked one stays zero.
func plainEltwise(
  _ spec: EltwiseSpec, _ index: Int, in graph: Graph, layout: Layout, pool: ThreadPool
) -> any Step {
  let node = graph.nodes[index]
  let count = layout.elementCount(of: graph.outputShape(of: node))
  let function: KernelFunction =
    switch spec.operation {
    case .sum: { sum($0) }
    case .product: { product($0) }
    case .maximum: { maximum($0) }
    }
  let info = StepInfo(
    plain: "eltwise-\(spec.operation.rawValue)", index, in: graph, layout: layout)
  return PlainStep(info: info, pool: pool, function: function, callCount: node.inputs.count - 1) {
    bindings, call, share in
    let part = share.range(of: count)
    let a = call == 0 ? bindings.inputs[0] : bindings.outputs[0]
    return EltwiseArguments(
      a: UnsafePointer(a) + part.lowerBound,
      b: UnsafePointer(bindings.inputs[call + 1]) + part.lowerBound,
      y: bindings.outputs[0] + part.lowerBound, count: part.count,
      aFactor: call == 0 ? spec.coefficient(0) : 1, bFactor: spec.coefficient(call + 1))
  }
}

private func sum(_ raw: UnsafeRawPointer) {
  let x = raw.load(as: EltwiseArguments.self)
  for i in 0..<x.count { x.y[i] = x.aFactor * x.a[i] + x.bFactor * x.b[i] }
}

private func product(_ raw: UnsafeRawPointer) {
  let x = raw.load(as: EltwiseArguments.self)
  for i in 0..<x.count { x.y[i] = x.a[i] * x.b[i] }
}

private func maximum(_ raw: UnsafeRawPointer) {
  let x = raw.load(as: EltwiseArguments.self)
  for i in 0..<x.count { x.y[i] = max(x.a[i], x.b[i]) }
}

private struct ConcatArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  /// Runs to copy, their length, and how far apart they lie in the output.
  let runCount: Int
  let runLength: Int
  let outputStep: Int
}

/// Blobs behind each other along an axis: runs of memory copied, split over the threads by runs, or
/// within the only one.
/// - Parameter layout: of all blobs; blocked where ``canConcatBlocked(_:_:in:)`` says so.
func plainConcat(
  _ spec: ConcatSpec, _ index: Int, in graph: Graph, layout: Layout, pool: ThreadPool
) -> any Step {
  let node = graph.nodes[index]
  let output = graph.outputShape(of: node)
  let runCount = output.count(of: 0..<spec.axis)
  func runLength(_ shape: Shape) -> Int { layout.elementCount(of: shape) / runCount }
  let lengths = node.inputs.map { runLength(graph.values[$0].shape) }
  let offsets = lengths.indices.map { lengths[..<$0].reduce(0, +) }
  let outputStep = runLength(output)
  let name = layout == .nchw ? "concat-copy" : "concat-blocks-copy"
  let info = StepInfo(plain: name, index, in: graph, layout: layout)
  return PlainStep(
    info: info, pool: pool, function: copyRuns, callCount: node.inputs.count
  ) { bindings, call, share in
    let x = UnsafePointer(bindings.inputs[call])
    let y = bindings.outputs[0] + offsets[call]
    if runCount == 1 {
      let part = share.range(of: lengths[call])
      return ConcatArguments(
        x: x + part.lowerBound, y: y + part.lowerBound, runCount: 1, runLength: part.count,
        outputStep: outputStep)
    }
    let runs = share.range(of: runCount)
    return ConcatArguments(
      x: x + runs.lowerBound * lengths[call], y: y + runs.lowerBound * outputStep,
      runCount: runs.count, runLength: lengths[call], outputStep: outputStep)
  }
}

/// Whether blobs in channel blocks can be joined as they are: images along the batch, or channels
/// where none but the last blob has a block that is not full.
func canConcatBlocked(_ spec: ConcatSpec, _ node: Graph.Node, in graph: Graph) -> Bool {
  let shapes = node.inputs.map { graph.values[$0].shape }
  guard shapes[0].rank == 4 else { return false }
  return spec.axis == 0
    || spec.axis == 1 && shapes.dropLast().allSatisfy { $0.c % Layout.channelBlock == 0 }
}

private func copyRuns(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ConcatArguments.self)
  for run in 0..<a.runCount {
    (a.y + run * a.outputStep).update(from: a.x + run * a.runLength, count: a.runLength)
  }
}
