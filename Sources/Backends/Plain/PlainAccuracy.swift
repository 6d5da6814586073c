import Execution
import Networks
import Tensors

private struct AccuracyArguments: BitwiseCopyable {
  let scores: UnsafePointer<Float>
  let labels: UnsafePointer<Float>
  let accuracy: UnsafeMutablePointer<Float>
  let ofClass: UnsafeMutablePointer<Float>?
  /// Labels of each class; used with `ofClass` only.
  let classCounts: UnsafeMutablePointer<Float>
  let isFirstThread: Bool
  let axis: AxisSplit
  let topK: Int
  let ignoredLabel: Int?
}

/// The share of labels that fewer than `topK` other classes score as high as or higher. One thread does
/// it all: to share a few comparisons would cost more than it saves.
func plainAccuracy(
  _ spec: AccuracySpec, _ index: Int, in graph: Graph, pool: ThreadPool
) -> any Step {
  let axis = AxisSplit(graph.inputShape(of: graph.nodes[index]), axis: spec.axis)
  var info = StepInfo(plain: "accuracy-plain", index, in: graph)
  info.workspaceByteCount = axis.count * MemoryLayout<Float>.stride
  return PlainStep(info: info, pool: pool, function: accuracy) { bindings, share in
    AccuracyArguments(
      scores: UnsafePointer(bindings.inputs[0]), labels: UnsafePointer(bindings.inputs[1]),
      accuracy: bindings.outputs[0],
      ofClass: bindings.outputs.count > 1 ? bindings.outputs[1] : nil,
      classCounts: bindings.workspace.assumingMemoryBound(to: Float.self),
      isFirstThread: share.thread == 0, axis: axis, topK: spec.topK,
      ignoredLabel: spec.ignoredLabel)
  }
}

private func accuracy(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: AccuracyArguments.self)
  guard a.isFirstThread else { return }
  let (classes, step) = (a.axis.count, a.axis.inner)
  if let ofClass = a.ofClass {
    ofClass.update(repeating: 0, count: classes)
    a.classCounts.update(repeating: 0, count: classes)
  }
  var hits: Float = 0
  var count: Float = 0
  for outer in 0..<a.axis.outer {
    for inner in 0..<step {
      let label = classLabel(a.labels[outer * step + inner])
      if label == a.ignoredLabel { continue }
      guard label >= 0, label < classes else {
        hits = .nan
        continue
      }
      let scores = a.scores + (outer * classes * step + inner)
      let score = scores[label * step]
      // The label's own class counts once.
      var rivals = -1
      for j in 0..<classes where scores[j * step] >= score { rivals += 1 }
      let hit: Float = rivals < a.topK ? 1 : 0
      hits += hit
      count += 1
      if let ofClass = a.ofClass {
        ofClass[label] += hit
        a.classCounts[label] += 1
      }
    }
  }
  a.accuracy[0] = count == 0 && hits == 0 ? 0 : hits / count
  if let ofClass = a.ofClass {
    for label in 0..<classes where a.classCounts[label] > 0 {
      ofClass[label] /= a.classCounts[label]
    }
  }
}
