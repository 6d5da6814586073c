import CSupport
import Execution
import Networks
import Results

/// Workloads of another host, and beside them those of programs, each in a process of its own.
///
/// The processes live as long as this, so that programs take turns with all others round by round;
/// before anything is timed, the runner waits until none of the others uses a processor.
package final class RoutingHost: WorkloadHost {
  private let base: any WorkloadHost
  private let timeout: Duration
  private var programs: [ProgramKey: ProgramProcess] = [:]
  private let steal = StealClock()

  /// Libraries count processors and start threads once, so each number of threads is a process.
  private struct ProgramKey: Hashable {
    var name: String
    var threads: Int
  }

  /// Longest wait for an answer; plain loops may take minutes for a block.
  private static let standardTimeout = Duration.seconds(300)

  /// - Parameters:
  ///   - base: prepares what is no program's; closed with this.
  ///   - timeout: longest wait for a program's answer.
  package init(base: any WorkloadHost, timeout: Duration? = nil) {
    self.base = base
    self.timeout = timeout ?? Self.standardTimeout
  }

  package func prepare(_ request: WorkloadRequest) throws -> any Workload {
    guard let program = request.backend.program else { return try base.prepare(request) }
    guard request.backend.directions.contains(request.place.direction) else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "\(request.backend.name) does not compute \(request.place.direction.rawValue)")
    }
    guard request.place.cache != .cold else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "a program has no inputs and outputs of its own for every call; cold-weights works")
    }
    let graph = request.place.compiledGraph
    if graph.nodes.allSatisfy({ $0.layer.spec.kind == .dropout }) {
      return ElidedWorkload(coverage: Self.coverage(of: graph))
    }
    // A copy of a backend, NAME#2, runs what NAME runs.
    let key = ProgramKey(
      name: RepeatedBackend.baseName(of: request.backend.name), threads: request.place.threads)
    let worker = try self.program(key, program).worker()
    let file = try ModelFile(request, graph: graph)
    var message = WorkerProtocol.Workload(request)
    message.backend = key.name
    message.model = file.model
    // The graph says it all.
    message.description = nil
    message.graph = nil
    message.cpus = try Placement(cpus: request.cpus).cpus
    let remote = try worker.prepare(message)
    var facts = remote.facts
    if facts.coverage.isEmpty { facts.coverage = Self.coverage(of: graph) }
    if let flaw = facts.flaw(in: graph) {
      throw MeasuringError.workload(status: .failed, reason: "\(key.name): \(flaw)")
    }
    return ProgramWorkload(
      remote, facts: facts, of: graph, name: key.name, steal: steal)
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] { try base.roofs(request) }

  package func waitForQuiet() -> Bool {
    let others = programs.values.compactMap(\.processID)
    guard !others.isEmpty else { return base.waitForQuiet() }
    let baseProcess = (base as? WorkerHost)?.processID
    return Quiescence.wait(processes: others + [baseProcess].compactMap { $0 })
  }

  package func close() {
    for program in programs.values { program.close() }
    programs = [:]
    base.close()
  }

  private static func coverage(of graph: Graph) -> [LayerCoverage] {
    graph.nodes.map { node in
      node.layer.spec.kind == .dropout
        ? LayerCoverage(
          layer: node.layer.name, status: .elided, reason: "identity in inference")
        : LayerCoverage(layer: node.layer.name)
    }
  }

  /// The process for a number of threads; those for other numbers that hold nothing make room.
  private func program(_ key: ProgramKey, _ program: ExternalProgram) -> ProgramProcess {
    for (other, program) in programs where other != key && !program.isUsed { program.close() }
    if let known = programs[key] { return known }
    let made = ProgramProcess(name: key.name, program: program, timeout: timeout)
    programs[key] = made
    return made
  }
}

/// The process of a program at one number of threads: started when it is needed, and again after it
/// crashed. What goes wrong with it is the fault of its workloads, not the end of a run.
private final class ProgramProcess {
  private let name: String
  private let program: ExternalProgram
  private let timeout: Duration
  private var host: WorkerHost?
  /// Why it is not started again.
  private var refusal: MeasuringError?

  init(name: String, program: ExternalProgram, timeout: Duration) {
    self.name = name
    self.program = program
    self.timeout = timeout
  }

  /// The process, while there is one.
  var processID: Int32? { host.flatMap { $0.failure == nil ? $0.processID : nil } }

