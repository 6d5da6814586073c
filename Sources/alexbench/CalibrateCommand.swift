import ArgumentParser
import Foundation
import Kernels
import Measuring

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Compare a backend with itself, to learn what differences mean on this host.",
    discussion: """
      Every backend takes turns with itself. <name>@2 is the same instance under a second name, so \
      that all differences come from the machine and from the measuring. With --copies it is \
      <name>#2, compiled separately, with buffers elsewhere in memory; that alone can make layers of \
      a few microseconds differ.

      The run is like any other. Its folder also gets calibration.csv: for each workload, how much \
      the ratios of rounds scatter, the smallest effect they can show, and how often an interval \
      wrongly says that the two differ. The folder given by --calibration keeps these rows for this \
      class of hosts; later runs quote them.

      EXAMPLES
        alexbench calibrate
        alexbench calibrate --backend simd,im2col-openblas --layer conv2,conv3 --rounds 60
        alexbench calibrate --network caffenet --threads 1,2
      """)

  @OptionGroup var selection: Selection

  @Option(help: "Minimum number of rounds. (default: 40)", transform: CountRange.rounds.parse)
  var rounds = 40

  @Flag(help: "Compare with a copy that is compiled separately, not with the same instance.")
  var copies = false

  @Option(
    help: "Measure in this many fresh processes, one after the other. (default: in this one)",
    transform: CountRange.launches.parse)
  var launches: Int?

  @Option(help: "Parent folder; the run makes a folder in it.")
  var out = "results/runs"

  @Option(help: "Folder of calibrations, one file per class of hosts.")
  var calibration = RunSession.calibrationFolder

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      var options = try selection.options(autoISAs: [.best], backends: ["simd"])
      let local = selection.localHost()
      let names =
        try options.backends
        ?? allBackends(of: local, options).filter { $0.unavailability == nil }.map(\.name)
      options.backends = names.flatMap { [$0, $0 + (copies ? "#2" : "@2")] }
      options.command = "calibrate"
      options.rounds = rounds
      options.launches = launches
      var session = try RunSession(
        options, local: local, out: out, calibration: calibration)
      try session.complete()
    }
  }
}
