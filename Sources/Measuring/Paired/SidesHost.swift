import Results

/// A fresh process for each side of a check; each workload goes to the side that its backend's name
/// means.
final class SidesHost: WorkloadHost {
  private let workers: [PairedSide: WorkerHost]
  private let programs: [PairedSide: PairedProgram]
  private var routes: [Int: (side: PairedSide, handle: Int)] = [:]
  private var lastHandle = 0
  /// Sides that prepare what the base prepares, at the same time: most of a pair's time is packing of
  /// weights. Not where something is chosen by measuring meanwhile.
  var joining: [PairedSide] = []
  private var ahead: [PairedSide: Ahead] = [:]

  /// Prepared before it was asked for.
  private struct Ahead {
    var request: WorkloadRequest
    var result: Result<PreparedWorkload, any Error>
  }

  /// - Parameters:
  ///   - programs: of all sides that there are.
  ///   - isHeadFirst: in which order the processes are started.
  ///   - timeout: longest wait for an answer.
  /// - Throws: another version of the protocol, or a side that cannot be started.
  init(
    programs: [PairedSide: PairedProgram], isHeadFirst: Bool, timeout: Duration
  ) throws {
    self.programs = programs
    var workers: [PairedSide: WorkerHost] = [:]
    let sides = programs.keys.sorted()
    for side in isHeadFirst ? sides.reversed() : sides {
      do {
        workers[side] = try WorkerHost(command: programs[side]!.command, timeout: timeout)
      } catch MeasuringError.worker(let sentence) {
        throw Self.failure(of: side, programs[side]!, sentence)
      }
    }
    self.workers = workers
  }

  func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload {
    let (side, backend) = PairedSide.split(request.backend)
    var message = request
    message.backend = backend
    message.measuresReorders = false
    if side == .base, !joining.isEmpty { prepareAhead([side] + joining, message) }
    var prepared = try takeAhead(side, message) ?? ask(side) { try $0.prepare(message) }
    lastHandle += 1
    routes[lastHandle] = (side, prepared.handle)
    prepared.handle = lastHandle
    return prepared
  }

  private func prepareAhead(_ sides: [PairedSide], _ request: WorkloadRequest) {
    for side in PairedSide.allCases { discardAhead(side) }
    // All are asked before the first answer is waited for.
    let asked = sides.map { side in
      Result<Void, any Error> { try ask(side) { try $0.beginPreparing(request) } }
    }
    for (side, asked) in zip(sides, asked) {
      ahead[side] = Ahead(
        request: request,
        result: asked.flatMap { _ in
          Result { try ask(side) { try $0.finishPreparing() } }
        })
    }
  }

  /// - Returns: nil when this very request was not prepared ahead.
  private func takeAhead(
    _ side: PairedSide, _ request: WorkloadRequest
  ) throws -> PreparedWorkload? {
    guard let entry = ahead[side], entry.request == request else {
      discardAhead(side)
      return nil
    }
    ahead[side] = nil
    return try entry.result.get()
  }

  private func discardAhead(_ side: PairedSide) {
    guard let entry = ahead.removeValue(forKey: side), case .success(let prepared) = entry.result
    else { return }
    // A worker that died is noticed by the next call that matters.
    _ = try? ask(side) { try $0.release(prepared.handle) }
  }

  func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues] {
    try ask(handle) { try $0.outputs($1, images: images) }
  }

  func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement {
    let isQuiet = waitForQuiet()
    var measured = try ask(handle) { try $0.time($1, block) }
    if !isQuiet { measured.isContaminated = true }
    return measured
  }

  func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement {
    let isQuiet = waitForQuiet()
    var measured = try ask(handle) { try $0.timeSteps($1, block) }
    if !isQuiet { measured.block.isContaminated = true }
    return measured
  }

  func phases(_ handle: Int, calls: Int) throws -> [PhaseTime] {
    try ask(handle) { try $0.phases($1, calls: calls) }
  }

  /// Sentinels are probed side by side, not between rounds.
  func roofs(_ request: RoofRequest) throws -> [RoofReading] { [] }

  /// The roofs that one side sees.
  func roofs(_ request: RoofRequest, of side: PairedSide) throws -> [RoofReading] {
    _ = waitForQuiet()
    return try ask(side) { try $0.roofs(request) }
  }

  func release(_ handle: Int) throws {
    try ask(handle) { try $0.release($1) }
    routes[handle] = nil
  }

  func close() { for worker in workers.values { worker.close() } }

  /// A library's threads spin on in one side's process and would harm the next side.
  private func waitForQuiet() -> Bool {
    Quiescence.wait(processes: workers.values.map(\.processID))
  }

  private func ask<Answer>(
    _ handle: Int, _ body: (WorkerHost, Int) throws -> Answer
  ) throws -> Answer {
    guard let route = routes[handle] else { throw MeasuringError.unknownHandle(handle) }
    return try ask(route.side) { try body($0, route.handle) }
  }

  private func ask<Answer>(
    _ side: PairedSide, _ body: (WorkerHost) throws -> Answer
  ) throws -> Answer {
    guard let worker = workers[side], let program = programs[side] else {
      throw MeasuringError.usage("there is no side '\(side)' in this check")
    }
    do { return try body(worker) } catch MeasuringError.worker(let sentence) {
      throw Self.failure(of: side, program, sentence)
    }
  }

  private static func failure(
    of side: PairedSide, _ program: PairedProgram, _ sentence: String
  ) -> MeasuringError {
    .unavailable("the \(side) program '\(program.command[0])': \(sentence)")
  }
}
