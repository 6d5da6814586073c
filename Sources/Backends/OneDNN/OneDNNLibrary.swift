import CSupport
import Execution
import Foundation
import Kernels
import Synchronization
import Tensors

/// oneDNN opened at run time, with the engine and the stream that all primitives share.
///
/// Opened once per process and name, on first use; never closed, since its threads run on. It
/// allocates a few small blocks in every call of a primitive; all blobs, weights and scratch memory
/// are ours.
package final class OneDNNLibrary: @unchecked Sendable {
  // Unchecked: all is immutable after `init`; engine and stream may be used by several threads.

  /// Where Debian puts the version that we know; others are refused.
  package static let fileName = "libdnnl.so.\(ALEX_DNNL_MAJOR)"
  static let hint = "apt-get install libdnnl2"

  let api: alex_dnnl_api
  let engine: UnsafeMutableRawPointer
  let stream: UnsafeMutableRawPointer
  /// The file that was loaded.
  package let path: String
  package let identity: OneDNNIdentity
  /// What a reader of its numbers must know, one sentence each.
  package let warnings: [BackendWarning]

  private typealias SetThreads = @convention(c) (Int32) -> Void
  private let setThreads: SetThreads?
  private typealias GetThreads = @convention(c) () -> Int32
  private let getThreads: GetThreads?

  private static let opened = Mutex<[String: Result<OneDNNLibrary, Unavailability>]>([:])

  /// The library of a file: the same object on every call.
  /// - Parameter name: for the system's search, or a path.
  /// - Throws: why it cannot be used here, with what to do about it.
  package static func load(_ name: String = fileName) throws(Unavailability) -> OneDNNLibrary {
    try opened.withLock { opened in
      if let known = opened[name] { return known }
      let result = Result { () throws(Unavailability) in try OneDNNLibrary(name) }
      opened[name] = result
      return result
    }.get()
  }

  private init(_ name: String) throws(Unavailability) {
    func refusal(_ reason: String) -> Unavailability {
      Unavailability(reason: reason, hint: Self.hint)
    }
    var error = [CChar](repeating: 0, count: 512)
    guard let handle = alex_library_open(name, &error, error.count) else {
      let text = String(
        decoding: error.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      let other = name == Self.fileName ? Self.otherVersion : nil
      throw refusal("\(name) cannot be opened (\(text))\(other.map { "; \($0)" } ?? "")")
    }
    // Before anything else: a function of another version may take other arguments.
    guard let symbol = alex_library_symbol(handle, "dnnl_version") else {
      throw refusal("\(name) has no dnnl_version: it is not oneDNN")
    }
    typealias Version = @convention(c) () -> UnsafePointer<alex_dnnl_version>
    let version = unsafeBitCast(symbol, to: Version.self)().pointee
    if let reason = Self.refusal(
      version: "\(version.major).\(version.minor).\(version.patch)", major: Int(version.major),
      runtime: Int(version.cpu_runtime))
    {
      throw refusal("\(name) \(reason)")
    }
    var api = alex_dnnl_api()
    if let missing = alex_dnnl_bind(handle, &api) {
      throw refusal("\(name) has no \(String(cString: missing))")
    }
    path = alex_library_path(symbol).map { String(cString: $0) } ?? name
    var engine: UnsafeMutableRawPointer?
    var stream: UnsafeMutableRawPointer?
    guard api.engine_create(&engine, Int32(ALEX_DNNL_CPU), 0) == 0, let engine,
      api.stream_create(&stream, engine, UInt32(ALEX_DNNL_STREAM_DEFAULT)) == 0, let stream
    else {
      throw refusal("\(name) makes no engine for the processor")
    }
    self.api = api
    self.engine = engine
    self.stream = stream
    identity = OneDNNIdentity(
      version: "\(version.major).\(version.minor).\(version.patch)",
      effectiveISA: Int(api.get_effective_cpu_isa()), runtime: Int(version.cpu_runtime))
    // Looked up through oneDNN, whose own OpenMP runtime it must be: a process may have several.
    let setter =
      version.cpu_runtime == UInt32(ALEX_DNNL_RUNTIME_OMP)
      ? alex_library_symbol(handle, "omp_set_num_threads") : nil
    setThreads = setter.map { unsafeBitCast($0, to: SetThreads.self) }
    getThreads =
      setter == nil
      ? nil
      : alex_library_symbol(handle, "omp_get_max_threads").map {
        unsafeBitCast($0, to: GetThreads.self)
      }
    warnings = identity.warnings(
      environment: ProcessInfo.processInfo.environment, canSetThreads: setter != nil)
  }

  /// Why a version cannot be used: the rest of a sentence that begins with the file's name; nil when
  /// it can.
  package static func refusal(version: String, major: Int, runtime: Int) -> String? {
    if major != Int(ALEX_DNNL_MAJOR) {
      return "is oneDNN \(version), whose interface is another one; only version "
        + "\(ALEX_DNNL_MAJOR) is known here"
    }
    if runtime == Int(ALEX_DNNL_RUNTIME_THREADPOOL) {
      return "is built for a thread pool of its user's, which there is none of here"
    }
    return nil
  }

  /// Another version that is installed, for the reason why there is none that can be used.
  private static var otherVersion: String? {
    for major in [3, 1, 4] {
      let name = "libdnnl.so.\(major)"
      if alex_library_open(name, nil, 0) != nil {
        return "\(name) is there, but only version \(ALEX_DNNL_MAJOR) is known here"
      }
    }
    return nil
  }

  /// `dnnl_out_of_memory`.
  private static let outOfMemory: Int32 = 1

  /// Ends the program where a call got no memory, since a layer that computes cannot throw.
  func endIfOutOfMemory(_ status: Int32) {
    if status == Self.outOfMemory { MemoryShortage.endProgram(byteCount: 1 << 20) }
  }

  /// Makes what this thread does next, compiling or running, use `count` threads.
  ///
  /// OpenMP keeps the count for each calling thread, in a variable of its own: setting it costs
  /// next to nothing, and no other thread is disturbed.
  func useThreads(_ count: Int) { setThreads?(Int32(count)) }

  /// Makes what this thread does next use `count` threads, and asks how many they will be.
  func threadCount(askedFor count: Int) -> Int {
    if identity.runtime == ALEX_DNNL_RUNTIME_SEQUENTIAL { return 1 }
    useThreads(count)
    return getThreads.map { max(1, Int($0())) } ?? count
  }
}

/// What an opened oneDNN says about itself.
package struct OneDNNIdentity: Hashable, Sendable {
  /// For example `2.6.3`.
  package var version: String
  /// The instruction set that it generates code for: `dnnl_get_effective_cpu_isa`.
  package var effectiveISA: Int
  /// `DNNL_RUNTIME_…`: what its threads are.
  package var runtime: Int

  package init(version: String, effectiveISA: Int, runtime: Int) {
    self.version = version
    self.effectiveISA = effectiveISA
    self.runtime = runtime
  }

  /// `oneDNN 2.6.3`.
  package var name: String { "oneDNN \(version)" }

  /// The `isa` column of a whole net: the instruction set that code is generated for.
  package var isa: String {
    func has(_ bits: Int) -> Bool { effectiveISA & bits == bits }
    if effectiveISA == 0 || has(Int(ALEX_DNNL_ISA_AVX512)) { return "avx512" }
    if has(Int(ALEX_DNNL_ISA_AVX2)) { return "avx2" }
    return has(Int(ALEX_DNNL_ISA_AVX)) ? "avx" : "baseline"
  }

  /// The `isa` column of a step: what the name of its implementation says, such as
  /// `brgconv:avx512_core`. A GEMM generates code for what there is; the C++ of `ref:any` and
  /// `simple_nchw:any` is compiled for the baseline.
  package func isa(ofImplementation text: String) -> String {
    for isa in ["avx512", "avx2", "avx"] where text.contains(":\(isa)") { return isa }
    if text.contains("sse") || text.hasSuffix(":any") { return "baseline" }
    return isa
  }

  // MARK: Warnings

  /// Environment variables that change what it computes with, or how its threads wait and where
  /// they run. It reads its own by either prefix. (`DNNL_DEFAULT_FPMATH_MODE` changes nothing
  /// here: the mode is set to strict.)
  private static let steering =
    ["DNNL", "ONEDNN"].flatMap { prefix in
      ["MAX_CPU_ISA", "CPU_ISA_HINTS", "VERBOSE"].map { "\(prefix)_\($0)" }
    } + [
      "OMP_DYNAMIC", "OMP_PLACES", "OMP_PROC_BIND", "OMP_THREAD_LIMIT", "OMP_WAIT_POLICY",
      "GOMP_CPU_AFFINITY", "GOMP_SPINCOUNT",
    ]

  /// What a reader of its numbers must know.
  /// - Parameters:
  ///   - environment: the process's variables when the library was loaded.
  ///   - canSetThreads: whether there is a known call for its thread count.
  package func warnings(environment: [String: String], canSetThreads: Bool) -> [BackendWarning] {
    var warnings = LibraryWarnings.steering(Self.steering, in: environment, of: name)
    if let lesser = LibraryWarnings.lesser(
      isa: isa, of: name, advice: "unset DNNL_MAX_CPU_ISA, or take a version that knows it")
    {
      warnings.append(lesser)
    }
    if runtime == ALEX_DNNL_RUNTIME_SEQUENTIAL {
      warnings.append(
        BackendWarning(.threads, "\(name) is a sequential build: it computes on one thread only"))
    } else if !canSetThreads {
      warnings.append(
        BackendWarning(
          .threads,
          "\(name) is not built for OpenMP: the threads column is what was asked for, not what ran")
      )
    }
    return warnings
  }
}
