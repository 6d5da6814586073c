import KernelInterface

/// Collects this module's kernels.
func makeKernelTable() -> KernelTable {
  KernelTable(
    isa_name: UnsafeRawPointer(isaName.utf8Start).assumingMemoryBound(to: CChar.self),
    lanes: Int32(Vector.scalarCount),
    output_tile: Int32(outputTile),
    pixel_tile: Int32(maximumTileWidth),
    edge_pixel_tile: Int32(minimumEdgeTileWidth),
    probe_accumulators: Int32(probeAccumulators),
    convolution_block: { convolutionBlock($0) },
    convolution_four: { convolutionFour($0) },
    vector_product: { vectorProduct($0) },
    vector_product_half: { vectorProductHalf($0) },
    matrix_product: { matrixProduct($0) },
    matrix_product_half: { matrixProductHalf($0) },
    pack_images: { packImages($0) },
    rectify: { rectify($0) },
    pooling: { pooling($0) },
    normalization: { normalization($0) },
    stage_tail: { stageTail($0) },
    softmax: { softmax($0) },
    repack: { repack($0) },
    stride_phases: { stridePhases($0) },
    winograd_input: { winogradInput($0) },
    winograd_output: { winogradOutput($0) },
    winograd_products: { winogradProducts($0) },
    winograd_transform: { winogradTransform($0) },
    multiply_add_probe: { multiplyAddProbe($0) },
    read_probe: { readProbe($0) },
    pack_columns: { packColumns($0) },
    panel_product: { panelProduct($0) })
}
