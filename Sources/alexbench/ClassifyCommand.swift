import ArgumentParser
import CSupport
import Execution
import Foundation
import Images
import Measuring
import Tensors

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Say what images show: the five likeliest classes.",
    discussion: """
      Reads JPEG, PNG and PPM. As in Caffe's Python classifier, an image is resized to 256x256, its \
      centre is cut out, red and blue are exchanged, and the mean is subtracted; --oversample averages \
      over ten crops. The output has probability, index and label of each class, then labels and \
      indices in the format of Caffe's example.

      With --backend all every float32 backend classifies. A table shows how far the probabilities of each \
      are from those of the first, and the time of one warm forward pass. Exit code 3 if they differ \
      by more than 1e-5.

      EXAMPLES
        alexbench classify cat.jpg --model deploy.prototxt --weights net.caffemodel \\
          --labels synset_words.txt --mean 104,117,123
        alexbench classify *.jpg --model deploy.prototxt --weights net.caffemodel \\
          --mean mean.binaryproto --oversample --backend all
      """)

  /// Largest difference of probabilities of backends that agree; relative to the largest score
  /// where there are no probabilities.
  private static let tolerance: Float = 1e-5

  @Argument(help: ArgumentHelp("Images.", valueName: "image"))
  var paths: [String]

  @OptionGroup var classifier: ClassifierArguments

  @Option(
    help: "Images per forward, in place of the first axis of the input. (default: 1)",
    transform: CountRange.decodedImages.parse)
  var batch = 1

  @Option(help: "Names of the classes, one per line, for example ILSVRC's synset_words.txt.")
  var labels: String?

  @Option(help: "Backends, see 'alexbench list backends'; or all.")
  var backend = [CommaList(["simd"])]

  func run() throws {
    try AlexExit.reporting {
      let named = backend.elements()
      let names = named.contains("all") ? nil : named
      let (backends, refused) = try ImageClassifier.backends(names)
      let classifier = try ImageClassifier(self.classifier, batch: batch)
      let labels = try self.labels.map { path in
        let file = try LabelFile(contentsOf: path)
        try file.check(classCount: classifier.classCount)
        return file.names
      }
      let inputs = try stride(from: 0, to: paths.count, by: batch).map { first in
        let images = try paths[first..<min(first + batch, paths.count)].map(readImage)
        // A last pass that is not full repeats an image, whose scores are ignored.
        let rest = Array(repeating: images[images.count - 1], count: batch - images.count)
        return (classifier.transform.tensor(of: images + rest), images.count)
      }
      // One backend after another: the weights of all at once may not fit.
      let results = try backends.map { try Self.classify(inputs, with: $0, classifier) }

      var disagreement: String?
      for (image, path) in paths.enumerated() {
        if paths.count > 1 { print(oneLine(path)) }
        let first = results[0].scores[image]
        for line in ClassificationText.lines(largest(5, of: first[...]), labels: labels) {
          print(line)
        }
        guard names == nil || backends.count > 1 else { continue }
        let differing = Self.compare(results, image: image)
        if !differing.isEmpty {
          disagreement =
            "'\(path)': \(differing.joined(separator: ", ")) and \(backends[0].name) differ by more "
            + "than \(Self.tolerance)"
        }
      }
      for (name, reason) in refused { print("unavailable: \(name): \(reason)") }
      if let disagreement { throw MeasuringError.unavailable(disagreement) }
    }
  }

  /// What a backend made of each image.
  private struct Result {
    var backend: String
    var scores: [[Float]] = []
    var nanoseconds: [Int64] = []
  }

  private static func classify(
    _ inputs: [(images: Tensor, count: Int)], with backend: any Backend,
    _ classifier: ImageClassifier
  ) throws -> Result {
    let forward = try classifier.compile(for: backend)
    var result = Result(backend: backend.name)
    for (index, input) in inputs.enumerated() {
      forward.setInputs([input.images])
      // Pages and caches are warm then; the second time is the one that is told.
      if index == 0 { forward.run() }
      let start = alex_monotonic_ns()
      forward.run()
      let nanoseconds = alex_monotonic_ns() - start
      result.nanoseconds += Array(repeating: nanoseconds, count: input.count)
      result.scores += try classifier.scores(
        forward.values, imageCount: input.count, backend: backend)
    }
    return result
  }

  /// Prints a table of all backends.
  /// - Returns: those that do not agree with the first.
  private static func compare(_ results: [Result], image: Int) -> [String] {
    let want = results[0].scores[image]
    let limit = tolerance * max(1, want.map(abs).max() ?? 1)
    var rows = [["backend", "best five", "differs by", "ms"]]
    var differing: [String] = []
    for result in results {
      let scores = result.scores[image]
      let difference = zip(scores, want).map { abs($0 - $1) }.max() ?? 0
      if difference > limit { differing.append(result.backend) }
      rows.append([
        result.backend, largest(5, of: scores[...]).map { "\($0.index)" }.joined(separator: " "),
        String(format: "%.1e", difference),
        String(format: "%.2f", Double(result.nanoseconds[image]) / 1e6),
      ])
    }
    printColumns(rows, rightAligned: [2, 3])
    if differing.isEmpty {
      print("all \(results.count) agree: no probability differs by more than \(tolerance)")
    }
    return differing
  }
}
