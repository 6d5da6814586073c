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
