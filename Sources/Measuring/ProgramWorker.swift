import Execution

/// The process of a program at one number of threads: started when it is needed, and again after it
/// crashed. What goes wrong with it is the fault of its workloads, not the end of a run.
final class ProgramWorker {
  private let name: String
  private let program: ExternalProgram
  private let timeout: Duration
  private var host: WorkerHost?
  /// Why it is not started again.
  private var refusal: String?
  /// Counts processes; a workload belongs to one of them.
  private(set) var generation = 0

  /// Longest wait for an answer; plain loops may take minutes for a block.
  static let standardTimeout = Duration.seconds(300)

  init(name: String, program: ExternalProgram, timeout: Duration) {
    self.name = name
    self.program = program
    self.timeout = timeout
  }

  /// The process, while there is one.
  var processID: Int32? { host.flatMap { $0.failure == nil ? $0.processID : nil } }

  /// - Parameter generation: of the process that knows the workload; nil to start one if need be.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` for whatever goes wrong but another
  ///   version of the protocol.
  func ask<Answer>(_ generation: Int?, _ body: (WorkerHost) throws -> Answer) throws -> Answer {
    do {
      if let generation, generation != self.generation || host == nil {
        throw MeasuringError.worker("its process has ended")
      }
      return try body(try started())
    } catch MeasuringError.worker(let reason) {
      if let failure = host?.failure {
        if failure == .silent { refusal = reason }
        close()
      }
      throw MeasuringError.workload(status: .failed, reason: "\(name): \(reason)")
    }
  }

  private func started() throws -> WorkerHost {
    if let host { return host }
    if let refusal { throw MeasuringError.worker(refusal) }
    // A child starts with the mask of the thread that starts it, which may be pinned.
    Placement.free()
    do {
      let started = try WorkerHost(command: program.command, timeout: timeout)
      host = started
      generation += 1
      return started
    } catch MeasuringError.worker(let reason) {
      refusal = reason
      throw MeasuringError.worker(reason)
    }
  }

  func close() {
    host?.close()
    host = nil
  }
}
