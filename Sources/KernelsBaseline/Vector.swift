import KernelInterface

/// One vector register of this instruction set.
typealias Vector = SIMD4<Float>

/// Name of this instruction set, as in the `isa` column.
let isaName: StaticString = "baseline"

/// The kernels of this module.
public func kernelTableBaseline() -> KernelTable { makeKernelTable() }
