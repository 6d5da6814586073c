import Execution
import Foundation
import Networks
import Tensors

private struct SoftmaxArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let firstOuter: Int
  let outerCount: Int
  let count: Int
  let inner: Int
}

/// y_i = exp(x_i − max x) ∕ Σ_j exp(x_j − max x) along one axis; what lies before the axis is split over
/// the threads.
func plainSoftmax(_ spec: SoftmaxSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step
{
  let axis = AxisSplit(graph.inputShape(of: graph.nodes[index]), axis: spec.axis)
  let info = StepInfo(plain: "softmax-plain", index, in: graph)
  return PlainStep(info: info, pool: pool, function: softmax) { bindings, share in
    let part = share.range(of: axis.outer)
    return SoftmaxArguments(
      x: UnsafePointer(bindings.inputs[0]), y: bindings.outputs[0], firstOuter: part.lowerBound,
      outerCount: part.count, count: axis.count, inner: axis.inner)
  }
}

private func softmax(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: SoftmaxArguments.self)
  for outer in a.firstOuter..<a.firstOuter + a.outerCount {
    for inner in 0..<a.inner {
      let first = outer * a.count * a.inner + inner
      var maximum = a.x[first]
      for j in 0..<a.count { maximum = max(maximum, a.x[first + j * a.inner]) }
      var sum: Float = 0
      for j in 0..<a.count {
        let value = exp(a.x[first + j * a.inner] - maximum)
        a.y[first + j * a.inner] = value
        sum += value
      }
      let scale = 1 / sum
      for j in 0..<a.count { a.y[first + j * a.inner] *= scale }
    }
  }
}
