import Execution
import Networks
import Tensors

private struct PoolingArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  /// One row of the input; with a mask, the mask.
  let scratch: UnsafeMutablePointer<Float>
  let planeCount: Int
  let input: Extent
  let output: Extent
  let kernel: Extent
  let stride: Extent
  let pad: Extent
  let isMaximum: Bool
}

/// Pooling in two passes per output row: down the rows of the window over whole rows of the input,
/// which vectorises whatever the stride, then across its columns. Planes are split over the threads.
func plainPooling(_ spec: PoolingSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step
{
  let node = graph.nodes[index]
  let (input, output) = (graph.inputShape(of: node), graph.outputShape(of: node))
  let window = spec.window(over: input)
  let scratch = ScratchRows(count: input.w)
  var info = StepInfo(plain: "pool-\(spec.method.rawValue)-rows", index, in: graph)
  info.workspaceByteCount = scratch.byteCount(threadCount: pool.threadCount)
  return PlainStep(info: info, pool: pool, function: poolPlanes) { bindings, share in
    let planes = share.range(of: input.n * input.c)
    return PoolingArguments(
      x: UnsafePointer(bindings.inputs[0]) + planes.lowerBound * input.h * input.w,
      y: bindings.outputs[0] + planes.lowerBound * output.h * output.w,
      scratch: scratch.row(share, in: bindings.workspace), planeCount: planes.count,
      input: Extent(h: input.h, w: input.w), output: Extent(h: output.h, w: output.w),
      kernel: window.kernel, stride: window.stride, pad: window.pad,
      isMaximum: spec.method == .max)
  }
}

/// The maximum of each window and where in its plane it stands: the first of equals, −1 for a window
/// without input. Planes are split over the threads.
func plainMaskedPooling(
  _ spec: PoolingSpec, _ index: Int, in graph: Graph, pool: ThreadPool
) -> any Step {
  let node = graph.nodes[index]
  let (input, output) = (graph.inputShape(of: node), graph.outputShape(of: node))
  let window = spec.window(over: input)
  return PlainStep(
    info: StepInfo(plain: "pool-max-mask", index, in: graph), pool: pool, function: poolWithMask
  ) { bindings, share in
    let planes = share.range(of: input.n * input.c)
    return PoolingArguments(
      x: UnsafePointer(bindings.inputs[0]) + planes.lowerBound * input.h * input.w,
      y: bindings.outputs[0] + planes.lowerBound * output.h * output.w,
      scratch: bindings.outputs[1] + planes.lowerBound * output.h * output.w,
      planeCount: planes.count, input: Extent(h: input.h, w: input.w),
      output: Extent(h: output.h, w: output.w), kernel: window.kernel, stride: window.stride,
      pad: window.pad, isMaximum: true)
  }
}

private func poolWithMask(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: PoolingArguments.self)
  var next = 0
  for plane in 0..<a.planeCount {
    let x = a.x + plane * a.input.h * a.input.w
    for p in 0..<a.output.h {
      let top = p * a.stride.h - a.pad.h
      for q in 0..<a.output.w {
        let left = q * a.stride.w - a.pad.w
        var maximum = -Float.greatestFiniteMagnitude
        var position = -1
        var h = max(top, 0)
        while h < min(top + a.kernel.h, a.input.h) {
          var w = max(left, 0)
          while w < min(left + a.kernel.w, a.input.w) {
            if x[h * a.input.w + w] > maximum {
              maximum = x[h * a.input.w + w]
              position = h * a.input.w + w
            }
            w += 1
          }
          h += 1
        }
        a.y[next] = maximum
        a.scratch[next] = Float(position)
        next += 1
      }
    }
  }
}

private func poolPlanes(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: PoolingArguments.self)
  for plane in 0..<a.planeCount {
    let x = a.x + plane * a.input.h * a.input.w
    let y = a.y + plane * a.output.h * a.output.w
    for p in 0..<a.output.h {
      if a.isMaximum {
        poolRow(a, x, p, y + p * a.output.w, start: -Float.greatestFiniteMagnitude) { max($0, $1) }
      } else {
        poolRow(a, x, p, y + p * a.output.w, start: 0) { $0 + $1 }
        divideRow(a, p, y + p * a.output.w)
      }
    }
  }
}

/// out[q] = `start` combined with the part of window (p, q) that lies inside the input.
@inline(__always)
private func poolRow(
  _ a: PoolingArguments, _ x: UnsafePointer<Float>, _ p: Int, _ out: UnsafeMutablePointer<Float>,
  start: Float, combine: (Float, Float) -> Float
) {
  let top = p * a.stride.h - a.pad.h
  let columns = a.scratch
  for w in 0..<a.input.w { columns[w] = start }
  var h = max(top, 0)
  while h < min(top + a.kernel.h, a.input.h) {
    let row = x + h * a.input.w
    for w in 0..<a.input.w { columns[w] = combine(columns[w], row[w]) }
    h += 1
  }
  for q in 0..<a.output.w { out[q] = start }
  for s in 0..<a.kernel.w {
    // Outputs whose column s lies inside the input: 0 <= q·stride − pad + s < W.
    let inside = outputsInside(
      offset: s - a.pad.w, stride: a.stride.w, input: a.input.w, output: a.output.w)
    let from = columns + (s - a.pad.w)
    if a.stride.w == 1 {
      for q in inside { out[q] = combine(out[q], from[q]) }
    } else {
      for q in inside { out[q] = combine(out[q], from[q &* a.stride.w]) }
    }
  }
}

/// Divides by the size of each window, cut off at the far end of the padding only.
private func divideRow(_ a: PoolingArguments, _ p: Int, _ out: UnsafeMutablePointer<Float>) {
  let h = p * a.stride.h - a.pad.h
  let height = min(h + a.kernel.h, a.input.h + a.pad.h) - h
  for q in 0..<a.output.w {
    let w = q * a.stride.w - a.pad.w
    let width = min(w + a.kernel.w, a.input.w + a.pad.w) - w
    out[q] /= Float(height * width)
  }
}

/// The q in `0 ..< output` with 0 ≤ q·stride + offset < `input`.
@inline(__always)
func outputsInside(offset: Int, stride: Int, input: Int, output: Int) -> Range<Int> {
  let first = offset >= 0 ? 0 : (stride - 1 - offset) / stride
  let end = input > offset ? (input - offset + stride - 1) / stride : 0
  return min(first, output)..<max(min(first, output), min(end, output))
}
