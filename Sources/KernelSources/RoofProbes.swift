import KernelInterface

#if WIDE_TILES
  private typealias ProbeTile = RegisterTile<14>
#else
  /// With a factor and an addend this fills 16 registers. A convolution's tile, which leaves room
  /// for weights, is too small where a product and its addition are two instructions: they wait for
  /// each other.
  private typealias ProbeTile = RegisterTile<7>
#endif

/// Vectors that ``multiplyAddProbe(_:)`` keeps in registers.
let probeAccumulators = 2 * ProbeTile.pixels

extension RegisterTile {
  fileprivate static var pixels: Int { width }
}

/// The peak of multiply-adds: as many independent accumulators as there is room for, over and over.
func multiplyAddProbe(_ raw: UnsafeRawPointer) {
  let arguments = raw.assumingMemoryBound(to: MultiplyAddProbeArguments.self)
  MultiplyAddProbe(arguments: arguments).run(ProbeTile.self)
}

private struct MultiplyAddProbe: TileTask {
  let arguments: UnsafePointer<MultiplyAddProbeArguments>

  func run<let width: Int>(_: RegisterTile<width>.Type) {
    let values = arguments.pointee.values
    let factor = Vector(repeating: arguments.pointee.factor)
    let addend = Vector(repeating: arguments.pointee.addend)
    var tile = RegisterTile<width>()
    for x in 0..<width {
      tile.low[x] = loadVector(values + x * outputTile)
      tile.high[x] = loadVector(values + x * outputTile + Vector.scalarCount)
    }
    var rounds = arguments.pointee.rounds
    while rounds > 0 {
      // The accumulator is a factor, not the addend as in a convolution: without a fused
      // instruction the compiler would take a product that never changes out of the loop.
      for x in 0..<width {
        tile.low[x] = multiplyAdd(addend, tile.low[x], factor)
        tile.high[x] = multiplyAdd(addend, tile.high[x], factor)
      }
      rounds -= 1
    }
    for x in 0..<width {
      storeVector(tile.low[x], values + x * outputTile)
      storeVector(tile.high[x], values + x * outputTile + Vector.scalarCount)
    }
  }
}

/// Vectors that are read before the loop begins again: enough sums that additions do not wait for
/// each other.
private let readVectors = 8

/// How far ahead of their use lines are asked for, in floats.
private let prefetchDistance = 1024

/// The bits of a vector. Adding them costs one cycle on more ports than adding floats, and no value
/// is slower than another.
private typealias Bits = Vector.MaskStorage

/// The bandwidth of reading: nothing but loads, each the operand of an addition.
func readProbe(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: ReadProbeArguments.self)
  var sums: InlineArray<8, Bits> = kernel_zeros().load(as: InlineArray<8, Bits>.self)
  var pass: Int64 = 0
  while pass < a.pointee.passes {
    var input = a.pointee.input
    let end = input + Int(a.pointee.count)
    if a.pointee.is_prefetching != 0 {
      while input != end {
        for line in 0..<(readVectors * Vector.scalarCount / 16) {
          kernel_prefetch(input + prefetchDistance + line * 16)
        }
        addVectors(input, to: &sums)
        input += readVectors * Vector.scalarCount
      }
    } else {
      while input != end {
        addVectors(input, to: &sums)
        input += readVectors * Vector.scalarCount
      }
    }
    pass += 1
  }
  let low = (sums[0] &+ sums[1]) &+ (sums[2] &+ sums[3])
  let high = (sums[4] &+ sums[5]) &+ (sums[6] &+ sums[7])
  UnsafeMutableRawPointer(a.pointee.sums).storeBytes(of: low &+ high, as: Bits.self)
}

/// Adds as many vectors as there are sums, each to its own.
@inline(__always)
private func addVectors(_ input: UnsafePointer<Float>, to sums: inout InlineArray<8, Bits>) {
  for i in 0..<readVectors {
    let bits = UnsafeRawPointer(input + i * Vector.scalarCount).loadUnaligned(as: Bits.self)
    sums[i] = sums[i] &+ bits
  }
}
