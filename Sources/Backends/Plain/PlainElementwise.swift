import Execution
import Foundation
import KernelInterface
import Networks
import Tensors

private struct ElementwiseArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let count: Int
  var power: Float = 1
  var scale: Float = 1
  var shift: Float = 0
}

/// y = (shift + scale · x) ^ power, split evenly over the threads, as the others here.
func plainPower(_ spec: PowerSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  let function: KernelFunction =
    switch (spec.power, spec.scale) {
    case (0, _), (_, 0): { constant($0) }
    case (1, _): { affine($0) }
    default: { powers($0) }
    }
  return elementwise("power-\(spec.power == 1 ? "affine" : "powf")", function, index, graph, pool) {
    $0.power = spec.power
    $0.scale = spec.scale
    $0.shift = spec.shift
  }
}

/// y = 1 ∕ (1 + exp(−x))
func plainSigmoid(_ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  elementwise("sigmoid-plain", { sigmoid($0) }, index, graph, pool) { _ in }
}

/// y = tanh x
func plainTanh(_ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  elementwise("tanh-plain", { hyperbolicTangent($0) }, index, graph, pool) { _ in }
}

private func elementwise(
  _ operation: String, _ function: @escaping KernelFunction, _ index: Int, _ graph: Graph,
  _ pool: ThreadPool, parameters: @escaping (inout ElementwiseArguments) -> Void
) -> any Step {
  let count = graph.inputShape(of: graph.nodes[index]).count
  var info = StepInfo(plain: operation, index, in: graph)
  info.canRunInPlace = true
  return PlainStep(info: info, pool: pool, function: function) { bindings, share in
    let part = share.range(of: count)
    var arguments = ElementwiseArguments(
      x: UnsafePointer(bindings.inputs[0]) + part.lowerBound,
      y: bindings.outputs[0] + part.lowerBound, count: part.count)
    parameters(&arguments)
    return arguments
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
