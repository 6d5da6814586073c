import ArgumentParser
import CaffeModel
import Execution
import Files
import Foundation
import Images
import Kernels
import Measuring
import Networks
import Tensors

struct ForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Run a network once on arrays from .npy files, or on images.",
    discussion: """
      Batch and sizes are those of the arrays. The command prints the outputs, for a softmax the five \
      largest of each image. --dump writes every blob, in row-major order, as DIR/NAME.npy, with __ \
      for / in its name. A blob that layers change in place has its last value.

      An image (JPEG, PNG, PPM) is prepared as by classify: resized, its centre cut out, blue before \
      red, --mean subtracted; with --oversample it becomes ten images. The description gives its size \
      and channels, or --shape.

      Weights are matched by layer name, as in Caffe; layers of the file that the network does not \
      have are ignored. Without --weights they are random, made from the seed.

      EXAMPLES
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input data.npy
        alexbench forward --model train_val.prototxt --weights net.caffemodel \\
          --input data=images.npy --input label=labels.npy --backend winograd --dump blobs
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input cat.jpg \\
          --mean 104,117,123
      """)

  @Option(
    name: [.long, .customLong("network")],
    help: "path/to/net.prototxt, or a name of 'alexbench list networks'.")
  var model: String

  @Option(help: "A caffemodel in the current format, V1 or V0.")
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "An array or an image; may be repeated. Without NAME, for the first input without a file.",
      valueName: "[NAME=]FILE"))
  var input: [InputArgument]

  @OptionGroup var images: ImageArguments

  @Option(help: "The backend, see 'alexbench list backends'.")
  var backend = "simd"

  @Option(help: "Threads. (default: 1)", transform: CountRange.threads.parse)
  var threads = 1

  @Option(help: "Instruction set of our own kernels. (default: the best one)")
  var isa: String?

  @Option(help: ArgumentHelp("Write all blobs to this folder.", valueName: "dir"))
  var dump: String?

  @Option(help: "Seed of random weights. (default: 1)", transform: SeedOption.parse)
  var seed: UInt64 = 1

  @Flag(name: [.short, .long], help: "Also say what was done with each layer of the weight file.")
  var verbose = false

  @Option(help: "Images per forward. (default: those of the arrays, which it must be)")
  var batch: Int?

  @OptionGroup var reading: NetworkArguments

  func run() throws {
    try AlexExit.reporting {
      let backends = makeBackends([:])
      try NameSuggestion.resolve([backend], what: "backend", known: backends.map(\.name))
      let kernels = try ISAChoice.one(isa)
      let chosen = try RunMatrix.choose([backend], from: backends)[0]
      let arrays = try readInputs()
      let shapes = zip(input, arrays).map { GivenShape(blob: $0.blob, shape: $1.shape) }
      var options = ImportOptions(state: reading.description.state, shapes: shapes)
      options.givesEveryInput = true
      let net = try resolveNetwork(model, options: options)
      try checkSizes(of: net)
      let graph = try net.network.graph()
      if let dump { try checkDump(of: graph, to: dump) }
      let tensors = net.ordered(arrays)
      if let refusal = MemoryGuard.refusal(forwardOf: graph) {
        throw MeasuringError.unavailable(refusal)
      }

      var source: any WeightSource = SeededWeights(seed: seed)
      if let weights {
        let file = try readWeights(weights, for: graph)
        if verbose { for match in file.matches(in: net) { print(match.description) } }
        source = file
      }
      // Besides those of the pool; OpenBLAS waits for ever for threads that it does not get.
      if chosen.threading == .library { try ThreadShortage.check(count: 2 * (threads - 1)) }
      let forward = try BlobForward(
        graph: graph, weights: source, backend: chosen, kernels: kernels.kernels,
        pool: ThreadPool(threadCount: threads))
      let blobs = forward.run(tensors)
      if let dump { try BlobFolder.write(blobs, to: dump) }
      for line in OutputSummary.lines(of: blobs, in: graph) { print(line) }
    }
  }

  /// Refuses to write a blob over a file that is read.
  private func checkDump(of graph: Graph, to folder: String) throws {
    let paths = Set(graph.values.map { BlobFolder.path(of: $0.blob, in: folder) })
    var inputs = NamedFile.networks([model], as: "--model")
    inputs += input.map { NamedFile("--input", $0.path) }
    if let weights { inputs.append(NamedFile("--weights", weights)) }
    if let mean = images.mean { inputs.append(NamedFile("--mean", mean)) }
    try NamedFile.check(
      outputs: paths.sorted().map { NamedFile("the --dump file", $0) }, inputs: inputs)
  }

  /// - Throws: sizes that were asked for, and that are not those of the arrays.
  private func checkSizes(of net: CaffeNetwork) throws {
    let given = reading.description.shapes
    let images = Set(
      zip(input, net.assignedInputs).filter { ImageFile.isImage($0.0.path) }.map(\.1))
    for (given, input) in zip(given, try net.inputs(for: given.map(\.blob))) {
      // How many images or crops there are is not said by the size of one.
      let skipped = images.contains(input.blob) ? 1 : 0
      let wanted = given.shape.dimensions.dropFirst(skipped)
      guard wanted.elementsEqual(input.shape.dimensions.dropFirst(skipped)) else {
        throw MeasuringError.usage(
          "--shape says \(given.shape) for input '\(input.blob)', and its array is \(input.shape)")
      }
    }
    if let batch, let input = net.network.inputs.first, input.shape.n != batch {
      throw MeasuringError.usage(
        "--batch \(batch) is asked for, and input '\(input.blob)' is \(input.shape)")
    }
  }

  /// The arrays of all inputs; an image takes the shape that the description gives its input.
  private func readInputs() throws -> [Tensor] {
    guard input.contains(where: { ImageFile.isImage($0.path) }) else {
      guard !images.isGiven else {
        throw MeasuringError.usage(
          "--mean, --resize, --scale and --oversample are for images, and no input is one")
      }
      return try input.map { try NPYFile.read($0.path) }
    }
    let inputs = try resolveNetwork(
      model, options: ImportOptions(reading.description), isQuiet: true
    ).inputs(for: input.map(\.blob))
    return try zip(input, inputs).map { argument, input in
      guard ImageFile.isImage(argument.path) else { return try NPYFile.read(argument.path) }
      return try images.transform(for: input.shape).tensor(of: [try readImage(argument.path)])
    }
  }
}
