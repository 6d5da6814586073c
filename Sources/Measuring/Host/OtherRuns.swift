import Foundation

/// Other runs of this program on this machine while one measures: each disturbs the other.
///
/// Every run holds read locks on one file for all users, on the byte of each CPU that it measures on;
/// the system tells who else holds some, and releases them when a process ends, however it ends.
package final class OtherRuns {
  /// Names another file, or none when empty; for tests, which may run at the same time.
  package static let variable = "ALEXBENCH_LOCK"
  private static let standardPath = "/tmp/alexbench.lock"

  private let path: String
  private var descriptor: Int32 = -1
  private let cpus: [Int]
  /// Why nobody is seen; nil when others are.
  private var blindness: String?
  /// Whether they measured on CPUs of this one, by process.
  private var seen: [Int32: Bool] = [:]

  /// Takes the locks until this goes away.
  /// - Parameter cpus: that are measured on.
  package init(
    cpus: [Int], environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    path = environment[Self.variable] ?? Self.standardPath
    self.cpus = Set(cpus).sorted()
    guard !path.isEmpty else { return }
    // Not created first: in a folder for all, the system refuses that for another user's file.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if descriptor < 0, errno == ENOENT {
      descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    }
    guard descriptor >= 0 else {
      blindness = String(cString: strerror(errno))
      return
    }
    for cpu in self.cpus {
      var lock = Self.lock(F_RDLCK, from: cpu, count: 1)
      if fcntl(descriptor, F_SETLK, &lock) != 0 { blindness = String(cString: strerror(errno)) }
    }
    look()
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether another run measures on the same CPUs now.
  @discardableResult
  package func look() -> Bool {
    guard descriptor >= 0 else { return false }
    var isDisturbed = false
    var start = 0
    while true {
      var lock = Self.lock(F_WRLCK, from: start, count: 0)
      guard fcntl(descriptor, F_GETLK, &lock) == 0, Int32(lock.l_type) != F_UNLCK else { break }
      let end = lock.l_len == 0 ? Int.max : Int(lock.l_start + lock.l_len)
      let isSame = cpus.contains { $0 >= Int(lock.l_start) && $0 < end }
      seen[lock.l_pid] = isSame || (seen[lock.l_pid] ?? false)
      isDisturbed = isDisturbed || isSame
      guard end < .max else { break }
      start = end
    }
    return isDisturbed
  }

  /// One sentence each.
  package var warnings: [String] {
    let others = seen.sorted { $0.key < $1.key }.map { process, isOnSameCPUs in
      "another run of alexbench (process \(process)) measured at the same time"
        + (isOnSameCPUs
          ? " on the same CPUs: times of both are disturbed, and blocks are marked contaminated"
          : " on other CPUs, with which caches, memory and clock may be shared")
    }
    guard let blindness else { return others }
    return others + [
      "cannot tell whether other runs measure at the same time: \(path): \(blindness)"
    ]
  }

  private static func lock(_ type: Int32, from start: Int, count: Int) -> flock {
    var lock = flock()
    lock.l_type = Int16(type)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(start)
    lock.l_len = off_t(count)
    return lock
  }
}

extension OtherRuns {
  /// For what a run measures.
  package convenience init(_ options: RunOptions) throws(MeasuringError) {
    let cpus = try Placement(cpus: options.cpus).cpus
    self.init(cpus: Array(cpus.prefix(options.threads.max() ?? 1)))
  }
}
