import CSupport
import Foundation

/// Asks an opened library who it is, by the calls of the families that we know.
struct BLASProbe {
  /// A library that can't be used.
  struct Refusal: Error {
    /// The rest of a sentence that begins with the library's path.
    let reason: String
    let hint: String

    static let wideIntegers = Refusal(
      reason: "is built for 64-bit integers (ILP64), where CBLAS calls here pass 32-bit ones",
      hint: "take the library's 32-bit (LP64) build")
  }

  let handle: UnsafeMutableRawPointer
  let path: String

  private typealias GetString = @convention(c) () -> UnsafePointer<CChar>?
  private typealias GetInt = @convention(c) () -> Int32
  /// BLIS's `gint_t`.
  private typealias GetWord = @convention(c) () -> Int
  private typealias NameOfInt = @convention(c) (Int32) -> UnsafePointer<CChar>?
  private typealias Call = @convention(c) () -> Void
  private typealias FillString = @convention(c) (UnsafeMutablePointer<CChar>, Int32) -> Void

  func identity() throws(Refusal) -> BLASIdentity {
    if let identity = try openBLAS() { return identity }
    if let identity = try blis() { return identity }
    if let identity = mkl() { return identity }
    return BLASIdentity(family: (path as NSString).lastPathComponent)
  }

  private func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    alex_library_symbol(handle, name).map { unsafeBitCast($0, to: type) }
  }

  private func string(_ name: String) -> String? {
    function(name, as: GetString.self)?().map { String(cString: $0) }
  }

  private func openBLAS() throws(Refusal) -> BLASIdentity? {
    guard let core = string("openblas_get_corename") else { return nil }
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Cooperlake MAX_THREADS=64"
    let words = (string("openblas_get_config") ?? "").split(separator: " ")
    if words.contains("USE64BITINT") {
      throw Refusal.wideIntegers
    }
    let version = words.first { $0.first?.isNumber == true }.map(String.init) ?? ""
    let parallel = function("openblas_get_parallel", as: GetInt.self)?() ?? 1
    return BLASIdentity(
      family: "openblas", version: version, core: core, isSequential: parallel == 0)
  }

  private func blis() throws(Refusal) -> BLASIdentity? {
    guard let query = function("bli_arch_query_id", as: GetInt.self),
      let name = function("bli_arch_string", as: NameOfInt.self)
    else { return nil }
    if let size = function("bli_info_get_blas_int_type_size", as: GetWord.self)?(), size == 64 {
      throw Refusal.wideIntegers
    }
    try refuseUnknownArchitecture(name)
    // With BLIS_ARCH_TYPE set, BLIS 0.9.0 aborts when it is asked for its kernels before this.
    function("bli_init", as: Call.self)?()
    let threadings = ["bli_info_get_enable_openmp", "bli_info_get_enable_pthreads"]
      .compactMap { function($0, as: GetWord.self)?() }
    return BLASIdentity(
      family: "blis", version: string("bli_info_get_version_str") ?? "",
      core: name(query()).map { String(cString: $0) } ?? "",
      isSequential: !threadings.isEmpty && threadings.allSatisfy { $0 == 0 })
  }

  /// BLIS aborts the process on a number in BLIS_ARCH_TYPE that it does not know; `generic` is the last
  /// one of its table.
  private func refuseUnknownArchitecture(_ name: NameOfInt) throws(Refusal) {
    let value = ProcessInfo.processInfo.environment["BLIS_ARCH_TYPE"]
    guard let value, let id = Int(value) else { return }
    let last = (0..<64).first { index in
      name(Int32(index)).map { String(cString: $0) == "generic" } ?? true
    }
    if let last, id > last || id < 0 {
      throw Refusal(
        reason: "would abort: BLIS_ARCH_TYPE=\(value) is not one of its kernels, 0 to \(last)",
        hint: "unset BLIS_ARCH_TYPE or give it one of those numbers")
    }
  }

  private func mkl() -> BLASIdentity? {
    guard let fill = function("MKL_Get_Version_String", as: FillString.self) else { return nil }
    var text = [CChar](repeating: 0, count: 256)
    fill(&text, 255)
    // "Intel(R) oneAPI Math Kernel Library Version 2023.1-Product Build … for Intel(R) 64 …"
    let words = String(
      decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self
    )
    .split(separator: " ")
    let index = words.firstIndex(of: "Version")
    let version = index.flatMap { words.indices.contains($0 + 1) ? String(words[$0 + 1]) : nil }
    return BLASIdentity(family: "mkl", version: version ?? "")
  }
}
