import ArgumentParser
import CaffeModel
import Execution
import Foundation
import Kernels
import Measuring
import Networks
import Tensors

struct ForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Run a network once on arrays from .npy files.",
    discussion: """
      Batch and sizes are those of the arrays. Prints the outputs: of a softmax the five largest \
      of each image. With --dump every blob is written, in row-major order, as DIR/NAME.npy, with \
      __ for / in its name; a blob that layers change in place has its last value.

      Weights are found by the name of their layer, as in Caffe; layers of the file that the \
      network does not have are ignored. Without --weights they are random from the seed.

      EXAMPLES
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input data.npy
        alexbench forward --model train_val.prototxt --weights net.caffemodel \\
          --input data=images.npy --input label=labels.npy --backend winograd --dump blobs
      """)

  @Option(help: "path/to/net.prototxt, or a name of 'alexbench list networks'.")
  var model: String

  @Option(help: "A caffemodel: today's, V1 or V0.")
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "An array; may be repeated. Without NAME for the first input that has none.",
      valueName: "[NAME=]X.npy"))
  var input: [InputArgument]

  @Option(help: "The backend, see 'alexbench list backends'.")
  var backend = "simd"

  @Option(help: "Threads.")
  var threads = 1

  @Option(help: "Instruction set of our own kernels. (default: the best one)")
  var isa: String?

  @Option(help: ArgumentHelp("Folder for all blobs.", valueName: "dir"))
  var dump: String?

  @Option(help: "Seed of random weights.")
  var seed: UInt64 = 1

  @Flag(name: [.short, .long], help: "Also tell what became of each layer of the weight file.")
  var verbose = false

  @OptionGroup var arguments: NetworkArguments

  func run() throws {
    try AlexExit.reporting {
      guard (1...1024).contains(threads) else {
        throw MeasuringError.usage("\(threads) threads are not possible; there must be at least 1")
      }
      let backends = makeBackends([])
      try NameSuggestion.resolve([backend], what: "backend", known: backends.map(\.name))
      let kernels = try ISAChoice.parse(isa ?? "auto", auto: [.best])[0]
      guard kernels.isUsable else {
        throw MeasuringError.unavailable("this processor cannot execute '\(kernels.rawValue)'")
      }
      let chosen = try Runner.choose([backend], from: backends)[0]
      var arrays: [Tensor] = []
      for argument in input { arrays.append(try NPYFile.read(argument.path)) }
      let shapes = zip(input, arrays).map { GivenShape(blob: $0.blob, shape: $1.shape) }
      var options = ImportOptions(state: arguments.state, shapes: shapes)
      options.givesEveryInput = true
      let net = try resolveNetwork(model, options: options)
      let graph = try net.network.graph()
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
      let forward = try BlobForward(
        graph: graph, weights: source, backend: chosen, kernels: kernels.kernels,
        pool: ThreadPool(threadCount: threads))
      let blobs = forward.run(tensors)
      if let dump { try BlobFolder.write(blobs, to: dump) }
      for line in OutputSummary.lines(of: blobs, in: graph) { print(line) }
    }
  }
}