  /// Whether a workload is alive in it.
  var isUsed: Bool { host.map { $0.failure == nil && $0.workloadCount > 0 } ?? false }

  /// - Throws: ``MeasuringError/workload(status:reason:)`` for whatever goes wrong but another
  ///   version of the protocol.
  func worker() throws -> WorkerHost {
    if let failure = host?.failure {
      if case .silent(let sentence) = failure {
        refusal = .workload(status: .failed, reason: "\(name): \(sentence)")
      }
      close()
    }
    if let host { return host }
    if let refusal { throw refusal }
    // A child starts with the mask of the thread that starts it, which may be pinned.
    Placement.free()
    do {
      let started = try WorkerHost(
        command: program.command, timeout: timeout,
        makeError: { [name] sentence in
          .workload(status: .failed, reason: "\(name): \(sentence)")
        })
      host = started
      return started
    } catch let error as MeasuringError {
      if case .workload = error { refusal = error }
      throw error
    }
  }

  func close() {
    host?.close()
    host = nil
  }
}

/// A workload of a program. What a program need not know to time a block is added here: the state of
/// the machine.
private final class ProgramWorkload: Workload {
  let facts: PreparedFacts
  private let remote: RemoteWorkload
  private let graph: Graph
  private let name: String
  private let steal: StealClock

  init(
    _ remote: RemoteWorkload, facts: PreparedFacts, of graph: Graph, name: String,
    steal: StealClock
  ) {
    self.remote = remote
    self.facts = facts
    self.graph = graph
    self.name = name
    self.steal = steal
  }

  func outputs(images: [Int]?) throws -> [BlobValues] {
    // Where a layer mixes images, a part of them says nothing.
    let blobs = try remote.outputs(images: graph.mixesImages ? nil : images)
    // Whatever comes from outside is looked at before it is used as an index.
    let known = graph.values.indices
    if let blob = blobs.first(where: { !known.contains($0.value) }) {
      throw failed("it gave a value \(blob.value), of which there are \(known.count)")
    }
    if let missing = graph.outputs.first(where: { value in !blobs.contains { $0.value == value } })
    {
      throw failed("it did not give blob '\(graph.values[missing].blob)'")
    }
    return blobs
  }

  private func failed(_ sentence: String) -> MeasuringError {
    .workload(status: .failed, reason: "\(name): \(sentence)")
  }

  func time(_ block: BlockRequest) throws -> BlockMeasurement {
    try watched(\.self) { try remote.time(block) }
  }

  func timeSteps(_ block: BlockRequest) throws -> StepMeasurement {
    guard !facts.steps.isEmpty else {
      throw MeasuringError.usage("\(name) does not tell how long its steps take")
    }
    return try watched(\.block) { try remote.timeSteps(block) }
  }

  func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    CounterReading.unavailable(
      requests, reason: "a program runs in a process of its own, which is not counted")
  }

  private func watched<Answer>(
    _ block: WritableKeyPath<Answer, BlockMeasurement>, _ time: () throws -> Answer
  ) throws -> Answer {
    let probe = alex_clock_probe_ns(BlockTimer.probeCycles)
    let before = steal.read()
    var answer = try time()
    let stolen = before.flatMap { first in steal.read().map { $0 - first } }
    var measured = answer[keyPath: block]
    measured.stealNanoseconds = measured.stealNanoseconds ?? stolen
    if measured.clockGHz == 0 {
      measured.clockGHz = Double(BlockTimer.probeCycles) / Double(max(probe, 1))
    }
    if (measured.stealNanoseconds ?? 0) > 0 || measured.switches > 0 || measured.migrations > 0 {
      measured.isContaminated = true
    }
    answer[keyPath: block] = measured
    return answer
  }
}

/// Layers that nobody computes anything for.
private final class ElidedWorkload: Workload {
  let facts: PreparedFacts

  init(coverage: [LayerCoverage]) {
    var facts = PreparedFacts()
    facts.coverage = coverage
    self.facts = facts
  }

  func outputs(images: [Int]?) -> [BlobValues] { [] }

  func time(_ block: BlockRequest) throws -> BlockMeasurement { throw nothing }

  func timeSteps(_ block: BlockRequest) throws -> StepMeasurement { throw nothing }

  private var nothing: MeasuringError { .usage("there is nothing to time") }
}
