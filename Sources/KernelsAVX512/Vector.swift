import KernelInterface

/// One vector register of this instruction set.
typealias Vector = SIMD16<Float>

/// Name of this instruction set, as in the `isa` column.
let isaName: StaticString = "avx512"

/// Most output pixels of a register tile; times two vectors, so that the accumulators, two weight
/// vectors and a broadcast input fill the 32 registers.
let maximumTileWidth = 14

/// Least width of a tile that can skip padding columns.
let minimumEdgeTileWidth = 12

/// How far ahead of their use transformed weights are asked for, in floats; 0
/// leaves that to the processor, which fetches the wide tiles' weights in time.
let weightPrefetchDistance = 0

/// One fused multiply-add.
@inline(__always)
func multiplyAdd(_ accumulator: Vector, _ a: Vector, _ b: Vector) -> Vector {
  accumulator.addingProduct(a, b)
}

/// A vector of halves, as floats.
@inline(__always)
func halves(_ pointer: UnsafePointer<UInt16>) -> Vector { kernel_halves_16(pointer) }

/// For each lane the sum of the two before it and the two behind it, in a row of three vectors.
@inline(__always)
func neighbours(_ before: Vector, _ here: Vector, _ after: Vector) -> Vector {
  kernel_neighbours_16(before, here, after)
}

/// The kernels of this module.
public func kernelTableAVX512() -> KernelTable { makeKernelTable() }
