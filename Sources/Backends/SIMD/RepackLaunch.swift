import Execution
import KernelInterface
import Tensors

/// One change of layout: between row-major and blocked channels, with regrouping, padding and
/// stride phases. Describes itself before the memory is known.
struct Repack {
  var shape: Shape
  var inputIsBlocked = true
  var outputIsBlocked = true
  var inputGroups = 1
  var outputGroups = 1
  /// Zeros before the first column.
  var padW = 0
  /// Columns of the output, padding and phases included.
  var outputW: Int
  var phases = 1

  init(_ shape: Shape) {
    self.shape = shape
    outputW = shape.w
  }

  private var outputBlocks: Int {
    roundUp(shape.c / outputGroups, to: Layout.channelBlock) / Layout.channelBlock
  }

  /// Floats that the output occupies when it is blocked.
  var outputFloatCount: Int {
    shape.n * outputGroups * outputBlocks * shape.h * outputW * Layout.channelBlock
  }

  func launch(
    _ kernels: KernelTable, on pool: ThreadPool, phase: Phase = .pack,
    from input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>
  ) -> KernelLaunch {
    let items = shape.n * outputGroups * outputBlocks
    return KernelLaunch(kernels.repack, on: pool, phase: phase) { thread in
      let share = pool.share(of: items, thread: thread)
      return RepackArguments(
        input: input, output: output, input_is_blocked: inputIsBlocked ? 1 : 0,
        output_is_blocked: outputIsBlocked ? 1 : 0, input_groups: Int32(inputGroups),
        output_groups: Int32(outputGroups), images: Int32(shape.n), channels: Int32(shape.c),
        h: Int32(shape.h), w: Int32(shape.w), pad_h: 0, pad_w: Int32(padW),
        output_h: Int32(shape.h), output_w: Int32(outputW), phases: Int32(phases),
        first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
    }
  }
}
