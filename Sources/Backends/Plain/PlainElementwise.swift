import Execution
import Foundation
import KernelInterface
import Networks
import Tensors

private struct ElementwiseArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let count: Int
  // Of a power.
  let power: Float
  let scale: Float
  let shift: Float
}

/// y = (shift + scale · x) ^ power, split evenly over the threads, as the others here.
func plainPower(_ spec: PowerSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  let function: KernelFunction =
    switch (spec.power, spec.scale) {
    case (0, _), (_, 0): { constant($0) }
    case (1, _): { affine($0) }
    default: { powers($0) }
    }
  let isConstant = spec.power == 0 || spec.scale == 0
  let name = "power-\(isConstant ? "constant" : spec.power == 1 ? "affine" : "powf")"
  return elementwise(name, spec, index, in: graph, pool: pool, function: function)
}

/// y = 1 ∕ (1 + exp(−x))
func plainSigmoid(_ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  elementwise("sigmoid-plain", PowerSpec(), index, in: graph, pool: pool) { sigmoid($0) }
}

/// y = tanh x
func plainTanh(_ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  elementwise("tanh-plain", PowerSpec(), index, in: graph, pool: pool) { hyperbolicTangent($0) }
}

private func elementwise(
  _ operation: String, _ spec: PowerSpec, _ index: Int, in graph: Graph,
  pool: ThreadPool, function: @escaping KernelFunction
) -> any Step {
  let count = graph.inputShape(of: graph.nodes[index]).count
  var info = StepInfo(plain: operation, index, in: graph)
  info.canRunInPlace = true
  return PlainStep(info: info, pool: pool, function: function) { bindings, share in
    let part = share.range(of: count)
    return ElementwiseArguments(
      x: UnsafePointer(bindings.inputs[0]) + part.lowerBound,
      y: bindings.outputs[0] + part.lowerBound, count: part.count, power: spec.power,
      scale: spec.scale, shift: spec.shift)
  }
}

private func constant(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ElementwiseArguments.self)
  a.y.update(repeating: a.power == 0 ? 1 : pow(a.shift, a.power), count: a.count)
}

private func affine(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ElementwiseArguments.self)
  for i in 0..<a.count { a.y[i] = a.shift + a.scale * a.x[i] }
}

private func powers(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ElementwiseArguments.self)
  for i in 0..<a.count { a.y[i] = pow(a.shift + a.scale * a.x[i], a.power) }
}

private func sigmoid(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ElementwiseArguments.self)
  for i in 0..<a.count { a.y[i] = 1 / (1 + exp(-a.x[i])) }
}

private func hyperbolicTangent(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: ElementwiseArguments.self)
  for i in 0..<a.count { a.y[i] = tanh(a.x[i]) }
}
