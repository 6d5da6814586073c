import ArgumentParser
import CSupport
import CaffeModel
import Files
import Foundation
import Networks

@main
struct AlexBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alexbench",
    abstract: "Benchmarks AlexNet and other Caffe networks, layer by layer, on CPU backends.",
    discussion: """
      Every result is compared with a float64 reference before and after it is timed; a wrong \
      result gets no time.

      EXAMPLES
        alexbench run --quick
        alexbench run --network alexnet,caffenet --batch 1,10 --threads 1,2
        alexbench run --layer conv2,conv3 --backend simd,im2col-openblas --rounds 40
        alexbench run --problem "c96 h27 w27 k256 r5 p2 g2"
        alexbench verify --network alexnet
        alexbench tune --batch 1,10
        alexbench run --plan plan.csv --backend auto,simd,onednn
        alexbench calibrate
        alexbench power --effect 3%
        alexbench validate results/runs/*
        alexbench compare BEFORE AFTER
        alexbench explain conv2
        alexbench check --against ../main/.build/release/alexbench
        alexbench report -o report.html
        alexbench plot results/sample/* --out plots
        alexbench list backends
        alexbench host
        alexbench describe googlenet
        alexbench forward --model deploy.prototxt --weights net.caffemodel --input data.npy
        alexbench classify cat.jpg --model deploy.prototxt --weights net.caffemodel \\
          --labels synset_words.txt --mean 104,117,123
        alexbench export caffenet -o caffenet.prototxt --weights caffenet.caffemodel

      EXIT CODES
        0       success
        1       internal error
        2       a regression
        3       a check failed, or something you asked for is not available
        4       an improvement, with check --fail-on-improvement
        5       another protocol or schema version, or times that are not comparable
        6       cannot write
        64      usage
        65, 66  corrupt input, missing file
        75      no clear result, or a host worse than required
        130/143 interrupted; results so far are written
      """,
    subcommands: [
      RunCommand.self, VerifyCommand.self, ForwardCommand.self, ClassifyCommand.self,
      EvaluateCommand.self, DescribeCommand.self, ExportCommand.self, CalibrateCommand.self,
      TuneCommand.self, PowerCommand.self, ValidateCommand.self, SummariseCommand.self,
      CompareCommand.self, ReportCommand.self, PlotCommand.self,
      ExplainCommand.self, CheckCommand.self, BaselineCommand.self, HistoryCommand.self,
      ListCommand.self, HostCommand.self, WorkerCommand.self,
      OldPlanCommand.self,
    ])

  static func main() {
    alex_explain_memory_failures()
    StandardStreams.prepare()
    registerNetworkFiles(isQuiet: false)
    var code = execute()
    do { try StandardOutput.finish() } catch {
      printError("alexbench: \(error)")
      // A command that failed has said why.
      if code == .success { code = AlexExit.cannotWrite }
    }
    Foundation.exit(code.rawValue)
  }

  /// Runs the command of the arguments; what ArgumentParser has to say goes the way of all output.
  private static func execute() -> ExitCode {
    do {
      var command = try parseAsRoot()
      try command.run()
      return .success
    } catch {
      let text = fullMessage(for: error)
      let code = exitCode(for: error)
      if !text.isEmpty { code == .success ? print(text) : printError(text) }
      return code
    }
  }
}

/// Tells how a network is read from a file. What had to be assumed goes to standard error, unless it
/// `isQuiet`: a worker's runner has said it already.
func registerNetworkFiles(isQuiet: Bool) {
  NetworkFiles.register { name, options in
    var network = try resolveNetwork(name, options: ImportOptions(options), isQuiet: isQuiet)
      .network
    // Rows name what was asked for: two files may describe nets of one name.
    network.name = name
    return network
  }
}
