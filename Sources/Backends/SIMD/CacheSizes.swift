import CSupport

/// Sizes of this processor's caches, for blocking.
enum CacheSizes {
  /// Of one core; 1 MiB where the system does not tell.
  static let secondLevelByteCount: Int = {
    let known = Int(alex_cache_bytes(2))
    return known > 0 ? known : 1 << 20
  }()
}
