import CSupport
import Execution

/// Where the calling thread runs: pinned around our own kernels, free around libraries whose
/// threads would inherit its mask.
package struct Placement: Sendable {
  /// The CPUs that may be used, in order of preference; never empty.
  package let cpus: [Int]

  /// - Parameter cpus: as given with `--cpus`; empty for the affinity mask of the process.
  /// - Throws: a CPU that the process may not use.
  package init(cpus: [Int] = []) throws(MeasuringError) {
    let allowed = Self.allowed
    if let absent = cpus.first(where: { !allowed.contains($0) }) {
      throw .unavailable(
        "CPU \(absent) of --cpus is not in the affinity mask of this process: "
          + allowed.map(String.init).joined(separator: ","))
    }
    self.cpus = cpus.isEmpty ? allowed : cpus
  }

  /// The affinity mask as it was when the process started: pinning narrows what the system reports.
  static let allowed: [Int] = {
    let capacity = 1024
    var cpus = [Int32](repeating: 0, count: capacity)
    let count = Int(alex_get_affinity(&cpus, Int32(capacity)))
    return count == 0 ? [0] : cpus.prefix(min(count, capacity)).map(Int.init)
  }()

  /// Call before anything pins a thread.
  package static func rememberMask() { _ = allowed }

  /// Lets the calling thread run wherever the process may.
  static func free() {
    let mask = allowed.map(Int32.init)
    _ = alex_set_affinity(mask, Int32(mask.count))
  }

  /// Pins or frees the calling thread as the backend's threading asks.
  func apply(for threading: Threading) {
    switch threading {
    case .single, .pool: _ = alex_pin_thread(Int32(cpus[0]))
    case .library:
      let mask = cpus.map(Int32.init)
      _ = alex_set_affinity(mask, Int32(mask.count))
    }
  }
}
