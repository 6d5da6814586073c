import Results

/// A fresh process for each side of a check; each workload goes to the side that its backend's name
/// means.
final class SidesHost: WorkloadHost {
  private let workers: [PairedSide: WorkerHost]
  /// Sides that prepare what the base prepares, at the same time: packing of weights takes long. Not
  /// where something is chosen by measuring meanwhile.
  var joining: [PairedSide] = []
  private var ahead: [PairedSide: Ahead] = [:]

  /// Prepared before it was asked for.
  private struct Ahead {
    var message: WorkerProtocol.Workload
    var result: Result<RemoteWorkload, any Error>
  }

  /// - Parameters:
  ///   - programs: of all sides that there are.
  ///   - isHeadFirst: in which order the processes are started.
  ///   - timeout: longest wait for an answer.
  /// - Throws: another version of the protocol, or a side that cannot be started.
  init(
    programs: [PairedSide: PairedProgram], isHeadFirst: Bool, timeout: Duration
  ) throws {
    let sides = programs.sorted { $0.key < $1.key }
    var workers: [PairedSide: WorkerHost] = [:]
    for (side, program) in isHeadFirst ? sides.reversed() : sides {
      workers[side] = try WorkerHost(command: program.command, timeout: timeout) { sentence in
        .unavailable("the \(side) program '\(program.command[0])': \(sentence)")
      }
    }
    self.workers = workers
  }

  func prepare(_ request: WorkloadRequest) throws -> any Workload {
    let (side, backend) = PairedSide.split(request.backend.name)
    var message = WorkerProtocol.Workload(request)
    message.backend = backend
    message.measuresReorders = false
    if side == .base, !joining.isEmpty { try prepareAhead([side] + joining, message) }
    if let entry = ahead.removeValue(forKey: side), entry.message == message {
      return try entry.result.get()
    }
    return try worker(side).prepare(message)
  }

  private func prepareAhead(_ sides: [PairedSide], _ message: WorkerProtocol.Workload) throws {
    ahead = [:]
    // All are asked before the first answer is waited for.
    let asked = try sides.map { side in
      let worker = try worker(side)
      return (side, worker, Result { try worker.beginPreparing(message) })
    }
    for (side, worker, asked) in asked {
      ahead[side] = Ahead(
        message: message,
        result: asked.flatMap { _ in Result { try worker.finishPreparing() } })
    }
  }

  /// A check compares times with times.
  func roofs(_ request: RoofRequest) throws -> [RoofReading] { [] }

  /// A library's threads spin on in one side's process and would harm the next side.
  func waitForQuiet() -> Bool { Quiescence.wait(processes: workers.values.map(\.processID)) }

  func close() {
    ahead = [:]
    for worker in workers.values { worker.close() }
  }

  private func worker(_ side: PairedSide) throws -> WorkerHost {
    guard let worker = workers[side] else {
      throw MeasuringError.usage("there is no side '\(side)' in this check")
    }
    return worker
  }
}
