import KernelInterface

/// One vector register of this instruction set.
typealias Vector = SIMD8<Float>

/// Name of this instruction set, as in the `isa` column.
let isaName: StaticString = "avx2"

/// The kernels of this module.
public func kernelTableAVX2() -> KernelTable { makeKernelTable() }
