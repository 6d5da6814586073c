import ArgumentParser
import Files
import Foundation
import Measuring

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Prepare and time workloads on request: JSON lines on standard input and output.",
    discussion: """
      'run --launches' and 'check' start workers. The article "Write a backend as a program" in \
      Sources/Backends describes the requests. Exit code 5 for another version of the protocol.
      """,
    shouldDisplay: false)

  func run() throws {
    try AlexExit.reporting {
      Interruption.ignore()
      registerNetworkFiles(isQuiet: true)
      // Replies have standard output for themselves; what a library prints goes to standard error.
      let replies = fcntl(1, F_DUPFD_CLOEXEC, 3)
      guard replies >= 0, dup2(2, 1) == 1 else {
        throw FilesError.cannotWrite(path: StandardOutput.name, reason: systemSentence(errno))
      }
      let host = LocalHost(backends: makeBackends)
      let server = WorkerServer(
        host: host, backends: { host.backends(customBLAS: $0) }, output: replies)
      if try server.serve() == .protocolVersion { throw AlexExit.otherVersion }
    }
  }
}
