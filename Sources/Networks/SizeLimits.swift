import Tensors

/// Sizes that no machine holds, found before anything multiplies them.
package struct SizeLimits {
  /// Values of one blob, as in Caffe (blob.cpp, Reshape).
  private static let blobLimit = Int(Int32.max)
  /// Values of all blobs and weights together: 1 TB.
  private static let totalLimit = 1 << 38
  /// Multiply-adds of the whole net: days of work.
  private static let workLimit = 1 << 55

  private var total = 0
  private var work = 0

  package init() {}

  /// Whether a blob can have these extents.
  package static func isPossible(_ axes: [Int]) -> Bool {
    !axes.isEmpty && axes.count <= 32 && axes.allSatisfy { $0 >= 1 } && count(axes) != nil
  }

  /// The product, or nil when a blob cannot have that many values.
  private static func count(_ axes: [Int]) -> Int? {
    var count = 1
    for extent in axes {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= blobLimit else { return nil }
      count = product
    }
    return count
  }

  /// Notes a blob.
  /// - Returns: what is wrong with it, if anything.
  package mutating func exceeds(byBlob shape: Shape) -> String? {
    guard let count = Self.count(shape.dimensions) else {
      return "its blob of shape \(shape) has more than \(Self.blobLimit) values"
    }
    return exceeds(byValues: count)
  }

  private mutating func exceeds(byValues count: Int) -> String? {
    total += count
    guard total <= Self.totalLimit else {
      return "with it the net needs more than \(Self.totalLimit >> 28) GB"
    }
    return nil
  }

  /// Notes the weights and the work of a layer whose blobs are possible.
  package mutating func exceeds(
    bySpec spec: LayerSpec, bottoms: [Shape], tops: [Shape]
  ) -> String? {
    guard let input = bottoms.first, let output = tops.first else { return nil }
    let perOutput: [Int]
    var outputs: Int?
    switch spec {
    case .convolution(let spec):
      perOutput = [input.c / spec.groups, spec.kernel.h, spec.kernel.w]
      outputs = spec.outputs
    case .innerProduct(let spec):
      perOutput = Array(input.dimensions[(input.canonicalAxis(spec.axis) ?? 0)...])
      outputs = spec.outputs
    case .pooling(let spec):
      perOutput = spec.isGlobal ? [input.h, input.w] : [spec.kernel.h, spec.kernel.w]
    case .lrn(let spec):
      perOutput = spec.region == .acrossChannels ? [spec.size] : [spec.size, spec.size]
    default: perOutput = [1]
    }
    if let outputs {
      guard let weights = Self.count([outputs] + perOutput) else {
        return "its weights have more than \(Self.blobLimit) values"
      }
      if let reason = exceeds(byValues: weights) { return reason }
    }
    guard let each = Self.count(perOutput) else {
      return "its window has more than \(Self.blobLimit) values"
    }
    let (product, overflow) = output.count.multipliedReportingOverflow(by: each)
    work = overflow ? Int.max : work.addingReportingOverflow(product).partialValue
    guard !overflow, work >= 0, work <= Self.workLimit else {
      return "with it the net needs more than 2^55 multiply-adds"
    }
    return nil
  }
}
