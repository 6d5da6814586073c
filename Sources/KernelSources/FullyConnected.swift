import KernelInterface

/// How weights are stored; sums are float32 in any case.
protocol WeightFormat {
  associatedtype Element
  /// A vector of them, as floats; no alignment needed.
  static func load(_ pointer: UnsafePointer<Element>) -> Vector
}

enum SingleWeights: WeightFormat {
  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> Vector { loadVector(pointer) }
}

/// IEEE 754 binary16.
enum HalfWeights: WeightFormat {
  @inline(__always)
  static func load(_ pointer: UnsafePointer<UInt16>) -> Vector { halves(pointer) }
}

/// Fully connected for one image: each weight is read once, so memory sets the pace.
func vectorProduct(_ raw: UnsafeRawPointer) { multiply(raw, SingleWeights.self) }

/// The same with weights of half the size.
func vectorProductHalf(_ raw: UnsafeRawPointer) { multiply(raw, HalfWeights.self) }

@inline(__always)
private func multiply<Format: WeightFormat>(_ raw: UnsafeRawPointer, _ format: Format.Type) {
  let a = raw.assumingMemoryBound(to: VectorProductArguments.self)
  var tile = Int(a.pointee.first_tile)
  let last = Int(a.pointee.last_tile)
  if a.pointee.streams == 4 {
    while tile + 4 <= last {
      multiplyTiles(a, tile, Streams<4, 1>.self, format)
      tile += 4
    }
  }
  if a.pointee.streams >= 2 {
    while tile + 2 <= last {
      multiplyTiles(a, tile, Streams<2, 2>.self, format)
      tile += 2
    }
  }
  while tile < last {
    multiplyTiles(a, tile, Streams<1, 4>.self, format)
    tile += 1
  }
}

/// How many output tiles are read side by side, and how many inputs of each are summed up apart: eight
/// sums of vectors, so that additions do not wait for each other.
private enum Streams<let count: Int, let parts: Int> {}

/// How far ahead of their use weights that come from memory are asked for, in floats, by a matrix product.
let streamPrefetchDistance = 2048

/// Σ_c weights[c][output tile] · input[c] for neighbouring output tiles.
@inline(__always)
private func multiplyTiles<let count: Int, let parts: Int, Format: WeightFormat>(
  _ a: UnsafePointer<VectorProductArguments>, _ tile: Int, _ streams: Streams<count, parts>.Type,
  _ format: Format.Type
) {
  let inputs = Int(a.pointee.inputs)
  let weights =
    a.pointee.weights.assumingMemoryBound(to: Format.Element.self) + tile * inputs * outputTile
  var low: InlineArray<count, Vector> = vectors()
  var high: InlineArray<count, Vector> = vectors()
  var first = 0
  while first < inputs {
    let end = smaller(first + inputsPerSum, inputs)
    let sums = ColumnSums<count, parts, Format>(
      a.pointee.input + first, weights: weights + first * outputTile, count: end - first,
      stride: inputs * outputTile, ahead: Int(a.pointee.prefetch_distance))
    for i in 0..<count {
      low[i] += sums.low(i)
      high[i] += sums.high(i)
    }
    first = end
  }
  for i in 0..<count { store(a, tile + i, low: low[i], high: high[i]) }
}

/// Sums of so many products are added up, rather than one of all: of 9,216 the last ones would be added
/// to something far larger than they are.
private let inputsPerSum = 1024

/// Σ_c weights[c][output tile] · input[c] over some inputs, for neighbouring output tiles.
private struct ColumnSums<let count: Int, let parts: Int, Format: WeightFormat> {
  private var lows: InlineArray<parts, InlineArray<count, Vector>> = sums()
  private var highs: InlineArray<parts, InlineArray<count, Vector>> = sums()

  /// - Parameters:
  ///   - weights: of the first input and output tile.
  ///   - stride: from one output tile's weights to the next one's.
  ///   - ahead: how many weights ahead they are asked for.
  @inline(__always)
  init(
    _ input: UnsafePointer<Float>, weights: UnsafePointer<Format.Element>, count inputs: Int,
    stride: Int, ahead: Int
  ) {
    let elementsPerLine = 64 / MemoryLayout<Format.Element>.stride
    var weights = weights
    var c = 0
    while c + parts <= inputs {
      for i in 0..<count {
        let rows = weights + i * stride
        for line in 0..<((parts * outputTile + elementsPerLine - 1) / elementsPerLine) {
          kernel_prefetch(rows + ahead + line * elementsPerLine)
        }
        for part in 0..<parts {
          add(input[c + part], rows + part * outputTile, to: part, i)
        }
      }
      weights += parts * outputTile
      c += parts
    }
    while c < inputs {
      for i in 0..<count { add(input[c], weights + i * stride, to: 0, i) }
      weights += outputTile
      c += 1
    }
  }

  @inline(__always)
  private mutating func add(
    _ input: Float, _ row: UnsafePointer<Format.Element>, to part: Int, _ i: Int
  ) {
    let value = Vector(repeating: input)
    lows[part][i] = multiplyAdd(lows[part][i], Format.load(row), value)
    highs[part][i] = multiplyAdd(highs[part][i], Format.load(row + Vector.scalarCount), value)
  }

  /// Of output tile i, all parts together.
  @inline(__always)
  func low(_ i: Int) -> Vector {
    var sum = lows[0][i]
    for part in 1..<parts { sum += lows[part][i] }
    return sum
  }

  @inline(__always)
  func high(_ i: Int) -> Vector {
    var sum = highs[0][i]
    for part in 1..<parts { sum += highs[part][i] }
    return sum
  }
}

/// Zeros, for the reason of ``vectors()``.
@inline(__always)
private func sums<let parts: Int, let count: Int>()
  -> InlineArray<parts, InlineArray<count, Vector>>
{
  kernel_zeros().load(as: InlineArray<parts, InlineArray<count, Vector>>.self)
}

/// Adds the bias, and stores what belongs to the output.
@inline(__always)
private func store(
  _ a: UnsafePointer<VectorProductArguments>, _ tile: Int, low: Vector, high: Vector
) {
  let outputs = Int(a.pointee.outputs)
  let first = tile * outputTile
  let bias = a.pointee.bias + first
  let scale = Vector(repeating: a.pointee.scale)
  let floor = Vector(repeating: a.pointee.floor)
  let lowSum = maximum((low + loadVector(bias)) * scale, floor)
  let highSum = maximum((high + loadVector(bias + Vector.scalarCount)) * scale, floor)
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
