/// An image of real samples while it is prepared.
package struct FloatImage: Equatable, Sendable {
  package private(set) var width: Int
  package private(set) var height: Int
  /// Interleaved.
  package private(set) var channels: Int
  /// Rows from the top; from 0 to 255.
  package private(set) var values: [Float]

  package init(width: Int, height: Int, channels: Int, values: [Float]) {
    precondition(values.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.values = values
  }

  /// In colour, or in grey.
  /// - Source: of the weights, scikit-image, `rgb2gray`, through which the reference example loads
  ///   images for networks of one channel.
  package init(_ image: RGBImage, channels: Int) {
    precondition(channels == 3 || channels == 1)
    let samples = image.samples
    let values =
      channels == 3
      ? samples.map(Float.init)
      : (0..<image.width * image.height).map { pixel in
        let (red, green, blue) = (
          Double(samples[3 * pixel]), Double(samples[3 * pixel + 1]), Double(samples[3 * pixel + 2])
        )
        return Float(0.2125 * red + 0.7154 * green + 0.0721 * blue)
      }
    self.init(width: image.width, height: image.height, channels: channels, values: values)
  }

  /// Of another size, the aspect not kept.
  ///
  /// Each new pixel is interpolated between the four around its centre; nothing is averaged when the
  /// image becomes smaller. Beyond the border, where an enlarged image looks, all is as dark as its
  /// darkest sample.
  /// - Source: Caffe, python/caffe/io.py, `resize_image`, over scikit-image, `transform.resize` of
  ///   order 1 without anti-aliasing, mode `constant`.
  package func resized(width newWidth: Int, height newHeight: Int) -> FloatImage {
    if newWidth == width && newHeight == height { return self }
    let outside = Double(values.min() ?? 0)
    let columns = Self.taps(from: width, to: newWidth)
    let rows = Self.taps(from: height, to: newHeight)
    var result: [Float] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    values.withUnsafeBufferPointer { values in
      func sample(_ row: Int, _ column: Int, _ channel: Int) -> Double {
        guard row >= 0, row < height, column >= 0, column < width else { return outside }
        return Double(values[(row * width + column) * channels + channel])
      }
      for row in rows {
        for column in columns {
          for channel in 0..<channels {
            let (r, c) = (row.first, column.first)
            let top =
              (1 - column.share) * sample(r, c, channel)
              + column.share * sample(r, c + 1, channel)
            let bottom =
              (1 - column.share) * sample(r + 1, c, channel)
              + column.share * sample(r + 1, c + 1, channel)
            result.append(Float((1 - row.share) * top + row.share * bottom))
          }
        }
      }
    }
    return FloatImage(width: newWidth, height: newHeight, channels: channels, values: result)
  }

  /// For each new pixel along an axis the old one before its centre, and the share of the next one.
  private static func taps(from old: Int, to new: Int) -> [(first: Int, share: Double)] {
    let scale = Double(old) / Double(new)
    return (0..<new).map { index in
      // The centre of pixel 0 is at 0.5.
      let centre = scale * (Double(index) + 0.5) - 0.5
      let first = centre.rounded(.down)
      return (Int(first), centre - first)
    }
  }
}
