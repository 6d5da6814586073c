import ArgumentParser
import CSupport
import Execution
import Foundation
import Images
import Measuring
import Tensors

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Top-1 and top-5 error of a network over a list of images.",
    discussion: """
      Each line of LIST is 'path label', as in Caffe's lists: a path relative to the list's folder (or to \
      --root), and the class that the image shows, counted from 0. Images are prepared as by classify.

      Images that cannot be decoded are named on standard error and not counted; the exit code is \
      then 65. If a file is missing, nothing is evaluated.

      EXAMPLES
        alexbench evaluate val.txt --root ILSVRC2012_val --model deploy.prototxt \\
          --weights net.caffemodel --mean 104,117,123 --batch 10 --threads 2
      """)

  @Argument(help: "File with lines of 'path label'.")
  var list: String

  @OptionGroup var classifier: ClassifierArguments

  @Option(help: "Folder that the paths are relative to. (default: the list's folder)")
  var root: String?

  @Option(
    help: "Images per forward, in place of the first axis of the input. (default: 1)",
    transform: CountRange.decodedImages.parse)
  var batch = 1

  @Option(help: "The backend, see 'alexbench list backends'.")
  var backend = "simd"

  func run() throws {
    try AlexExit.reporting {
      let backend = try ImageClassifier.backends([backend]).usable[0]
      let file = try ImageList(contentsOf: list)
      let folder = root ?? URL(fileURLWithPath: list).deletingLastPathComponent().path
      let entries = file.entries.map { entry in
        (path: entry.path.hasPrefix("/") ? entry.path : "\(folder)/\(entry.path)", entry.label)
      }
      for entry in entries where !FileManager.default.fileExists(atPath: entry.path) {
        throw ImageError.missing(path: entry.path)
      }
      let classifier = try ImageClassifier(self.classifier, batch: batch)
      try file.check(classCount: classifier.classCount)
      let forward = try classifier.compile(for: backend)
      try evaluate(entries, classifier, forward, backend)
    }
  }

  private func evaluate(
    _ entries: [(path: String, label: Int)], _ classifier: ImageClassifier,
    _ forward: OutputForward, _ backend: any Backend
  ) throws {
    let input = Tensor(classifier.graph.values[classifier.graph.inputs[0]].shape)
    let progress = Progress()
    progress.expect(Double(entries.count))
    var rates = ErrorRates()
    var unreadable = 0
    let start = alex_monotonic_ns()
    for first in stride(from: 0, to: entries.count, by: batch) {
      let group = entries[first..<min(first + batch, entries.count)]
      var labels: [Int] = []
      for entry in group {
        do {
          let image = try readImage(entry.path)
          classifier.transform.write(
            image, to: input.pointer + labels.count * classifier.transform.floatCount)
          labels.append(entry.label)
        } catch let error as ImageError {
          if case .library = error { throw error }
          progress.note("alexbench: \(error)")
          unreadable += 1
        }
      }
      progress.advance(Double(group.count))
      guard !labels.isEmpty else { continue }
      // The last group may be smaller: what an earlier one left behind it is computed too, and ignored.
      forward.setInputs([input])
      forward.run()
      let scores = try classifier.scores(
        forward.values, imageCount: labels.count, backend: backend)
      for (scores, label) in zip(scores, labels) { rates.add(scores: scores, label: label) }
      progress.show("\(rates.imageCount + unreadable) of \(entries.count), \(rates.summary)")
    }
    let seconds = Double(alex_monotonic_ns() - start) / 1e9
    progress.note(
      String(
        format: "%d of %d images in %.1f s, %.1f a second", rates.imageCount, entries.count,
        seconds,
        Double(entries.count) / seconds))
    guard unreadable < entries.count else {
      throw ImageError.list(path: list, reason: "lists no image that can be decoded")
    }
    for line in rates.lines { print(line) }
    if unreadable > 0 {
      print("not counted  \(unreadable) that cannot be decoded")
      throw AlexExit.corrupt
    }
  }
}
