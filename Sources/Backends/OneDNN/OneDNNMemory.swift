import CSupport
import Tensors

/// How a tensor lies in memory, in oneDNN's terms: a `dnnl_memory_desc_t` of float32.
final class OneDNNMemory {
  let pointer: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - tag: `ALEX_DNNL_ANY` leaves the choice to a primitive.
  ///   - dimensions: in the order of the axes, whatever lies outermost.
  init(_ dimensions: [Int], tag: Int, library: OneDNNLibrary) {
    precondition(dimensions.count <= Int(ALEX_DNNL_MAX_DIMENSIONS))
    pointer = .allocate(byteCount: Int(ALEX_DNNL_MEMORY_DESC_BYTES), alignment: 16)
    let status = library.api.memory_desc_init_by_tag(
      pointer, Int32(dimensions.count), dimensions.map(Int64.init), Int32(ALEX_DNNL_F32),
      Int32(tag))
    precondition(status == 0, "oneDNN has no tensor \(dimensions) with tag \(tag)")
  }

  /// An image blob in one of our layouts.
  convenience init(_ shape: Shape, _ layout: Layout, library: OneDNNLibrary) {
    self.init(shape.dimensions, tag: Self.tag(of: layout), library: library)
  }

  deinit { pointer.deallocate() }

  /// Whether another description, such as one that a primitive chose, says the same.
  func isSame(as other: UnsafeRawPointer, library: OneDNNLibrary) -> Bool {
    withExtendedLifetime(self) { library.api.memory_desc_equal(pointer, other) != 0 }
  }

  /// The layouts that image blobs may have between steps.
  static let imageLayouts: [Layout] = [
    .nchw, .channelsLast, .blockedChannels(block: 16), .blockedChannels(block: 8),
  ]

  private static func tag(of layout: Layout) -> Int {
    switch layout {
    case .nchw: Int(ALEX_DNNL_ABCD)
    case .channelsLast: Int(ALEX_DNNL_ACDB)
    case .blockedChannels(8): Int(ALEX_DNNL_ABCD8B)
    case .blockedChannels(16): Int(ALEX_DNNL_ABCD16B)
    case .blockedChannels(let block): preconditionFailure("oneDNN has no blocks of \(block)")
    }
  }

  /// The layout of an image blob that a primitive chose; nil when it is none of ours.
  static func layout(
    of chosen: UnsafeRawPointer, shape: Shape, library: OneDNNLibrary
  ) -> Layout? {
    imageLayouts.first {
      OneDNNMemory(shape, $0, library: library).isSame(as: chosen, library: library)
    }
  }
}
