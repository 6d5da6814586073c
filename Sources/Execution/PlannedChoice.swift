/// Which backend computes a layer in a net of several, as plans and `--tile` write it: `simd`, or with
/// a tile of that backend `winograd:4`, `onednn:jit:avx512_core@nChw16c`.
public struct PlannedChoice: Hashable, Sendable, CustomStringConvertible {
  public var backend: String
  /// As the backend's own `tile` column has it; empty where the layer has none.
  public var tile: String

  public init(backend: String, tile: String = "") {
    self.backend = backend
    self.tile = tile
  }

  /// - Parameter text: up to the first colon the backend, behind it the tile.
  public init(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(backend: String(parts[0]), tile: parts.count > 1 ? String(parts[1]) : "")
  }

  /// The backend that all choices name; nil where they name several, or there are none.
  public static func onlyBackend(in tiles: [String: String]) -> String? {
    let names = Set(tiles.values.map { PlannedChoice($0).backend })
    return names.count == 1 ? names.first : nil
  }

  public var description: String { tile.isEmpty ? backend : "\(backend):\(tile)" }
}
