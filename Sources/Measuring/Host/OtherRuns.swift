import Files
import Foundation

/// Other runs of this program on this machine while one measures: each disturbs the other.
///
/// Every run holds ``ReadLocks`` on one file for all users, on the byte of each CPU that it measures
/// on.
package final class OtherRuns {
  /// Names another file, or none when empty; for tests, which may run at the same time.
  package static let variable = "ALEXBENCH_LOCK"
  private static let standardPath = "/tmp/alexbench.lock"

  private var locks: ReadLocks?
  private let cpus: Set<Int>
  /// Why nobody is seen; nil when others are.
  private var blindness: String?
  /// Whether they measured on CPUs of this one, by process.
  private var seen: [Int32: Bool] = [:]

  /// Takes the locks until this goes away.
  /// - Parameter cpus: that are measured on.
  package init(
    cpus: [Int], environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.cpus = Set(cpus)
    let path = environment[Self.variable] ?? Self.standardPath
    guard !path.isEmpty else { return }
    do throws(FilesError) {
      locks = try ReadLocks(path: path, bytes: self.cpus.sorted())
    } catch {
      blindness = "\(error)"
    }
    look()
  }

  /// For what a run measures.
  package convenience init(_ options: RunOptions) throws(MeasuringError) {
    let cpus = try Placement(cpus: options.cpus).cpus
    self.init(cpus: Array(cpus.prefix(options.threads.max() ?? 1)))
  }

  /// Whether another run measures on the same CPUs now.
  @discardableResult
  package func look() -> Bool {
    var isDisturbed = false
    for holder in locks?.otherHolders() ?? [] {
      let isOnSameCPUs = cpus.contains { holder.bytes.contains($0) }
      seen[holder.process] = isOnSameCPUs || (seen[holder.process] ?? false)
      isDisturbed = isDisturbed || isOnSameCPUs
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
    return others + ["cannot tell whether other runs measure at the same time: \(blindness)"]
  }
}
