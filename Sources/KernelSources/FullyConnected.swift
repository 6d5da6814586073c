import KernelInterface

/// Fully connected for one image: each weight is read once, so memory sets the pace. Two output tiles
/// are read side by side: two streams get more out of memory than one.
func vectorProduct(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: VectorProductArguments.self)
  var tile = Int(a.pointee.first_tile)
  let last = Int(a.pointee.last_tile)
  while tile + 2 <= last {
    multiplyTiles(a, tile, Streams<2>.self)
    tile += 2
  }
  if tile < last { multiplyTiles(a, tile, Streams<1>.self) }
}

/// How many output tiles are read side by side.
private enum Streams<let count: Int> {}

/// How far ahead of their use weights that come from memory are asked for, in floats.
let streamPrefetchDistance = 2048

/// Σ_c weights[c][output tile] · input[c] for neighbouring output tiles, even and odd inputs apart, so
/// that additions do not wait for each other.
@inline(__always)
private func multiplyTiles<let count: Int>(
  _ a: UnsafePointer<VectorProductArguments>, _ tile: Int, _ streams: Streams<count>.Type
) {
  let inputs = Int(a.pointee.inputs)
  let input = a.pointee.input
  let stride = inputs * outputTile
  var weights = a.pointee.weights + tile * stride
  var low: InlineArray<count, Vector> = vectors()
  var high: InlineArray<count, Vector> = vectors()
  var oddLow: InlineArray<count, Vector> = vectors()
  var oddHigh: InlineArray<count, Vector> = vectors()
  var c = 0
  while c + 2 <= inputs {
    let even = Vector(repeating: input[c])
    let odd = Vector(repeating: input[c + 1])
    for i in 0..<count {
      let row = weights + i * stride
      low[i] = multiplyAdd(low[i], loadVector(row), even)
      high[i] = multiplyAdd(high[i], loadVector(row + Vector.scalarCount), even)
      oddLow[i] = multiplyAdd(oddLow[i], loadVector(row + outputTile), odd)
      oddHigh[i] = multiplyAdd(oddHigh[i], loadVector(row + outputTile + Vector.scalarCount), odd)
      for line in 0..<((2 * outputTile + 15) / 16) {
        kernel_prefetch(row + streamPrefetchDistance + line * 16)
      }
    }
    weights += 2 * outputTile
    c += 2
  }
  if c < inputs {
    let value = Vector(repeating: input[c])
    for i in 0..<count {
      let row = weights + i * stride
      low[i] = multiplyAdd(low[i], loadVector(row), value)
      high[i] = multiplyAdd(high[i], loadVector(row + Vector.scalarCount), value)
    }
  }
  for i in 0..<count {
    store(a, tile + i, low: low[i] + oddLow[i], high: high[i] + oddHigh[i])
  }
}

/// Adds the bias, and stores what belongs to the output.
@inline(__always)
private func store(
  _ a: UnsafePointer<VectorProductArguments>, _ tile: Int, low: Vector, high: Vector
) {
  let outputs = Int(a.pointee.outputs)
  let first = tile * outputTile
  let bias = a.pointee.bias + first
  let floor = Vector(repeating: a.pointee.floor)
  let lowSum = maximum(low + loadVector(bias), floor)
  let highSum = maximum(high + loadVector(bias + Vector.scalarCount), floor)
  let output = a.pointee.output + first
  if first + outputTile <= outputs {
    storeVector(lowSum, output)
    storeVector(highSum, output + Vector.scalarCount)
  } else {
    for lane in 0..<Vector.scalarCount where first + lane < outputs {
      output[lane] = lowSum[lane]
    }
    for lane in 0..<Vector.scalarCount where first + Vector.scalarCount + lane < outputs {
      output[Vector.scalarCount + lane] = highSum[lane]
    }
  }
}
