import Foundation

/// How often the class that an image shows is not among the likeliest.
package struct ErrorRates: Equatable, Sendable {
  package private(set) var imageCount = 0
  /// Images whose class is not the likeliest.
  package private(set) var wrongTop1 = 0
  /// Images whose class is not among the five likeliest.
  package private(set) var wrongTop5 = 0

  package init() {}

  /// Counts an image. Of equal scores the first class is the likelier one.
  package mutating func add(scores: some Collection<Float>, label: Int) {
    let scores = Array(scores)
    let own = scores[label]
    // A score that is no number is below none, so that it is never right.
    let better = scores.indices.filter { index in
      !(scores[index] < own) && (scores[index] != own || index < label) && index != label
    }.count
    imageCount += 1
    if better >= 1 || own.isNaN { wrongTop1 += 1 }
    if better >= 5 || own.isNaN { wrongTop5 += 1 }
  }

  package var top1Percent: Double { percent(wrongTop1) }
  package var top5Percent: Double { percent(wrongTop5) }

  private func percent(_ wrong: Int) -> Double {
    imageCount == 0 ? .nan : 100 * Double(wrong) / Double(imageCount)
  }

  /// For a line of progress.
  package var summary: String {
    "top-1 error \(text(top1Percent)), top-5 error \(text(top5Percent))"
  }

  /// The result, a line each.
  package var lines: [String] {
    [
      "images       \(imageCount)",
      "top-1 error  \(text(top1Percent))  (\(wrongTop1) of \(imageCount) wrong)",
      "top-5 error  \(text(top5Percent))  (\(wrongTop5) of \(imageCount) wrong)",
    ]
  }

  private func text(_ percent: Double) -> String { String(format: "%.2f %%", percent) }
}
