import CSupport

/// Sizes of this processor's caches, for blocking.
enum CacheSizes {
  /// Of one core; 1 MiB where the system does not tell.
  static let secondLevelByteCount = known(2) ?? 1 << 20
  /// The third level, which cores share; 8 MiB where the system does not tell.
  static let lastLevelByteCount = known(3) ?? 8 << 20

  private static func known(_ level: Int32) -> Int? {
    let count = Int(alex_cache_bytes(level))
    return count > 0 ? count : nil
  }
}
