import Tensors

/// What is wrong with an image or with a file about images, one sentence each.
package enum ImageError: Error, Equatable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  /// Not an image that can be decoded.
  case corrupt(path: String, reason: String)
  /// More pixels than are decoded; found before memory is taken for them.
  case tooLarge(path: String, width: Int, height: Int)
  /// The library that decodes it is not there; with the package to install.
  case library(path: String, reason: String)
  /// A list or a file of labels that cannot be used.
  case list(path: String, reason: String)
  /// A mean that does not fit the network; `what` is the file or the option.
  case mean(what: String, reason: String)
  /// A network that does not read images.
  case network(reason: String)

  package var description: String { oneLine(sentence) }

  private var sentence: String {
    switch self {
    case .missing(let path): "there is no file '\(path)'"
    case .unreadable(let path, let reason): "cannot read '\(path)': \(reason)"
    case .corrupt(let path, let reason):
      "'\(path)' is not an image that can be used: \(reason)"
    case .tooLarge(let path, let width, let height):
      "'\(path)' has \(width)x\(height) pixels, more than the "
        + "\(RGBImage.pixelLimit / 1_000_000) million that are decoded; make it smaller first"
    case .library(let path, let reason): "cannot decode '\(path)': \(reason)"
    case .list(let path, let reason): "'\(path)' \(reason)"
    case .mean(let what, let reason): "the mean \(what) does not fit: \(reason)"
    case .network(let reason): "the network does not take images: \(reason)"
    }
  }
}
