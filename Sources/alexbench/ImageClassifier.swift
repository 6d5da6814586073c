import ArgumentParser
import CaffeModel
import Execution
import Images
import Kernels
import Measuring
import Networks
import Tensors

/// A network for images, and what computes it: the options that `classify` and `evaluate` share.
struct ClassifierArguments: ParsableArguments {
  @Option(
    name: [.long, .customLong("network")],
    help: "path/to/net.prototxt, or a name of 'alexbench list networks'.")
  var model: String

  @Option(help: "A caffemodel in the current format, V1 or V0.")
  var weights: String

  @OptionGroup var images: ImageArguments

  @Option(help: "Threads. (default: 1)", transform: CountRange.threads.parse)
  var threads = 1

  @Option(help: "Instruction set of our own kernels. (default: the best one)")
  var isa: String?

  @OptionGroup var reading: NetworkArguments
}

/// A network that classifies images, and how images are prepared for it.
struct ImageClassifier {
  let graph: Graph
  let transform: ImageTransform
  /// Images that one forward pass takes, each with all its crops.
  let batch: Int
  private let output: Graph.ValueID
  private let weights: CaffeWeights
  private let kernels: InstructionSet
  private let threads: Int

  init(_ arguments: ClassifierArguments, batch: Int) throws {
    self.batch = batch
    threads = arguments.threads
    kernels = try ISAChoice.one(arguments.isa)
    let cropCount = arguments.images.oversample ? ImageTransform.oversampleCount : 1
    let graph = try resolveNetwork(
      arguments.model,
      options: ImportOptions(arguments.reading.description, batch: batch * cropCount)
    ).network.graph()
    guard graph.inputs.count == 1, let output = graph.classScores else {
      func names(_ values: [Graph.ValueID]) -> String {
        values.map { "'\(graph.values[$0].blob)'" }.joined(separator: ", ")
      }
      throw MeasuringError.usage(
        "'\(arguments.model)' does not classify images: that needs one input, and one output "
          + "with a value for each class, as in a deploy description; it reads "
          + "\(names(graph.inputs)) and writes \(names(graph.outputs))")
    }
    self.graph = graph
    self.output = output
    transform = try arguments.images.transform(for: graph.values[graph.inputs[0]].shape)
    if let refusal = MemoryGuard.refusal(forwardOf: graph) {
      throw MeasuringError.unavailable(refusal)
    }
    weights = try readWeights(arguments.weights, for: graph)
  }

  var classCount: Int { graph.values[output].shape.c }

  func compile(for backend: any Backend) throws -> OutputForward {
    // Besides those of the pool; OpenBLAS waits for ever for threads that it does not get.
    if backend.threading == .library { try ThreadShortage.check(count: 2 * (threads - 1)) }
    return try OutputForward(
      graph: graph, output: output, weights: weights, backend: backend, kernels: kernels.kernels,
      pool: ThreadPool(threadCount: threads))
  }

  /// The scores of the first images of a forward pass, each the mean over its crops.
  /// - Throws: scores that are no numbers.
  func scores(_ values: [Float], imageCount: Int, backend: any Backend) throws -> [[Float]] {
    guard values.prefix(imageCount * transform.cropCount * classCount).allSatisfy(\.isFinite) else {
      throw MeasuringError.unavailable(
        "backend '\(backend.name)' computes scores that are not finite numbers; are these the "
          + "weights of this network?")
    }
    let cropCount = transform.cropCount
    return (0..<imageCount).map { image in
      (0..<classCount).map { index in
        let sum = (0..<cropCount).reduce(0.0) { sum, crop in
          sum + Double(values[(image * cropCount + crop) * classCount + index])
        }
        return Float(sum / Double(cropCount))
      }
    }
  }

  /// Backends that compute in this process, and why the others of those asked for do not.
  /// - Parameter names: nil for all that compute in float32.
  /// - Throws: one that was named but is not available.
  static func backends(
    _ names: [String]?
  ) throws -> (usable: [any Backend], refused: [(name: String, reason: String)]) {
    let backends = makeBackends([:])
    if let names {
      try NameSuggestion.resolve(names, what: "backend", known: backends.map(\.name) + ["all"])
    }
    let chosen = try RunMatrix.choose(
      names, from: names == nil ? backends.filter { $0.precision == .single } : backends)
    func reason(_ backend: any Backend) -> String? {
      if backend.program != nil {
        return "it computes in a separate program, which gets no weights from files"
      }
      return backend.unavailability?.description
    }
    let refused = chosen.compactMap { backend in
      reason(backend).map { (backend.name, $0) }
    }
    if names != nil, let first = refused.first {
      throw MeasuringError.unavailable("backend '\(first.0)' cannot classify: \(first.1)")
    }
    return (chosen.filter { reason($0) == nil }, refused)
  }
}
