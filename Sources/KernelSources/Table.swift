import KernelInterface

/// Collects this module's kernels.
func makeKernelTable() -> KernelTable {
  KernelTable(
    isa_name: UnsafeRawPointer(isaName.utf8Start).assumingMemoryBound(to: CChar.self),
    lanes: Int32(Vector.scalarCount))
}
