import Execution
import Foundation
import Networks
import Tensors

/// What a thread has summed up, on a cache line of its own.
private struct PartialLoss: BitwiseCopyable {
  var sum: Float = 0
  /// Labels that are not ignored.
  var count = 0
}

/// Partial losses of all threads, in a step's workspace.
private struct PartialLosses: BitwiseCopyable {
  static let stride = 128
  let base: UnsafeMutableRawPointer
  let threadCount: Int

  func pointer(_ thread: Int) -> UnsafeMutablePointer<PartialLoss> {
    (base + thread * Self.stride).assumingMemoryBound(to: PartialLoss.self)
  }

  /// In the order of the threads.
  var total: PartialLoss {
    (0..<threadCount).reduce(into: PartialLoss()) { total, thread in
      total.sum += pointer(thread).pointee.sum
      total.count += pointer(thread).pointee.count
    }
  }
}

private struct SoftmaxLossArguments: BitwiseCopyable {
  let scores: UnsafePointer<Float>
  let labels: UnsafePointer<Float>
  let loss: UnsafeMutablePointer<Float>
  let softmax: UnsafeMutablePointer<Float>?
  let partials: PartialLosses
  let thread: Int
  /// In the last call the first thread adds up what all have found.
  let isLast: Bool
  let firstOuter: Int
  let lastOuter: Int
  let axis: AxisSplit
  let ignoredLabel: Int?
  let normalization: LossNormalization
}

/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor; what lies before the class axis is split over
/// the threads, whose sums are added afterwards.
func plainSoftmaxWithLoss(
  _ spec: SoftmaxWithLossSpec, _ index: Int, in graph: Graph, pool: ThreadPool
) -> any Step {
  let axis = AxisSplit(graph.inputShape(of: graph.nodes[index]), axis: spec.axis)
  var info = StepInfo(plain: "softmax-loss-plain", index, in: graph)
  info.workspaceByteCount = PartialLosses.stride * pool.threadCount
  return PlainStep(info: info, pool: pool, function: softmaxLoss, callCount: 2) {
    bindings, call, share in
    let part = share.range(of: axis.outer)
    return SoftmaxLossArguments(
      scores: UnsafePointer(bindings.inputs[0]), labels: UnsafePointer(bindings.inputs[1]),
      loss: bindings.outputs[0],
      softmax: bindings.outputs.count > 1 ? bindings.outputs[1] : nil,
      partials: PartialLosses(base: bindings.workspace, threadCount: share.threadCount),
      thread: share.thread, isLast: call == 1, firstOuter: part.lowerBound,
      lastOuter: part.upperBound, axis: axis, ignoredLabel: spec.ignoredLabel,
      normalization: spec.normalization)
  }
}

private func softmaxLoss(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: SoftmaxLossArguments.self)
  if a.isLast {
    guard a.thread == 0 else { return }
    let total = a.partials.total
    let divisor = a.normalization.divisor(
      images: a.axis.outer, labels: a.axis.outer * a.axis.inner, validLabels: total.count)
    a.loss[0] = total.sum / Float(divisor)
    return
  }
  let (classes, step) = (a.axis.count, a.axis.inner)
  var partial = PartialLoss()
  for outer in a.firstOuter..<a.lastOuter {
    for inner in 0..<step {
      let first = outer * classes * step + inner
      let scores = a.scores + first
      var maximum = scores[0]
      for j in 0..<classes { maximum = max(maximum, scores[j * step]) }
      var sum: Float = 0
      if let softmax = a.softmax {
        for j in 0..<classes {
          let value = exp(scores[j * step] - maximum)
          softmax[first + j * step] = value
          sum += value
        }
        for j in 0..<classes { softmax[first + j * step] *= 1 / sum }
      } else {
        for j in 0..<classes { sum += exp(scores[j * step] - maximum) }
      }
      let label = classLabel(a.labels[outer * step + inner])
      if label == a.ignoredLabel { continue }
      partial.count += 1
      if label >= 0, label < classes {
        let share = exp(scores[label * step] - maximum) / sum
        partial.sum -= log(max(share, .leastNormalMagnitude))
      } else {
        partial.sum = .nan
      }
    }
  }
  a.partials.pointer(a.thread).pointee = partial
}

private struct EuclideanLossArguments: BitwiseCopyable {
  let a: UnsafePointer<Float>
  let b: UnsafePointer<Float>
  let loss: UnsafeMutablePointer<Float>
  let partials: PartialLosses
  let thread: Int
  let isLast: Bool
  let count: Int
  let images: Int
}

/// loss = Σ (a − b)² ∕ (2 N), split evenly over the threads.
func plainEuclideanLoss(_ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  let shape = graph.inputShape(of: graph.nodes[index])
  var info = StepInfo(plain: "euclidean-loss-plain", index, in: graph)
  info.workspaceByteCount = PartialLosses.stride * pool.threadCount
  return PlainStep(info: info, pool: pool, function: euclideanLoss, callCount: 2) {
    bindings, call, share in
    let part = share.range(of: shape.count)
    return EuclideanLossArguments(
      a: UnsafePointer(bindings.inputs[0]) + part.lowerBound,
      b: UnsafePointer(bindings.inputs[1]) + part.lowerBound, loss: bindings.outputs[0],
      partials: PartialLosses(base: bindings.workspace, threadCount: share.threadCount),
      thread: share.thread, isLast: call == 1, count: part.count, images: shape.n)
  }
}

private func euclideanLoss(_ raw: UnsafeRawPointer) {
  let x = raw.load(as: EuclideanLossArguments.self)
  if x.isLast {
    if x.thread == 0 { x.loss[0] = x.partials.total.sum / Float(2 * x.images) }
    return
  }
  var partial = PartialLoss()
  for i in 0..<x.count { partial.sum += (x.a[i] - x.b[i]) * (x.a[i] - x.b[i]) }
  x.partials.pointer(x.thread).pointee = partial
}
