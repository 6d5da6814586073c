import ArgumentParser
import Counters
import Foundation
import Measuring
import Reporting
import Results

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for changes for the worse.",
    discussion: """
      --deterministic counts the instructions of our own kernels under callgrind, layer by layer, \
      and compares them with the counts that were accepted before. Counts do not depend on how busy \
      the machine is, so that the smallest change of the code is seen, on any machine. They hold for \
      one compiler, C library and valgrind; with others nothing is compared.

      EXAMPLES
        alexbench check --deterministic
        alexbench check --deterministic --accept

      EXIT CODES
        0  as accepted, or fewer instructions
        2  more instructions, or other layers than were accepted
        3  valgrind is not there
        5  accepted with another compiler, library or valgrind, or nothing accepted yet
      """)

  @Flag(help: "Compare instruction counts with the accepted ones.")
  var deterministic = false

  @Option(help: "File of the accepted counts.")
  var counts = "results/baselines/counts.csv"

  @Flag(help: "Show what changed, and accept it.")
  var accept = false

  func run() throws {
    try AlexExit.reporting {
      guard deterministic else {
        throw MeasuringError.usage("check needs to be told what to look at: --deterministic")
      }
      if let reason = CallgrindSource().unavailability(of: "Ir") {
        throw MeasuringError.unavailable(reason)
      }
      let origin = CountLane.origin(
        host: HostFingerprint.collect(), build: BuildFingerprint.collect())
      let lane = try CountLane(backends: makeBackends([]))
      var accepted: [CountRow] = []
      if FileManager.default.fileExists(atPath: counts) {
        accepted = try Schema.counts.rows(contentsOf: counts)
      }
      let progress = Progress()
      progress.expect(Double(lane.cases.count))
      let counted = try lane.count(worker: [executablePath(), "worker"], origin: origin) {
        progress.show("\($1.network) \($1.layer), \($1.backend)")
        if $0 > 0 { progress.advance(1) }
      }
      progress.clear()
      let comparison = CountComparison(accepted: accepted, counted: counted)
      print(comparison.terminal(), terminator: "")
      if accept {
        try Schema.counts.write(counted, to: counts)
        print("accepted: \(counts)")
      } else if !comparison.differences.isEmpty {
        throw AlexExit.otherVersion
      } else if !comparison.increases.isEmpty || !comparison.new.isEmpty
        || !comparison.missing.isEmpty
      {
        printError("alexbench: if the change is meant, Scripts/accept-counts accepts it")
        throw AlexExit.regression
      } else if !comparison.isSame {
        print("better than accepted; Scripts/accept-counts makes it the new measure")
      }
    }
  }
}
