import Tensors

/// Sizes that no machine holds, found before anything multiplies them.
package struct SizeLimits {
  /// Values of one blob in Caffe (blob.cpp, Reshape).
  private static let caffeLimit = Int(Int32.max)

  /// Of a description: blobs as in Caffe, 1 TB altogether, days of work.
  package static let description = SizeLimits(blob: caffeLimit, total: 1 << 38, work: 1 << 55)
  /// Of any graph: what sums and products of sizes can hold. Whoever allocates checks the memory of the
  /// machine.
  package static let graph = SizeLimits(blob: 1 << 46, total: 1 << 48, work: 1 << 58)

  /// Values of one blob.
  private let blobLimit: Int
  /// Values of all blobs and weights together.
  private let totalLimit: Int
  /// Multiply-adds of the whole net.
  private let workLimit: Int

  private var total = 0
  private var work = 0

  private init(blob: Int, total: Int, work: Int) {
    (blobLimit, totalLimit, workLimit) = (blob, total, work)
  }

  /// Whether a blob can have these extents.
  package static func isPossible(_ axes: [Int]) -> Bool {
    !axes.isEmpty && axes.count <= 32 && axes.allSatisfy { $0 >= 1 }
      && count(axes, limit: caffeLimit) != nil
  }

  /// The product, or nil when a blob cannot have that many values.
  private static func count(_ axes: [Int], limit: Int) -> Int? {
    var count = 1
    for extent in axes {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= limit else { return nil }
      count = product
    }
    return count
  }

  /// Notes a blob.
  /// - Returns: what is wrong with it, if anything.
  package mutating func exceeds(byBlob shape: Shape) -> String? {
    guard let count = Self.count(shape.dimensions, limit: blobLimit) else {
      return "its blob of shape \(shape) has more than \(blobLimit) values"
    }
    return exceeds(byValues: count)
  }

  private mutating func exceeds(byValues count: Int) -> String? {
    total += count
    guard total <= totalLimit else {
      return "with it the net needs more than \(totalLimit >> 28) GB"
    }
    return nil
  }

  /// Notes the weights and the work of a layer whose blobs are possible.
  package mutating func exceeds(
    bySpec spec: LayerSpec, bottoms: [Shape], tops: [Shape]
  ) -> String? {
    guard let input = bottoms.first, let output = tops.first else { return nil }
    let perOutput = spec.definition.window(on: input)
    if let outputs = spec.definition.weightedOutputs {
      guard let weights = Self.count([outputs] + perOutput, limit: blobLimit) else {
        return "its weights have more than \(blobLimit) values"
      }
      if let reason = exceeds(byValues: weights) { return reason }
    }
    guard let each = Self.count(perOutput, limit: blobLimit) else {
      return "its window has more than \(blobLimit) values"
    }
    let (product, overflow) = output.count.multipliedReportingOverflow(by: each)
    work = overflow ? Int.max : work.addingReportingOverflow(product).partialValue
    guard !overflow, work >= 0, work <= workLimit else {
      return "with it the net needs more than 2^\(workLimit.trailingZeroBitCount) multiply-adds"
    }
    return nil
  }
}
