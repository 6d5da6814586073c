import Networks

/// Refuses what would make the machine swap: times of a swapping machine mean nothing.
package enum MemoryGuard {
  /// Largest share of the available memory.
  static let limitPercent = 70

  /// Bytes that one contender needs about: weights, packed once more while compiling, and blobs,
  /// doubled for layouts and scratch; with cold caches the ring of copies.
  static func byteCount(of place: WorkloadPlace) -> Int {
    let costs = place.costs
    let weights = costs.reduce(0) { $0 + $1.weightBytes }
    let blobs = costs.reduce(0) { $0 + $1.inputBytes + $1.outputBytes }
    // A copy more than twice the cache; transformed weights may be several times as large.
    let ring =
      switch place.cache {
      case .warm: 0
      case .coldWeights: 2 * LastLevelCache.byteCount + 2 * weights
      case .cold: 2 * LastLevelCache.byteCount + 2 * weights + 2 * blobs
      }
    return weights + 2 * blobs + ring
  }

  /// Why a network is not run once with all its blobs kept, or nil.
  package static func refusal(forwardOf graph: Graph) -> String? {
    guard let text = SystemFiles().text("/proc/meminfo"),
      let available = parseMemoryInfo(text, field: "MemAvailable")
    else { return nil }
    let total = graph.totalCost
    let blobs = graph.values.reduce(0) { $0 + $1.shape.byteCount }
    let needed = 2 * total.weightBytes + 2 * blobs
    guard needed > available / 100 * limitPercent else { return nil }
    return "the network needs about \(needed >> 20) MiB, more than \(limitPercent) % of the "
      + "\(available >> 20) MiB available; give inputs of fewer images"
  }

  /// Why the group is not measured, or nil.
  static func refusal(
    place: WorkloadPlace, contenderCount: Int, files: SystemFiles = SystemFiles()
  ) -> String? {
    guard let text = files.text("/proc/meminfo"),
      let available = parseMemoryInfo(text, field: "MemAvailable")
    else { return nil }
    let needed = byteCount(of: place) * contenderCount
    guard needed > available / 100 * limitPercent else { return nil }
    return "\(contenderCount) backends need about \(needed >> 20) MiB at once, more than "
      + "\(limitPercent) % of the \(available >> 20) MiB available; name fewer with --backend or "
      + "take a smaller --batch"
  }
}
