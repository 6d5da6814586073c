import Tensors

/// From an image to what a network reads: resizing, crops, order of channels, mean, scale.
///
/// As Caffe's Python classifier does it, but for means of the size of the resized image, which are
/// subtracted before the crop, as Caffe's own data layers do it while a network is trained.
/// - Source: Caffe, python/caffe/classifier.py, python/caffe/io.py, src/caffe/data_transformer.cpp.
package struct ImageTransform: Sendable {
  /// Crops of an image with `oversamples`.
  package static let oversampleCount = 10

  /// Pixels along both sides of the image out of which crops are cut; nil for those of the input.
  package let resize: (height: Int, width: Int)
  /// The network's input.
  package let crop: (height: Int, width: Int)
  package let channels: Int
  package let mean: ImageMean?
  /// Multiplies what is left after the mean.
  package let scale: Float
  /// Four corners and the centre, and their mirror images, instead of the centre alone.
  package let oversamples: Bool

  /// - Parameters:
  ///   - input: shape of the network's input, N×C×H×W.
  ///   - resize: pixels along both sides; nil for ``standardSize(for:)``.
  /// - Throws: an input that is none of images, a size below the input's, a mean of another shape.
  package init(
    input: Shape, resize: Int? = nil, mean: ImageMean? = nil, scale: Float = 1,
    oversamples: Bool = false
  ) throws(ImageError) {
    guard input.rank == 4, input.c == 3 || input.c == 1 else {
      throw .network(
        reason: "its input has shape \(input), not Nx3xHxW (colour) or Nx1xHxW (grey)")
    }
    crop = (input.h, input.w)
    channels = input.c
    self.resize =
      resize.map { ($0, $0) } ?? (Self.standardSize(for: input.h), Self.standardSize(for: input.w))
    guard self.resize.height >= input.h, self.resize.width >= input.w else {
      throw .network(
        reason: "its crops of \(input.h)x\(input.w) cannot be cut out of images of "
          + "\(self.resize.height)x\(self.resize.width); give a larger --resize")
    }
    self.mean = mean
    self.scale = scale
    self.oversamples = oversamples
    try checkMean()
  }

  /// 256 for the inputs that are cut out of as much by custom (224 and 227); otherwise the input's
  /// own size.
  package static func standardSize(for extent: Int) -> Int {
    (129...256).contains(extent) ? 256 : extent
  }

  private func checkMean() throws(ImageError) {
    guard let mean else { return }
    guard mean.channels == channels else {
      throw .mean(
        what: mean.name,
        reason: "it has \(mean.channels) channels, the network's input \(channels)")
    }
    let size = (mean.height, mean.width)
    guard size == (1, 1) || size == (resize.height, resize.width) || size == crop else {
      throw .mean(
        what: mean.name,
        reason: "it is \(mean.height)x\(mean.width); images are resized to "
          + "\(resize.height)x\(resize.width), crops are \(crop.height)x\(crop.width)")
    }
  }

  /// Images of the network's input that an image becomes.
  package var cropCount: Int { oversamples ? Self.oversampleCount : 1 }

  /// Floats that ``write(_:to:)`` writes.
  package var floatCount: Int { cropCount * channels * crop.height * crop.width }

  /// The crops of some images, one after another: the network's input.
  package func tensor(of images: [RGBImage]) -> Tensor {
    let tensor = Tensor(
      Shape(n: images.count * cropCount, c: channels, h: crop.height, w: crop.width))
    for (index, image) in images.enumerated() {
      write(image, to: tensor.pointer + index * floatCount)
    }
    return tensor
  }

  /// Writes the crops of an image, row-major, channels in the order blue, green, red.
  package func write(_ image: RGBImage, to destination: UnsafeMutablePointer<Float>) {
    let source = FloatImage(image, channels: channels)
      .resized(width: resize.width, height: resize.height)
    var next = destination
    for isMirrored in oversamples ? [false, true] : [false] {
      for origin in origins {
        write(source, from: origin, isMirrored: isMirrored, to: next)
        next += channels * crop.height * crop.width
      }
    }
  }

  /// Upper left pixels of the crops, in the reference example's order.
  var origins: [(row: Int, column: Int)] {
    let (down, right) = (resize.height - crop.height, resize.width - crop.width)
    let centre = (down / 2, right / 2)
    return oversamples ? [(0, 0), (0, right), (down, 0), (down, right), centre] : [centre]
  }

  private func write(
    _ source: FloatImage, from origin: (row: Int, column: Int), isMirrored: Bool,
    to destination: UnsafeMutablePointer<Float>
  ) {
    let meanIsOfCrop = mean.map { ($0.height, $0.width) == crop } ?? false
    let meanIsOfAll = mean.map { ($0.height, $0.width) == resize } ?? false
    var index = 0
    for channel in 0..<channels {
      // RGB becomes BGR.
      let sample = channels - 1 - channel
      for y in 0..<crop.height {
        for x in 0..<crop.width {
          let row = origin.row + y
          let column = origin.column + (isMirrored ? crop.width - 1 - x : x)
          var value = source.values[(row * source.width + column) * channels + sample]
          if let mean {
            // A mean of both sizes is that of the whole image.
            if meanIsOfAll {
              value -= mean.value(channel: channel, row: row, column: column)
            } else if meanIsOfCrop {
              value -= mean.value(channel: channel, row: y, column: x)
            } else {
              value -= mean.value(channel: channel, row: 0, column: 0)
            }
          }
          destination[index] = value * scale
          index += 1
        }
      }
    }
  }
}
