import Networks

/// Refuses what would make the machine swap, or the system end the program: times of a swapping
/// machine mean nothing.
package enum MemoryGuard {
  /// Largest share of the memory that may still be had.
  static let limitPercent = 70

  /// Why a network is not run once with all its blobs kept, or nil.
  package static func refusal(forwardOf graph: Graph) -> String? {
    let blobs = graph.values.reduce(0) { $0 + $1.shape.byteCount }
    return refusal(
      "the network needs", 2 * graph.totalCost.weightBytes + 2 * blobs,
      "give inputs of fewer images", SystemFiles())
  }

  /// Why the group is not measured, or nil.
  static func refusal(
    _ estimate: MemoryEstimate, of contenders: [Contender], files: SystemFiles = SystemFiles()
  ) -> String? {
    refusal(
      contenders.count == 1
        ? "\(contenders[0].backend.name) needs" : "\(contenders.count) backends at once need",
      estimate.byteCount(of: contenders),
      "name fewer with --backend or take a smaller --batch", files)
  }

  /// What may be held at a time; nil where it is not known.
  static func allowedByteCount(files: SystemFiles = SystemFiles()) -> Int? {
    ResourceLimits(files: files).memory.map { $0.byteCount / 100 * limitPercent }
  }

  private static func refusal(
    _ what: String, _ needed: Int, _ advice: String, _ files: SystemFiles
  ) -> String? {
    guard let memory = ResourceLimits(files: files).memory,
      needed > memory.byteCount / 100 * limitPercent
    else { return nil }
    return "\(what) about \(needed >> 20) MiB, more than \(limitPercent) % of the "
      + "\(memory.byteCount >> 20) \(memory.reason); \(advice)"
  }
}
