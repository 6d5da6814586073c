import KernelInterface

/// One vector register of this instruction set.
typealias Vector = SIMD4<Float>

/// Name of this instruction set, as in the `isa` column.
let isaName: StaticString = "baseline"

/// Most output pixels of a register tile; times two vectors, so that the accumulators, two weight
/// vectors and a broadcast input fill the 16 registers.
let maximumTileWidth = 6

/// Least width of a tile that can skip padding columns.
let minimumEdgeTileWidth = 4

/// How far ahead of their use transformed weights are asked for, in floats; narrow tiles use them
/// faster than the processor fetches them by itself.
let weightPrefetchDistance = 2048

/// Multiply, then add: without a fused instruction `addingProduct` would call `fmaf` per lane.
@inline(__always)
func multiplyAdd(_ accumulator: Vector, _ a: Vector, _ b: Vector) -> Vector {
  accumulator + a * b
}

/// A vector of halves, as floats.
@inline(__always)
func halves(_ pointer: UnsafePointer<UInt16>) -> Vector { kernel_halves_4(pointer) }

/// For each lane the sum of the two before it and the two behind it, in a row of three vectors.
@inline(__always)
func neighbours(_ before: Vector, _ here: Vector, _ after: Vector) -> Vector {
  kernel_neighbours_4(before, here, after)
}

/// The kernels of this module.
public func kernelTableBaseline() -> KernelTable { makeKernelTable() }
