import Execution
import Networks
import Tensors

private struct ReLUArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let count: Int
  let slope: Float
}

/// y = max(x, 0) + slope · min(x, 0), split evenly over the threads.
func plainReLU(_ spec: ReLUSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  let count = graph.inputShape(of: graph.nodes[index]).count
  var info = StepInfo(plain: "relu-plain", index, in: graph)
  info.canRunInPlace = true
  return PlainStep(info: info, pool: pool, function: relu) { bindings, share in
    let part = share.range(of: count)
    return ReLUArguments(
      x: UnsafePointer(bindings.inputs[0]) + part.lowerBound,
      y: bindings.outputs[0] + part.lowerBound, count: part.count, slope: spec.negativeSlope)
  }
}

private func relu(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ReLUArguments.self)
  if a.slope == 0 {
    for i in 0..<a.count { a.y[i] = max(a.x[i], 0) }
  } else {
    for i in 0..<a.count { a.y[i] = max(a.x[i], 0) + a.slope * min(a.x[i], 0) }
  }
}
