import KernelInterface

/// Copies between row-major and blocked channels: see `RepackArguments`.
func repack(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: RepackArguments.self)
  let channels = Int(a.pointee.channels)
  let perGroup = channels / Int(a.pointee.output_groups)
  let blocks = (perGroup + 15) / 16
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let image = item / (Int(a.pointee.output_groups) * blocks)
    let group = item / blocks % Int(a.pointee.output_groups)
    let block = item % blocks
    for lane in 0..<16 {
      let within = block * 16 + lane
      let plane = Plane(a, image: image, channel: group * perGroup + within)
      if within < perGroup {
        if a.pointee.output_is_blocked != 0 {
          plane.copy(to: a.pointee.output + blockOffset(a, item) + lane, step: 16)
        } else {
          let index = image * channels + group * perGroup + within
          let size = Int(a.pointee.output_h) * Int(a.pointee.output_w)
          plane.copy(to: a.pointee.output + index * size, step: 1)
        }
      } else if a.pointee.output_is_blocked != 0 {
        let output = a.pointee.output + blockOffset(a, item) + lane
        for i in 0..<(Int(a.pointee.output_h) * Int(a.pointee.output_w)) { output[i * 16] = 0 }
      }
    }
  }
}

@inline(__always)
private func blockOffset(_ a: UnsafePointer<RepackArguments>, _ item: Int) -> Int {
  item * Int(a.pointee.output_h) * Int(a.pointee.output_w) * 16
}

/// One channel of one image of the input.
private struct Plane {
  let arguments: UnsafePointer<RepackArguments>
  let start: UnsafePointer<Float>
  let step: Int

  @inline(__always)
  init(_ a: UnsafePointer<RepackArguments>, image: Int, channel: Int) {
    arguments = a
    let size = Int(a.pointee.h) * Int(a.pointee.w)
    let channels = Int(a.pointee.channels)
    if a.pointee.input_is_blocked != 0 {
      let groups = Int(a.pointee.input_groups)
      let perGroup = channels / groups
      let blocks = (perGroup + 15) / 16
      let within = channel % perGroup
      let block = (image * groups + channel / perGroup) * blocks + within / 16
      start = a.pointee.input + block * size * 16 + within % 16
      step = 16
    } else {
      start = a.pointee.input + (image * channels + channel) * size
      step = 1
    }
  }

  /// Copies to `target`, neighbouring positions `step` floats apart.
  @inline(__always)
  func copy(to target: UnsafeMutablePointer<Float>, step targetStep: Int) {
    let a = arguments
    let phases = Int(a.pointee.phases)
    let phaseWidth = Int(a.pointee.output_w) / phases
    let h = Int(a.pointee.h)
    let w = Int(a.pointee.w)
    for y in 0..<Int(a.pointee.output_h) {
      let sourceY = y - Int(a.pointee.pad_h)
      let row = target + y * Int(a.pointee.output_w) * targetStep
      for phase in 0..<phases {
        for position in 0..<phaseWidth {
          let sourceX = position * phases + phase - Int(a.pointee.pad_w)
          let isInside = sourceY >= 0 && sourceY < h && sourceX >= 0 && sourceX < w
          row[(phase * phaseWidth + position) * targetStep] =
            isInside ? start[(sourceY * w + sourceX) * step] : 0
        }
      }
    }
  }
}
