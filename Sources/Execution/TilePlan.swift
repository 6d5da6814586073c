import Tensors

/// Which tile each layer of one compilation gets where a backend has several, and what it measured
/// to choose.
///
/// A tile is the text of the `tile` column without the filter: `4` for F(4×4, r×r), or `direct`. For a
/// backend that puts nets together from several it is a ``PlannedChoice``.
public final class TilePlan {
  /// One tile that was tried.
  public struct Candidate: Codable, Hashable, Sendable {
    public var layer: String
    public var tile: String
    /// Fastest call.
    public var nanoseconds: Int
    public var isChosen: Bool

    public init(layer: String, tile: String, nanoseconds: Int, isChosen: Bool) {
      self.layer = layer
      self.tile = tile
      self.nanoseconds = nanoseconds
      self.isChosen = isChosen
    }
  }

  /// By layer: fixed by the user, read from a plan, or chosen by now.
  public private(set) var tiles: [String: String]
  /// For every layer that ``tiles`` does not name; nil to choose.
  public let everywhere: String?
  /// What was measured here.
  public private(set) var candidates: [Candidate] = []
  /// What has to pass through the caches to empty them, in bytes.
  public let cacheByteCount: Int
  private var ballast: AlignedBuffer?

  public init(tiles: [String: String] = [:], everywhere: String? = nil, cacheByteCount: Int) {
    self.tiles = tiles
    self.everywhere = everywhere
    self.cacheByteCount = cacheByteCount
  }

  /// Memory to read to empty the caches; the same for all layers, since making it takes longer than
  /// many a trial.
  public var evictionMemory: AlignedBuffer {
    let memory = ballast ?? AlignedBuffer(count: cacheByteCount / MemoryLayout<Float>.stride)
    ballast = memory
    return memory
  }

  /// Gives memory back once everything is chosen.
  public func finish() { ballast = nil }

  /// The tile that a layer has to take; nil when it is to be chosen.
  public func tile(of layer: String) -> String? { tiles[layer] ?? everywhere }

  /// Keeps what was measured for one layer, and the fastest as its tile.
  public func choose(_ times: [(tile: String, nanoseconds: Int)], for layer: String) -> String {
    guard let best = times.min(by: { $0.nanoseconds < $1.nanoseconds }) else {
      preconditionFailure("no tile was tried for \(layer)")
    }
    tiles[layer] = best.tile
    candidates += times.map {
      Candidate(
        layer: layer, tile: $0.tile, nanoseconds: $0.nanoseconds, isChosen: $0.tile == best.tile)
    }
    return best.tile
  }
}
