import ArgumentParser
import CaffeModel
import Files
import Measuring
import Networks

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a network as a Caffe description, with weights as a caffemodel.",
    discussion: """
      Weights are random, made from the seed as in 'alexbench run', or with --from those of a \
      caffemodel. Caffe and OpenCV can read both files.

      EXAMPLES
        alexbench export caffenet -o caffenet.prototxt --weights caffenet.caffemodel
        alexbench export old_v1.prototxt -o new.prototxt --from old.caffemodel --weights new.caffemodel
      """)

  @Argument(help: "A name of 'alexbench list networks', or path/to/net.prototxt.")
  var network: String

  @Option(name: [.short, .customLong("output")], help: "The description to write.")
  var output: String

  @Option(help: "The caffemodel to write.")
  var weights: String?

  @Option(help: "A caffemodel whose weights to write, instead of random ones.")
  var from: String?

  @Option(help: "Seed of random weights. (default: 1)", transform: SeedOption.parse)
  var seed: UInt64 = 1

  @Option(
    help: """
      Images per forward, in place of the first axis of every input. (default: the description's)
      """, transform: CountRange.images.parse)
  var batch: Int?

  @OptionGroup var reading: NetworkArguments

  func run() throws {
    try AlexExit.reporting {
      var outputs = [NamedFile("--output", output)]
      if let weights { outputs.append(NamedFile("--weights", weights)) }
      var inputs = NamedFile.networks([network], as: "network")
      if let from { inputs.append(NamedFile("--from", from)) }
      try NamedFile.check(outputs: outputs, inputs: inputs)
      let net = try resolveNetwork(
        network, options: ImportOptions(reading.description, batch: batch)
      ).network
      if from != nil, weights == nil {
        throw MeasuringError.usage("--from needs --weights, the file to write")
      }
      var source: any WeightSource = SeededWeights(seed: seed)
      if let from { source = try readWeights(from, for: net.graph()) }
      try CaffeExport.write(net, to: output)
      if let weights { try CaffeExport.writeWeights(of: net, from: source, to: weights) }
    }
  }
}

/// A caffemodel whose shapes are those that a network needs.
func readWeights(_ path: String, for graph: Graph) throws -> CaffeWeights {
  let weights = try CaffeWeights(contentsOf: path)
  do {
    try weights.validate(for: graph)
  } catch {
    throw CaffeModelError.network(error)
  }
  return weights
}
