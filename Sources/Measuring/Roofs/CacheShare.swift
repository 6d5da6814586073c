import Results

/// What the threads of a pool have of one level of cache.
package struct CacheShare: Hashable, Sendable {
  package var level: RoofLevel
  /// What the caches that the threads reach hold together.
  package var capacityBytes: Int
  /// What the worst placed thread has for itself, caches divided among the threads that share them.
  package var threadBytes: Int

  package init(level: RoofLevel, capacityBytes: Int, threadBytes: Int) {
    self.level = level
    self.capacityBytes = capacityBytes
    self.threadBytes = threadBytes
  }

  /// The levels from L1 on that the system describes for all CPUs in use; none after a gap, since
  /// a working set for a level must exceed the one before.
  /// - Parameters:
  ///   - cpus: in order of preference; threads beyond them start over.
  package static func list(threads: Int, cpus: [Int], files: SystemFiles) -> [CacheShare] {
    let caches = (0..<threads).map { Topology.caches(ofCPU: cpus[$0 % cpus.count], files) }
    var shares: [CacheShare] = []
    for (number, level) in [(1, RoofLevel.level1), (2, .level2), (3, .level3)] {
      let own = caches.compactMap { caches in
        caches.first { $0.level == number && $0.type != "instruction" }
      }
      guard own.count == threads else { break }
      let users = Dictionary(grouping: own, by: \.sharers)
      shares.append(
        CacheShare(
          level: level, capacityBytes: users.values.reduce(0) { $0 + $1[0].byteCount },
          threadBytes: users.values.map { $0[0].byteCount / $0.count }.min() ?? 0))
    }
    return shares
  }
}

/// What one probe of a level of cache reads.
package struct CacheProbe: Hashable, Sendable {
  package var share: CacheShare
  /// A multiple of what every reading loop takes at once.
  package var floatsPerThread: Int

  /// The levels that can be told from the one before: a thread reads at most half of its share, so
  /// that the set stays in, and four times the share before it where that fits, but at least twice,
  /// so that the set does not stay there.
  /// - Parameter step: floats that any reading loop takes at once.
  package static func list(_ shares: [CacheShare], step: Int) -> [CacheProbe] {
    var probes: [CacheProbe] = []
    var inner = 0
    for share in shares {
      let wanted = inner == 0 ? share.threadBytes / 2 : min(share.threadBytes / 2, 4 * inner)
      let floats = wanted / MemoryLayout<Float>.stride / step * step
      if floats > 0, floats * MemoryLayout<Float>.stride >= 2 * inner {
        probes.append(CacheProbe(share: share, floatsPerThread: floats))
      }
      inner = share.threadBytes
    }
    return probes
  }
}
