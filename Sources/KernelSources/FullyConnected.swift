import KernelInterface

/// Fully connected for one image: each weight is read once, so memory sets the pace.
func vectorProduct(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: VectorProductArguments.self)
  let inputs = Int(a.pointee.inputs)
  let outputs = Int(a.pointee.outputs)
  for tile in Int(a.pointee.first_tile)..<Int(a.pointee.last_tile) {
    let first = tile * outputTile
    let bias = a.pointee.bias + first
    let (low, high) = product(
      a.pointee.weights + first * inputs, a.pointee.input, count: inputs)
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
}

/// How far ahead of their use weights are asked for, in floats.
private let prefetchDistance = 1024

/// Σ_c weights[c][output tile] · input[c] in four independent pairs of sums, so that additions do
/// not wait for each other.
@inline(__always)
private func product(
  _ weights: UnsafePointer<Float>, _ input: UnsafePointer<Float>, count: Int
) -> (low: Vector, high: Vector) {
  var low: InlineArray<4, Vector> = vectors()
  var high: InlineArray<4, Vector> = vectors()
  var weights = weights
  var c = 0
  while c + 4 <= count {
    for i in 0..<4 {
      let value = Vector(repeating: input[c + i])
      let row = weights + i * outputTile
      low[i] = multiplyAdd(low[i], loadVector(row), value)
      high[i] = multiplyAdd(high[i], loadVector(row + Vector.scalarCount), value)
    }
    for line in 0..<(outputTile / 4) {
      kernel_prefetch(weights + prefetchDistance + line * 16)
    }
    weights += 4 * outputTile
    c += 4
  }
  while c < count {
    let value = Vector(repeating: input[c])
    low[0] = multiplyAdd(low[0], loadVector(weights), value)
    high[0] = multiplyAdd(high[0], loadVector(weights + Vector.scalarCount), value)
    weights += outputTile
    c += 1
  }
  return ((low[0] + low[1]) + (low[2] + low[3]), (high[0] + high[1]) + (high[2] + high[3]))
}

/// Rearranges images [rows][row_length] into [row_length ∕ 16][rows][16]: the pixels of a matrix
/// product are then the images.
func packRows(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PackRowsArguments.self)
  let rows = Int(a.pointee.rows)
  let length = Int(a.pointee.row_length)
  for block in Int(a.pointee.first_block)..<Int(a.pointee.last_block) {
    for row in 0..<rows {
      let source = a.pointee.input + row * length + block * 16
      let target = a.pointee.output + (block * rows + row) * 16
      for lane in 0..<16 {
        target[lane] = block * 16 + lane < length ? source[lane] : 0
      }
    }
  }
}

/// Rearranges [row_length ∕ 16][rows][16] into [rows][row_length].
func unpackRows(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: UnpackRowsArguments.self)
  let rows = Int(a.pointee.rows)
  let length = Int(a.pointee.row_length)
  for row in Int(a.pointee.first_row)..<Int(a.pointee.last_row) {
    let output = a.pointee.output + row * length
    for i in 0..<length {
      output[i] = a.pointee.input[(i / 16 * rows + row) * 16 + i % 16]
    }
  }
}
