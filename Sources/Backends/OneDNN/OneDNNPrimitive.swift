import CSupport
import Execution
import Tensors

/// A primitive of oneDNN that is not made yet: one way in which it does an operation.
final class OneDNNPrimitive {
  let library: OneDNNLibrary
  /// `dnnl_primitive_desc_t`.
  let descriptor: UnsafeMutableRawPointer
  /// How the library calls it: `brgconv:avx512_core`.
  let implementation: String

  /// Takes over the descriptor.
  private init(_ descriptor: UnsafeMutableRawPointer, library: OneDNNLibrary) {
    self.library = library
    self.descriptor = descriptor
    var text: UnsafePointer<CChar>?
    let status = library.api.primitive_desc_query(
      descriptor, Int32(ALEX_DNNL_QUERY_IMPLEMENTATION), 0, &text)
    implementation = status == 0 ? text.map { String(cString: $0) } ?? "unnamed" : "unnamed"
  }

  deinit { _ = library.api.primitive_desc_destroy(descriptor) }

  /// All ways to do an operation, the library's own choice first; empty when there is none.
  /// - Parameter describe: fills in the operation's descriptor and returns the library's status.
  static func all(
    of library: OneDNNLibrary, rectifies: Bool = false,
    describe: (_ operation: UnsafeMutableRawPointer) -> Int32
  ) -> [OneDNNPrimitive] {
    let operation = UnsafeMutableRawPointer.allocate(
      byteCount: Int(ALEX_DNNL_OPERATION_DESC_BYTES), alignment: 16)
    defer { operation.deallocate() }
    guard describe(operation) == 0 else { return [] }
    let attributes = Attributes(library: library, rectifies: rectifies)
    var iterator: UnsafeMutableRawPointer?
    let status = withExtendedLifetime(attributes) {
      library.api.primitive_desc_iterator_create(
        &iterator, operation, attributes.pointer, library.engine, nil)
    }
    guard status == 0, let iterator else { return [] }
    defer { _ = library.api.primitive_desc_iterator_destroy(iterator) }
    var found: [OneDNNPrimitive] = []
    repeat {
      if let descriptor = library.api.primitive_desc_iterator_fetch(iterator) {
        found.append(OneDNNPrimitive(descriptor, library: library))
      }
    } while library.api.primitive_desc_iterator_next(iterator) == 0
    return found
  }

  /// A change of layout; nil when the library has none.
  static func reorder(
    from source: OneDNNMemory, to destination: UnsafeRawPointer, library: OneDNNLibrary
  ) -> OneDNNPrimitive? {
    let attributes = Attributes(library: library, rectifies: false)
    var descriptor: UnsafeMutableRawPointer?
    let status = withExtendedLifetime((source, attributes)) {
      library.api.reorder_primitive_desc_create(
        &descriptor, source.pointer, library.engine, destination, library.engine,
        attributes.pointer)
    }
    guard status == 0 else { return nil }
    return descriptor.map { OneDNNPrimitive($0, library: library) }
  }

  /// What it wants an operand to lie like; valid as long as this object.
  /// - Parameter index: 1 for the bias among the weights.
  func memory(_ query: Int, index: Int = 0) -> UnsafeRawPointer? {
    let memory = library.api.primitive_desc_query_md(descriptor, Int32(query), Int32(index))
    return memory.map { UnsafeRawPointer($0) }
  }

  func byteCount(_ query: Int, index: Int = 0) -> Int {
    memory(query, index: index).map { Int(library.api.memory_desc_get_size($0)) } ?? 0
  }

  /// Scratch memory ours, arithmetic in float32 whatever the environment says, and ReLU on what is
  /// stored.
  private final class Attributes {
    let pointer: UnsafeMutableRawPointer
    private let library: OneDNNLibrary

    init(library: OneDNNLibrary, rectifies: Bool) {
      let api = library.api
      self.library = library
      var made: UnsafeMutableRawPointer?
      var isDone =
        api.primitive_attr_create(&made) == 0
        && api.primitive_attr_set_scratchpad_mode(made, Int32(ALEX_DNNL_SCRATCHPAD_USER)) == 0
        && api.primitive_attr_set_fpmath_mode(made, Int32(ALEX_DNNL_FPMATH_STRICT)) == 0
      if rectifies {
        var operations: UnsafeMutableRawPointer?
        isDone =
          isDone && api.post_ops_create(&operations) == 0
          && api.post_ops_append_eltwise(operations, 1, Int32(ALEX_DNNL_ELTWISE_RELU), 0, 0) == 0
          && api.primitive_attr_set_post_ops(made, operations) == 0
        _ = api.post_ops_destroy(operations)
      }
      guard isDone, let made else { preconditionFailure("oneDNN takes no attributes") }
      pointer = made
    }

    deinit { _ = library.api.primitive_attr_destroy(pointer) }
  }
}

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
    library.endIfOutOfMemory(status)
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
