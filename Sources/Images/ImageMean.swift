import Tensors

/// What is subtracted from images, in the order of the network's channels: blue, green, red.
package struct ImageMean: Equatable, Sendable {
  /// 1x1 for one value a channel; otherwise the size of the resized image or of a crop.
  package let height: Int
  package let width: Int
  package let channels: Int
  /// Channel by channel, as in files.
  let values: [Float]
  /// The file or the option, for errors.
  let name: String

  /// One value for each channel.
  package init(channels values: [Float], name: String) {
    (height, width, channels) = (1, 1, values.count)
    self.values = values
    self.name = name
  }

  /// An array from a file: C, C×H×W or 1×C×H×W; H×W for one channel.
  /// - Throws: ``ImageError/mean(what:reason:)``.
  package init(_ array: Tensor, name: String) throws(ImageError) {
    var axes = array.shape.dimensions
    if axes.count == 4, axes[0] == 1 { axes.removeFirst() }
    if axes.count == 2 { axes.insert(1, at: 0) }
    if axes.count == 1 { axes += [1, 1] }
    guard axes.count == 3, axes.allSatisfy({ $0 > 0 }) else {
      throw .mean(what: "'\(name)'", reason: "its shape \(array.shape) is not that of an image")
    }
    (channels, height, width) = (axes[0], axes[1], axes[2])
    values = array.values
    self.name = name
  }

  func value(channel: Int, row: Int, column: Int) -> Float {
    values[(channel * height + row) * width + column]
  }
}
