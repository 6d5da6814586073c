/// Softmax, then the mean of −log of what it gives to each label: Caffe `SoftmaxWithLoss`.
///
/// Bottoms: scores; labels, one for each place that the scores have besides their class axis, whole
/// numbers from 0. Tops: the loss, a scalar, not multiplied by ``lossWeight``; if there is a second
/// one, the softmax.
///
/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor, over the places whose label is not ignored.
/// A label that is no class makes the loss NaN (in Caffe it reads some other memory).
public struct SoftmaxWithLossSpec: Hashable, Sendable {
  /// Of the classes; a negative one counts from the end, in a ``Graph`` it has been counted from the
  /// front.
  public var axis: Int
  /// Places with this label count for nothing.
  public var ignoredLabel: Int?
  public var normalization: LossNormalization
  /// What the gradient starts with.
  public var lossWeight: Float

  public init(
    axis: Int = 1, ignoredLabel: Int? = nil, normalization: LossNormalization = .valid,
    lossWeight: Float = 1
  ) {
    self.axis = axis
    self.ignoredLabel = ignoredLabel
    self.normalization = normalization
    self.lossWeight = lossWeight
  }
}

/// What a sum over labels is divided by; at least 1: Caffe `LossParameter.NormalizationMode`.
public enum LossNormalization: String, Sendable, CaseIterable {
  /// All labels.
  case full
  /// The labels that are not ignored.
  case valid
  /// What lies before the class axis: images.
  case batchSize = "batch_size"
  case none

  /// The divisor of a sum.
  /// - Parameters:
  ///   - images: places before the class axis.
  ///   - labels: of all images.
  ///   - validLabels: those that are not ignored.
  public func divisor(images: Int, labels: Int, validLabels: Int) -> Int {
    let divisor =
      switch self {
      case .full: labels
      case .valid: validLabels
      case .batchSize: images
      case .none: 1
      }
    return max(divisor, 1)
  }
}

/// Σ (a − b)² ∕ (2 N) over all elements of two blobs, N being the images: Caffe `EuclideanLoss`.
///
/// The top is a scalar, not multiplied by ``lossWeight``.
public struct EuclideanLossSpec: Hashable, Sendable {
  /// What the gradient starts with.
  public var lossWeight: Float
  public init(lossWeight: Float = 1) { self.lossWeight = lossWeight }
}

/// The share of labels that are among the `topK` largest scores: Caffe `Accuracy`.
///
/// Bottoms: scores and labels, as for ``SoftmaxWithLossSpec``. Tops: the share, a scalar; if there
/// is a second one, the share of each class, 0 for a class without labels.
///
/// A label counts if fewer than `topK` other classes score as high as it or higher. A label that is
/// no class makes the share NaN.
public struct AccuracySpec: Hashable, Sendable {
  public var topK: Int
  /// Of the classes; a negative one counts from the end, in a ``Graph`` it has been counted from the
  /// front.
  public var axis: Int
  /// Places with this label count for nothing.
  public var ignoredLabel: Int?

  public init(topK: Int = 1, axis: Int = 1, ignoredLabel: Int? = nil) {
    self.topK = topK
    self.axis = axis
    self.ignoredLabel = ignoredLabel
  }
}
