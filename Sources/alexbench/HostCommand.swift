import ArgumentParser
import Execution
import Measuring
import Reporting

struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host",
    abstract: "Show the processor, its instruction sets and caches, the libraries, and warnings.")

  @Option(
    name: .customLong("blas"),
    help: ArgumentHelp("Adds a CBLAS library as backend im2col-NAME.", valueName: "NAME=PATH"))
  var libraries: [NamedPath] = []

  func run() throws {
    let host = HostFingerprint.collect()
    let build = BuildFingerprint.collect()
    let backends = makeBackends(libraries.map(\.library))
    print(
      HostCard.text(
        host: host, build: build, libraries: libraryEnvironments(of: backends),
        warnings: allWarnings(host: host, build: build, backends: backends)), terminator: "")
    for backend in backends {
      guard let unavailability = backend.unavailability else { continue }
      print("unavailable: \(backend.name): \(unavailability)")
    }
  }
}
