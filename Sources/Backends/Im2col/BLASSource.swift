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
