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

/// The bandwidth of reading: nothing but loads, each the operand of an addition – of bits, which costs
/// one cycle on more ports than that of floats, and where no value is slower than another.
func readProbe(_ raw: UnsafeRawPointer) {
  let arguments = raw.assumingMemoryBound(to: ReadProbeArguments.self)
  // Loops of their own: from a cache near by, a test in the loop would be noticed.
  switch (arguments.pointee.streams == 1, arguments.pointee.prefetch_distance == 0) {
  case (true, true): read(arguments.pointee, hasStreams: false, isPrefetching: false)
  case (true, false): read(arguments.pointee, hasStreams: false, isPrefetching: true)
  case (false, true): read(arguments.pointee, hasStreams: true, isPrefetching: false)
  case (false, false): read(arguments.pointee, hasStreams: true, isPrefetching: true)
  }
}

@inline(__always)
private func read(_ a: ReadProbeArguments, hasStreams: Bool, isPrefetching: Bool) {
  let step = readVectors * Vector.scalarCount
  let ahead = Int(a.prefetch_distance)
  let part = hasStreams ? Int(a.count) / Int(a.streams) : Int(a.count)
  let streams = hasStreams ? Int(a.streams) : 1
  var sums: InlineArray<8, Bits> = kernel_zeros().load(as: InlineArray<8, Bits>.self)
  var pass: Int64 = 0
  while pass < a.passes {
    var first = a.input
    let end = first + part
    while first != end {
      var input = first
      var stream = 0
      while stream < streams {
        if isPrefetching {
          for line in 0..<(step / 16) { kernel_prefetch(input + ahead + line * 16) }
        }
        addVectors(input, to: &sums)
        input += part
        stream += 1
      }
      first += step
    }
    pass += 1
  }
  let low = (sums[0] &+ sums[1]) &+ (sums[2] &+ sums[3])
  let high = (sums[4] &+ sums[5]) &+ (sums[6] &+ sums[7])
  UnsafeMutableRawPointer(a.sums).storeBytes(of: low &+ high, as: Bits.self)
}

/// Adds as many vectors as there are sums, each to its own.
@inline(__always)
private func addVectors(_ input: UnsafePointer<Float>, to sums: inout InlineArray<8, Bits>) {
  for i in 0..<readVectors {
    let bits = UnsafeRawPointer(input + i * Vector.scalarCount).loadUnaligned(as: Bits.self)
    sums[i] = sums[i] &+ bits
  }
}
