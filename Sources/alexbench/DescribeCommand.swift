import ArgumentParser
import CaffeModel
import Measuring
import Networks

struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show a network: layers, shapes, parameters, multiply-adds, memory.",
    discussion: """
      Reads Caffe descriptions in the current syntax and in both older ones, text or binary. Layers \
      that read data become inputs; if the description does not give their size, --shape does.

      The column memory has the bytes of a layer's outputs and parameters; a layer that works in \
      place adds no output.

      EXAMPLES
        alexbench describe caffenet --batch 10
        alexbench describe train_val.prototxt --shape data=50,3,224,224
        alexbench describe deploy.prototxt --caffe-log
        alexbench describe googlenet --format dot | dot -Tsvg -o googlenet.svg
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, dot }

  @Argument(help: "A name of 'alexbench list networks', or path/to/net.prototxt.")
  var network: String

  @Option(
    help: """
      Images per forward, in place of the first axis of every input. (default: the description's)
      """, transform: CountRange.images.parse)
  var batch: Int?

  @Option(help: "table, or dot: the data flow between stages, for Graphviz.")
  var format = Format.table

  @Flag(help: "Print what Caffe logs while it sets up the net, without time stamps.")
  var caffeLog = false

  @OptionGroup var reading: NetworkArguments

  func run() throws {
    try AlexExit.reporting {
      let net = try resolveNetwork(
        network, options: ImportOptions(reading.description, batch: batch))
      if caffeLog {
        for line in try CaffeLog(net).lines { print(line) }
        return
      }
      let graph = try net.network.graph()
      switch format {
      case .table: printColumns(graph.table, rightAligned: [4, 5, 6])
      case .dot: print(graph.dot, terminator: "")
      }
    }
  }
}
