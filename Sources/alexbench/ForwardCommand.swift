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
    abstract: "Run a network once on arrays from .npy files, or on images; also backward.",
    discussion: """
      Batch and sizes are those of the arrays. The command prints the outputs, for a softmax the five \
      largest of each image. --dump writes every blob, in row-major order, as DIR/NAME.npy, with __ \
      for / in its name. A blob that layers change in place has its last value.

      An image (JPEG, PNG, PPM) is prepared as by classify: resized, its centre cut out, blue before \
      red, --mean subtracted; with --oversample it becomes ten images. The description gives its size \
      and channels, or --shape.

      --backward goes on with a backward pass from the losses, or from the gradient of an output \
      (--top-diff), by Caffe's rules. --dump then also writes NAME_diff.npy, the gradient of a blob (of one \
      that layers change in place that before them, as Caffe has it), and LAYER_param0_diff.npy and \
      LAYER_param1_diff.npy, those of weight and bias. Dropout is the identity in phase TEST; phase TRAIN \
      is refused where there is dropout. So far the backend naive goes backward.

      Weights are matched by layer name, as in Caffe; layers of the file that the network does not \
      have are ignored. Without --weights they are random, made from the seed.

      EXAMPLES
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input data.npy
        alexbench forward --model train_val.prototxt --weights net.caffemodel \\
          --input data=images.npy --input label=labels.npy --backend winograd --dump blobs
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input cat.jpg \\
          --mean 104,117,123
        alexbench forward --model train_val.prototxt --weights net.caffemodel --backward \
          --input data=images.npy --input label=labels.npy --dump blobs
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

  @Option(
    help: "The backend, see 'alexbench list backends'. (default: simd; with --backward naive)")
  var backend: String?

  @Flag(help: "Also compute the gradients of blobs and parameters.")
  var backward = false

  @Option(
    help: ArgumentHelp(
      "The gradient of a blob to go back from, for a network without a loss; may be repeated.",
      valueName: "NAME=FILE"))
  var topDiff: [InputArgument] = []

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
      let backend = backend ?? (backward ? "naive" : "simd")
      guard backward || topDiff.isEmpty else {
        throw MeasuringError.usage("--top-diff is for a backward pass; add --backward")
      }
      try NameSuggestion.resolve([backend], what: "backend", known: backends.map(\.name))
      let kernels = try ISAChoice.one(isa)
      let chosen = try RunMatrix.choose([backend], from: backends)[0]
      let arrays = try readInputs()
      let shapes = zip(input, arrays).map { GivenShape(blob: $0.blob, shape: $1.shape) }
      var options = ImportOptions(state: reading.description.state, shapes: shapes)
      options.givesEveryInput = true
      let net = try resolveNetwork(model, options: options)
      try checkSizes(of: net)
      let (graph, gradients) = try resolved(net.network)
      if let dump { try checkDump(of: graph, to: dump) }
      let tensors = net.ordered(arrays) + gradients
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

  /// The graph to run, and the gradients that are its last inputs.
  private func resolved(_ network: Network) throws -> (Graph, [Tensor]) {
    let graph = try network.graph()
    guard backward else { return (graph, []) }
    if reading.description.state.phase == .train,
      let layer = graph.nodes.first(where: { $0.layer.spec.kind == .dropout })?.layer
    {
      throw MeasuringError.unavailable(
        "'\(layer.name)' drops values in phase TRAIN, which is not computed yet; take --phase TEST")
    }
    var gradients: [Tensor] = []
    let given = try topDiff.map { argument in
      guard let blob = argument.blob, let value = graph.value(ofBlob: blob) else {
        throw MeasuringError.usage(
          "--top-diff says of which blob '\(argument.path)' is the gradient: NAME=FILE, one of "
            + graph.outputs.map { graph.values[$0].blob }.joined(separator: ", "))
      }
      let tensor = try NPYFile.read(argument.path)
      guard tensor.shape == graph.values[value].shape else {
        throw MeasuringError.usage(
          "'\(argument.path)' is \(tensor.shape), and blob '\(blob)' is \(graph.values[value].shape)"
        )
      }
      gradients.append(tensor)
      return value
    }
    return (try graph.training(given: given), gradients)
  }

  /// Refuses to write a blob over a file that is read.
  private func checkDump(of graph: Graph, to folder: String) throws {
    let paths = Set(graph.values.map { BlobFolder.path(of: $0.blob, in: folder) })
    var inputs = NamedFile.networks([model], as: "--model")
    inputs += input.map { NamedFile("--input", $0.path) }
    inputs += topDiff.map { NamedFile("--top-diff", $0.path) }
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
