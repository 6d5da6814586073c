import CSupport
import Foundation

/// Why a child could not do its work; one sentence each.
package enum ProcessError: Error, Equatable, CustomStringConvertible {
  /// There is no such program.
  case missing(program: String)
  /// It could not be started.
  case cannotStart(program: String, reason: String)
  /// It ran longer than it may, and was ended.
  case timeLimit(program: String, limit: Duration)

  package var description: String {
    switch self {
    case .missing(let program): "there is no program '\(program)'"
    case .cannotStart(let program, let reason): "cannot start '\(program)': \(reason)"
    case .timeLimit(let program, let limit):
      "'\(program)' did not end within \(limit / .seconds(1)) s and was ended"
    }
  }

  /// - Parameter code: an `errno` of what starts processes and threads.
  static func cannotStart(_ program: String, _ code: Int32) -> ProcessError {
    let reason = String(cString: strerror(code))
    return .cannotStart(
      program: program,
      reason: code == EAGAIN
        ? "\(reason); raise the limit of processes and threads (ulimit -u)" : reason)
  }
}

/// How a child ended.
package enum ProcessEnd: Equatable, Sendable {
  case exit(Int32)
  case signal(Int32)
}

/// The CPUs that this process could use when it started: children get them all, whatever thread
/// starts them.
enum StartingMask {
  /// Gives the calling thread this mask for good.
  static func apply() { set { alex_starting_affinity($0, $1) } }

  /// Gives the calling thread this mask while `body` runs.
  static func around<Value>(_ body: () -> Value) -> Value {
    let own = cpus { alex_get_affinity($0, $1) }
    apply()
    defer { if !own.isEmpty { _ = alex_set_affinity(own, Int32(own.count)) } }
    return body()
  }

  private static func set(_ read: (UnsafeMutablePointer<Int32>, Int32) -> Int32) {
    let cpus = cpus(read)
    if !cpus.isEmpty { _ = alex_set_affinity(cpus, Int32(cpus.count)) }
  }

  private static func cpus(_ read: (UnsafeMutablePointer<Int32>, Int32) -> Int32) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: 1024) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      count = Int(min(max(read(start, 1024), 0), 1024))
    }
  }
}
