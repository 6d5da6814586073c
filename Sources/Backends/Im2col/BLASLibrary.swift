import CSupport
import Execution
import Foundation
import Synchronization

/// A CBLAS library opened at run time with its symbols kept to itself, so that several live in one
/// process: libopenblas and libblis export the same names.
///
/// Opened once per process and source, on first use; never closed, since its threads run on.
package final class BLASLibrary: @unchecked Sendable {
  // Unchecked: all is immutable after `init`, but for the atomic thread count.

  /// `cblas_sgemm`.
  package let sgemm: alex_sgemm_fn
  /// `cblas_sgemv`.
  package let sgemv: alex_sgemv_fn
  /// The file that holds ``sgemm``.
  package let path: String
  package let identity: BLASIdentity
  /// What a reader of its numbers must know.
  package let warnings: [BackendWarning]

  private typealias SetThreads = @convention(c) (Int32) -> Void
  private let setThreads: SetThreads?
  private typealias GetThreads = @convention(c) () -> Int32
  /// `gint_t` of BLIS has 64 bits; the count is in the lower half.
  private let getThreads: GetThreads?
  /// The count last set here; 0 before the first.
  private let currentThreads = Atomic<Int>(0)

  private static let opened = Mutex<[BLASSource: Result<BLASLibrary, Unavailability>]>([:])

  /// The library of a source: the same object on every call.
  /// - Throws: why it cannot be used here, with what to do about it.
  package static func load(_ source: BLASSource) throws(Unavailability) -> BLASLibrary {
    try opened.withLock { opened in
      if let known = opened[source] { return known }
      var result = Result { () throws(Unavailability) in try BLASLibrary(source) }
      // A file known by another name already stays one object: it has one thread count.
      if let new = try? result.get(),
        let same = opened.values.lazy.compactMap({ try? $0.get() }).first(where: {
          $0.path == new.path
        })
      {
        result = .success(same)
      }
      opened[source] = result
      return result
    }.get()
  }

  private init(_ source: BLASSource) throws(Unavailability) {
    func refusal(_ reason: String) -> Unavailability {
      Unavailability(reason: reason, hint: source.hint)
    }
    let handle = try Self.open(source)
    guard let sgemm = alex_library_symbol(handle, "cblas_sgemm"),
      let sgemv = alex_library_symbol(handle, "cblas_sgemv")
    else {
      throw refusal("\(source.candidates[0]) has no cblas_sgemm and cblas_sgemv")
    }
    path = alex_library_path(sgemm).map { String(cString: $0) } ?? source.candidates[0]
    self.sgemm = unsafeBitCast(sgemm, to: alex_sgemm_fn.self)
    self.sgemv = unsafeBitCast(sgemv, to: alex_sgemv_fn.self)
    let probe = BLASProbe(handle: handle, path: path)
    do {
      identity = try probe.identity()
    } catch {
      throw Unavailability(reason: "\(path) \(error.reason)", hint: error.hint)
    }
    let setters = ["openblas_set_num_threads", "bli_thread_set_num_threads", "MKL_Set_Num_Threads"]
    let setter = setters.lazy.compactMap { alex_library_symbol(handle, $0) }.first
    setThreads = setter.map { unsafeBitCast($0, to: SetThreads.self) }
    let getters = ["openblas_get_num_threads", "bli_thread_get_num_threads", "MKL_Get_Max_Threads"]
    getThreads = getters.lazy.compactMap { alex_library_symbol(handle, $0) }.first.map {
      unsafeBitCast($0, to: GetThreads.self)
    }
    warnings = identity.warnings(
      environment: ProcessInfo.processInfo.environment, canSetThreads: setter != nil)
  }

  private static func open(_ source: BLASSource) throws(Unavailability) -> UnsafeMutableRawPointer {
    try checkThreads(source)
    var messages: [String] = []
    for candidate in source.candidates {
      var error = [CChar](repeating: 0, count: 512)
      if let handle = alex_library_open(candidate, &error, error.count) { return handle }
      let text = String(
        decoding: error.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      messages.append(text)
    }
    throw Unavailability(
      reason: "\(source.candidates[0]) cannot be opened (\(messages[0]))", hint: source.hint)
  }

  /// Some libraries start all their threads when they are opened, and end the program if they get
  /// none.
  private static func checkThreads(_ source: BLASSource) throws(Unavailability) {
    let environment = ProcessInfo.processInfo.environment
    let wanted = environment["OPENBLAS_NUM_THREADS"] ?? environment["OMP_NUM_THREADS"]
    let processors = ProcessInfo.processInfo.activeProcessorCount
    let count = min(wanted.flatMap { Int($0) } ?? processors, processors)
    do { try ThreadShortage.check(count: max(count, 1) - 1) } catch {
      throw Unavailability(
        reason: "\(source.candidates[0]) \(error.reason)", hint: ThreadShortage.hint)
    }
    try checkAddressSpace(source.candidates[0], threadCount: max(count, 1))
  }

  /// What OpenBLAS maps for each thread that computes (`BUFFER_SIZE`); it tries for ever where it
  /// cannot.
  private static let bufferByteCount: Int64 = 128 << 20
  /// The library itself, with its tables.
  private static let codeByteCount: Int64 = 128 << 20

  private static func checkAddressSpace(
    _ name: String, threadCount: Int
  ) throws(Unavailability) {
    let needed = codeByteCount + Int64(threadCount) * bufferByteCount
    let code = alex_can_map(needed)
    guard code == 0 else {
      throw Unavailability(
        reason: "\(name) needs \(needed >> 20) MiB of address space: "
          + String(cString: strerror(code)),
        hint: "raise the limit of address space (ulimit -v)")
    }
  }

  /// Refuses more threads than there is address space for.
  func checkAddressSpace(threadCount: Int) throws(Unavailability) {
    // Those of the processors were looked at when it was opened, and keep what they have.
    guard threadCount > ProcessInfo.processInfo.activeProcessorCount else { return }
    try Self.checkAddressSpace(path, threadCount: threadCount)
  }

  /// Makes the following calls use `count` threads, and asks how many they will be: fewer where the
  /// library was built for fewer.
  func threadCount(askedFor count: Int) -> Int {
    if identity.isSequential { return 1 }
    useThreads(count)
    guard setThreads != nil, let getThreads else { return count }
    return max(1, Int(getThreads()))
  }

  /// Makes the following calls use `count` threads.
  ///
  /// Called at the start of every timed call, since compiled networks with other thread counts may
  /// run in between; costs one load unless the count changes. Several threads must not compute with
  /// one library at the same time and with different counts: the count belongs to the library.
  package func useThreads(_ count: Int) {
    guard currentThreads.load(ordering: .relaxed) != count else { return }
    currentThreads.store(count, ordering: .relaxed)
    setThreads?(Int32(count))
  }
}

/// Where a CBLAS library is looked for, and what to do when it is not there.
package struct BLASSource: Hashable, Sendable {
  /// Last part of the backend's name: `im2col-NAME`.
  package let name: String
  /// File names for the system's search, or paths; the first that can be opened is used.
  package let candidates: [String]
  /// What to do when none can.
  package let hint: String

  #if arch(arm64)
    private static let multiarch = "aarch64-linux-gnu"
  #else
    private static let multiarch = "x86_64-linux-gnu"
  #endif

  /// The system's choice first (Debian: an alternative that its user may have set), then the
  /// directories of the Debian variants, since an alternative may point to nothing.
  package static let openBLAS = BLASSource(
    name: "openblas",
    candidates: ["libopenblas.so.0"]
      + ["openblas-pthread", "openblas-openmp", "openblas-serial"].map {
        "/usr/lib/\(multiarch)/\($0)/libopenblas.so.0"
      },
    hint: "apt-get install libopenblas0-pthread")

  /// Likewise for BLIS.
  package static let blis = BLASSource(
    name: "blis",
    candidates: ["libblis.so.4"]
      + ["blis-openmp", "blis-pthread", "blis-serial"].map {
        "/usr/lib/\(multiarch)/\($0)/libblis.so.4"
      },
    hint: "apt-get install libblis4-openmp")

  /// Any other library with the CBLAS interface and 32-bit integers.
  package static func custom(name: String, path: String) -> BLASSource {
    BLASSource(
      name: name, candidates: [path],
      hint: "give the path of a CBLAS library with --blas \(name)=PATH")
  }
}
