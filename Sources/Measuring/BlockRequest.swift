/// What a host is asked to time at once.
public struct BlockRequest: Codable, Hashable, Sendable {
  /// Calls in the block, at least 1.
  public var iterations: Int
  /// Untimed calls come first.
  public var isPrimed: Bool

  public init(iterations: Int, isPrimed: Bool) {
    self.iterations = iterations
    self.isPrimed = isPrimed
  }
}
