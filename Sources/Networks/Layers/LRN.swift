import Tensors

/// Local response normalisation: Caffe `LRN`.
///
/// out = in · (k + (α ∕ n) · Σ in²)^−β over `size` neighbouring channels, or over a
/// `size`×`size` window of the same channel, where n counts the whole window, padding included.
/// Within a channel k is 1, whatever the spec says, as in Caffe (`lrn_layer.cpp`, `set_shift(1)`).
public struct LRNSpec: Hashable, Sendable {
  public enum Region: String, Sendable {
    case acrossChannels = "across_channels"
    case withinChannel = "within_channel"
  }
  /// Window length; odd.
  public var size: Int
  public var alpha: Float
  public var beta: Float
  public var k: Float
  public var region: Region

  public init(
    size: Int = 5, alpha: Float = 1, beta: Float = 0.75, k: Float = 1,
    region: Region = .acrossChannels
  ) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.k = k
    self.region = region
  }
}

extension LRNSpec: LayerDefinition {
  static var kind: LayerKind { .lrn }
  var gradientReads: GradientReads? { .bottoms }

  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    guard bottoms[0].rank == 4 else { throw ShapeRefusal("LRN needs N,C,H,W, not \(bottoms[0])") }
    guard size >= 1, size % 2 == 1 else {
      throw ShapeRefusal("LRN needs an odd window, not \(size)")
    }
    return [bottoms[0]]
  }

  func window(on input: Shape) -> [Int] { region == .acrossChannels ? [size] : [size, size] }
  /// Square and add for each neighbour, then scale, power and product.
  func flops(bottoms: [Shape], tops: [Shape]) -> Int {
    tops[0].count * (2 * window(on: bottoms[0]).reduce(1, *) + 3)
  }

  func problem(on input: Shape) -> String {
    "\(region.rawValue) size\(size) alpha\(alpha) beta\(beta) k\(k)"
  }
  var kernelText: String { region == .acrossChannels ? "\(size) channels" : "\(size)x\(size)" }
  var parameters: [String: LayerParameter] {
    [
      "size": .integer(size), "alpha": .real(alpha), "beta": .real(beta), "k": .real(k),
      "region": .text(region.rawValue),
    ]
  }
}
