import KernelInterface

/// Splits row-major images into the 16 phases of a stride of 4: see `StridePhaseArguments`.
func stridePhases(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: StridePhaseArguments.self)
  let height = Int(a.pointee.h)
  let width = Int(a.pointee.w)
  let rows = Int(a.pointee.output_h)
  let columns = Int(a.pointee.output_w)
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let plane = a.pointee.input + item / rows * height * width
    let output = a.pointee.output + item * columns * 16
    for dy in 0..<4 {
      let y = item % rows * 4 + dy - Int(a.pointee.pad_h)
      let lanes = output + dy * 4
      let isInside = y >= 0 && y < height
      for x in 0..<columns {
        let first = x * 4 - Int(a.pointee.pad_w)
        let target = UnsafeMutableRawPointer(lanes + x * 16)
        if isInside && first >= 0 && first + 4 <= width {
          let four = UnsafeRawPointer(plane + y * width + first).loadUnaligned(
            as: SIMD4<Float>.self)
          target.storeBytes(of: four, as: SIMD4<Float>.self)
        } else {
          for dx in 0..<4 {
            let column = first + dx
            let isPixel = isInside && column >= 0 && column < width
            lanes[x * 16 + dx] = isPixel ? plane[y * width + column] : 0
          }
        }
      }
    }
  }
}
