import ArgumentParser
import Foundation
import Kernels
import Measuring

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Compare a backend with itself, to learn what differences mean on this host.",
    discussion: """
      Every backend takes turns with itself: <name>@2 is the same instance under a second name, so \
      that all differences are those of the machine and of the measuring. With --copies it is \
      <name>#2, compiled on its own, whose buffers lie elsewhere in memory: that alone may make \
      layers of microseconds differ throughout a process. The run is like any other, and its folder \
      also gets calibration.csv: per workload how the ratios of rounds scatter, the smallest effect \
      that they can show, and how often an interval wrongly says that the two differ. The rows are kept for this class of \
      hosts in --calibration, where later runs find and quote them.

      EXAMPLES
        alexbench calibrate
        alexbench calibrate --backend simd,im2col-openblas --layer conv2,conv3 --rounds 60
        alexbench calibrate --network caffenet --threads 1,2
      """)

  @OptionGroup var selection: Selection

  @Option(help: "Rounds at least.")
  var rounds = 40

  @Flag(help: "Measure beside a copy that is compiled on its own, not the same instance twice.")
  var copies = false

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
