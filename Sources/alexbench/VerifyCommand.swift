import ArgumentParser
import Kernels
import Measuring
import Reporting

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every backend, layer and instruction set against the float64 reference.",
    discussion: """
      For a layer alone, each output must stay within its own error bound; for a net, every blob must \
      have a relative RMS error of at most 1e-5. Nothing is timed and no file is written. Exit code 3 \
      if anything is wrong.

      EXAMPLES
        alexbench verify
        alexbench verify --network caffenet --batch 1,10 --isa all
        alexbench verify --plan plan.csv --backend auto --isa avx512
        alexbench verify --problem "c8 h19 w23 k12 r3 s5 u2 v1 p1 q2 d2 e1 g2"
      """)

  @OptionGroup var selection: Selection
  @OptionGroup var planArguments: PlanArguments

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      var options = try selection.options(autoISAs: InstructionSet.usable)
      options.isCheckOnly = true
      options.plan = try planArguments.rows()
      // The steps of a net are checked with it.
      if options.passes.contains(.net) { options.passes.removeAll { $0 == .inNet } }
      let local = selection.localHost()
      let matrix = try RunMatrix(options, backends: allBackends(of: local, options))
      let runner = Runner(matrix, makeHost: { _ in RoutingHost(base: local) })
      let record = try runner.run()
      print(VerifyTable(record.workloads).terminal(), terminator: "")
      try conclude(record)
    }
  }
}
