/// A pair of numbers, one for rows and one for columns.
public struct Extent: Hashable, Sendable, BitwiseCopyable {
  public var h: Int
  public var w: Int
  public init(h: Int, w: Int) {
    self.h = h
    self.w = w
  }
  /// One number for both.
  public init(_ both: Int) { self.init(h: both, w: both) }
  public static let one = Extent(1)
  public static let zero = Extent(0)

  /// `3` for 3×3, `3x2` otherwise.
  var text: String { h == w ? "\(h)" : "\(h)x\(w)" }

  /// The window of a convolution or a pooling as `alexbench describe` shows it: size, and stride (s)
  /// and padding (p) unless they are the usual ones.
  static func windowText(_ kernel: Extent, stride: Extent, pad: Extent) -> String {
    "\(kernel.h)x\(kernel.w)" + (stride == .one ? "" : " s" + stride.text)
      + (pad == .zero ? "" : " p" + pad.text)
  }

  /// A window in the letters of `--problem`, from `r` on; what has its default value is left out.
  static func windowLetters(
    _ kernel: Extent, stride: Extent, pad: Extent, dilation: Extent = .one
  ) -> String {
    var words = ["r\(kernel.h)"]
    func add(_ row: String, _ column: String, _ extent: Extent, standard: Int) {
      if extent.h != standard || extent.w != standard { words.append("\(row)\(extent.h)") }
      if extent.w != extent.h { words.append("\(column)\(extent.w)") }
    }
    if kernel.w != kernel.h { words.append("s\(kernel.w)") }
    add("u", "v", stride, standard: 1)
    add("p", "q", pad, standard: 0)
    add("d", "e", dilation, standard: 1)
    return words.joined(separator: " ")
  }
}
