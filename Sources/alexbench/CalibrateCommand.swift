import ArgumentParser
import Foundation
import Kernels
import Measuring

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Compare a backend with itself, to learn what differences mean on this host.",
    discussion: """
      Every backend is measured beside a copy of itself, <name>#2, which is compiled on its own and \
      runs the same code: all differences are those of the machine. The run is like any other, and \
      its folder also gets calibration.csv: per workload how the ratios of rounds scatter, and how \
      often an interval wrongly says that the copies differ. The rows are kept for this class of \
      hosts in --calibration, where later runs find and quote them.

      EXAMPLES
        alexbench calibrate
        alexbench calibrate --backend simd,im2col-openblas --layer conv2,conv3 --rounds 60
        alexbench calibrate --network caffenet --threads 1,2
      """)

  @OptionGroup var selection: Selection

  @Option(help: "Rounds at least.")
  var rounds = 40

  @Option(help: "Measure in this many fresh processes, one after the other. (default: in this one)")
  var launches: Int?

  @Option(help: "Folder in which the run makes a folder of its own.")
  var out = "results/runs"

  @Option(help: "Folder that keeps what is known of hosts, a file per class.")
  var calibration = RunSession.calibrationFolder

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      var options = try selection.options(autoISAs: [.best], backends: ["simd"])
      let local = selection.localHost()
      let names =
        options.backends
        ?? local.backends(customBLAS: options.customBLAS).filter { $0.unavailability == nil }
        .map(\.name)
      options.backends = names.flatMap { [$0, $0 + "#2"] }
      options.rounds = rounds
      options.launches = launches
      var session = try RunSession(
        .calibrate, options, local: local, out: out, calibration: calibration)
      try session.complete()
    }
  }
}
