import ArgumentParser
import CaffeModel
import Images
import Measuring
import Tensors

/// How images become what a network reads.
struct ImageArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to subtract: 104,117,123 (blue, green, red), an .npy file or a .binaryproto.",
      discussion: """
        A mean of the resized image's size is subtracted before the crop, as in training; one of the \
        input's size, from each crop; one value per channel, everywhere.
        """, valueName: "mean"))
  var mean: String?

  @Option(
    help: ArgumentHelp(
      "Side in pixels of the resized image, from which crops are cut.",
      discussion: """
        The default is 256 for inputs of 129 to 256 pixels, otherwise the input's size. Images are \
        resized by bilinear interpolation, without keeping their aspect ratio.
        """, valueName: "pixels"), transform: CountRange.pixels.parse)
  var resize: Int?

  @Option(help: "Factor, applied after the mean is subtracted. (default: 1)")
  var scale: Float?

  @Flag(help: "Average over ten crops: corners and centre, and their mirror images.")
  var oversample = false

  /// Whether any of them was given.
  var isGiven: Bool { mean != nil || resize != nil || scale != nil || oversample }

  /// - Parameter shape: of the network's input.
  func transform(for shape: Shape) throws -> ImageTransform {
    if let scale, !scale.isFinite {
      throw MeasuringError.usage("--scale \(scale) is not a finite number")
    }
    return try ImageTransform(
      input: shape, resize: resize, mean: mean.map { try meanValues($0, channelCount: shape.c) },
      scale: scale ?? 1, oversamples: oversample)
  }

  private func meanValues(_ text: String, channelCount: Int) throws -> ImageMean {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = words.compactMap { Float($0) }.filter(\.isFinite)
    if numbers.count == words.count {
      guard numbers.count == channelCount || numbers.count == 1 else {
        throw MeasuringError.usage(
          "--mean \(text) has \(numbers.count) numbers; the network's input has \(channelCount) "
            + "channels")
      }
      let channels =
        numbers.count == 1 ? Array(repeating: numbers[0], count: channelCount) : numbers
      return ImageMean(channels: channels, name: text)
    }
    let isArray = text.lowercased().hasSuffix(".npy")
    return try ImageMean(isArray ? NPYFile.read(text) : CaffeMean.read(text), name: text)
  }
}

/// Reads an image. Complaints of the decoding library go to standard error.
func readImage(_ path: String) throws -> RGBImage {
  let image = try ImageFile.read(path)
  if let note = image.note {
    printError("alexbench: '\(oneLine(path))' was decoded in spite of this: \(oneLine(note))")
  }
  return image
}
