import KernelInterface

/// One vector register of this instruction set.
typealias Vector = SIMD16<Float>

/// Name of this instruction set, as in the `isa` column.
let isaName: StaticString = "avx512"

/// The kernels of this module.
public func kernelTableAVX512() -> KernelTable { makeKernelTable() }
