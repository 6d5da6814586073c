import CSupport
import Execution
import Networks
import Results

/// Workloads of another host, and beside them those of programs, each in a process of its own.
///
/// The processes live as long as this, so that programs take turns with all others round by round;
/// before anything is timed, it waits until none of the others uses a processor.
package final class RoutingHost: WorkloadHost {
  private let base: any WorkloadHost
  private let programs: [String: ExternalProgram]
  private let timeout: Duration
  private var workers: [WorkerKey: ProgramWorker] = [:]
  private var routes: [Int: Route] = [:]
  private var lastHandle = 0
  private let steal = StealClock()

  /// Libraries count processors and start threads once, so each number of threads is a process.
  private struct WorkerKey: Hashable {
    var name: String
    var threads: Int
  }

  /// Where a workload is.
  private enum Route {
    case base(Int)
    case program(ProgramRoute)
    /// Nobody computes anything.
    case elided
  }

  /// A workload of a program.
  private struct ProgramRoute {
    var key: WorkerKey
    /// Of the process that knows the handle.
    var generation: Int
    var handle: Int
    var graph: Graph
    var prepared: PreparedWorkload
    var request: WorkloadRequest

    func isSame(as other: ProgramRoute) -> Bool {
      (key, generation, handle) == (other.key, other.generation, other.handle)
    }
  }

  /// - Parameters:
  ///   - base: prepares what is no program's; closed with this.
  ///   - backends: those with a program are routed to it.
  ///   - timeout: longest wait for a program's answer.
  package init(
    base: any WorkloadHost, backends: [any Backend], timeout: Duration? = nil
  ) {
    self.base = base
    self.timeout = timeout ?? ProgramWorker.standardTimeout
    programs = Dictionary(
      backends.compactMap { backend in backend.program.map { (backend.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  package func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload {
    // A copy of a backend, NAME#2, runs what NAME runs.
    let name = RepeatedBackend.baseName(of: request.backend)
    guard let program = programs[name] else {
      var prepared = try base.prepare(request)
      prepared.handle = add(.base(prepared.handle))
      return prepared
    }
    guard request.cache != .cold else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "a program has no inputs and outputs of its own for every call; cold-weights works")
    }
    if let twin = instance(for: request) {
      var prepared = twin.prepared
      prepared.handle = add(.program(twin))
      return prepared
    }
    let whole = try request.resolveGraph()
    let graph = try request.layer.map { whole.single(try whole.node(named: $0)) } ?? whole
    if graph.nodes.allSatisfy({ $0.layer.spec.kind == .dropout }) {
      var prepared = PreparedWorkload(
        handle: 0, isa: "external", facts: WorkloadFacts(), coverage: coverage(of: graph),
        errorAmplification: 1, errorTile: 1)
      prepared.handle = add(.elided)
      return prepared
    }
    let key = WorkerKey(name: name, threads: request.threads)
    let worker = self.worker(key, program)
    let file = try ModelFile(request, graph: graph)
    var message = request
    message.backend = name
    message.model = file.model
    message.cpus = try Placement(cpus: request.cpus).cpus
    var prepared = try worker.ask(nil) { try $0.prepare(message) }
    if prepared.coverage.isEmpty { prepared.coverage = coverage(of: graph) }
    if let flaw = prepared.flaw(in: graph) { throw failed(key, flaw) }
    prepared.handle = add(
      .program(
        ProgramRoute(
          key: key, generation: worker.generation, handle: prepared.handle, graph: graph,
          prepared: prepared, request: request)))
    return prepared
  }

  /// The workload that a name such as `onnxruntime@2` is a second name of, if it is there.
  private func instance(for request: WorkloadRequest) -> ProgramRoute? {
    guard RepeatedBackend.sharesInstance(request.backend) else { return nil }
    return programRoutes.first { route in
      var first = request
      first.backend = RepeatedBackend.baseName(of: request.backend)
      first.tiles = route.request.tiles
      return first == route.request && workers[route.key]?.generation == route.generation
    }
  }

  private var programRoutes: [ProgramRoute] {
    routes.values.compactMap { route in
      guard case .program(let route) = route else { return nil }
      return route
    }
  }

  private func add(_ route: Route) -> Int {
    lastHandle += 1
    routes[lastHandle] = route
    return lastHandle
  }

  private func coverage(of graph: Graph) -> [LayerCoverage] {
    graph.nodes.map { node in
      let isElided = node.layer.spec.kind == .dropout
      return LayerCoverage(
        layer: node.layer.name, status: isElided ? .elided : .ok,
        reason: isElided ? "identity in inference" : "")
    }
  }

  /// The process for a number of threads; those for other numbers that hold nothing make room.
  private func worker(_ key: WorkerKey, _ program: ExternalProgram) -> ProgramWorker {
    let used = programRoutes.map(\.key)
    for (other, worker) in workers where other != key && !used.contains(other) { worker.close() }
    if let worker = workers[key] { return worker }
    let worker = ProgramWorker(name: key.name, program: program, timeout: timeout)
    workers[key] = worker
    return worker
  }

  package func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues] {
    switch try route(handle) {
    case .base(let handle): return try base.outputs(handle, images: images)
    case .elided: return []
    case .program(let route):
      let graph = route.graph
      // Where a layer mixes images, a part of them says nothing.
      let images = graph.mixesImages ? nil : images
      let blobs = try ask(route) { try $0.outputs(route.handle, images: images) }
      // Whatever comes from outside is looked at before it is used as an index.
      let known = graph.values.indices
      if let blob = blobs.first(where: { !known.contains($0.value) }) {
        throw failed(route.key, "it gave a value \(blob.value), of which there are \(known.count)")
      }
      let missing = graph.outputs.first { value in !blobs.contains { $0.value == value } }
      if let missing {
        throw failed(route.key, "it did not give blob '\(graph.values[missing].blob)'")
      }
      return blobs
    }
  }

  package func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement {
    let route = try route(handle)
    let isQuiet = waitForQuiet()
    switch route {
    case .base(let handle):
      var measured = try base.time(handle, block)
      if !isQuiet { measured.isContaminated = true }
      return measured
    case .elided: throw MeasuringError.usage("there is nothing to time")
    case .program(let route):
      return try watched(block, isQuiet) { request in
        try ask(route) { try $0.time(route.handle, request) }
      }
    }
  }

  package func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement {
    let route = try route(handle)
    let isQuiet = waitForQuiet()
    switch route {
    case .base(let handle):
      var measured = try base.timeSteps(handle, block)
      if !isQuiet { measured.block.isContaminated = true }
      return measured
    case .elided: throw MeasuringError.usage("there is nothing to time")
    case .program(let route):
      var times: [Int] = []
      let stepCount = route.prepared.steps.count
      guard stepCount > 0 else {
        throw MeasuringError.usage("\(route.key.name) does not tell how long its steps take")
      }
      let measured = try watched(block, isQuiet) { request in
        let steps = try ask(route) { try $0.timeSteps(route.handle, request) }
        times = steps.stepNanoseconds
        return steps.block
      }
      guard times.count == stepCount else {
        throw failed(route.key, "it timed \(times.count) steps where it has \(stepCount)")
      }
      let shares = block.stepHandicaps + [Double](repeating: 0, count: times.count)
      return StepMeasurement(
        block: measured,
        stepNanoseconds: zip(times, shares).map { Int(Double($0) * (1 + $1)) })
    }
  }

  /// What a program need not know to time a block: the state of the machine, and handicaps.
  private func watched(
    _ block: BlockRequest, _ isQuiet: Bool,
    _ time: (BlockRequest) throws -> BlockMeasurement
  ) throws -> BlockMeasurement {
    var request = block
    request.handicap = 0
    request.stepHandicaps = []
    let probe = alex_clock_probe_ns(BlockTimer.probeCycles)
    let before = steal.read()
    var measured = try time(request)
    let stolen = before.flatMap { first in steal.read().map { $0 - first } }
    measured.stealNanoseconds = measured.stealNanoseconds ?? stolen
    if measured.clockGHz == 0 {
      measured.clockGHz = Double(BlockTimer.probeCycles) / Double(max(probe, 1))
    }
    measured.wallNanoseconds = Int(Double(measured.wallNanoseconds) * (1 + block.handicap))
    if !isQuiet || (measured.stealNanoseconds ?? 0) > 0 || measured.switches > 0
      || measured.migrations > 0
    {
      measured.isContaminated = true
    }
    return measured
  }

  /// Programs have no phases that they could tell.
  package func phases(_ handle: Int, calls: Int) throws -> [PhaseTime] {
    guard case .base(let handle) = try route(handle) else { return [] }
    _ = waitForQuiet()
    return try base.phases(handle, calls: calls)
  }

  package func counters(
    _ handle: Int, _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    guard case .base(let handle) = try route(handle) else {
      return requests.flatMap { request in
        request.events.map {
          CounterReading(
            source: request.source, event: $0, status: .unavailable,
            reason: "a program runs in a process of its own, which is not counted")
        }
      }
    }
    _ = waitForQuiet()
    return try base.counters(
      handle, requests, calls: calls, allowsMultiplexing: allowsMultiplexing)
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    _ = waitForQuiet()
    return try base.roofs(request)
  }

  package func release(_ handle: Int) throws {
    let route = try route(handle)
    routes[handle] = nil
    switch route {
    case .base(let handle): try base.release(handle)
    case .elided: break
    case .program(let route):
      // Another name may still use it.
      if programRoutes.contains(where: route.isSame) { return }
      try ask(route) { try $0.release(route.handle) }
    }
  }

  package func close() {
    for worker in workers.values { worker.close() }
    workers = [:]
    routes = [:]
    base.close()
  }

  /// - Returns: false when a program, or a thread of this process, still used a processor at the cap.
  private func waitForQuiet() -> Bool {
    let others = workers.values.compactMap(\.processID)
    guard !others.isEmpty else { return true }
    let baseProcess = (base as? WorkerHost)?.processID
    return Quiescence.wait(processes: others + [baseProcess].compactMap { $0 })
  }

  private func ask<Answer>(
    _ route: ProgramRoute, _ body: (WorkerHost) throws -> Answer
  ) throws -> Answer {
    guard let worker = workers[route.key] else {
      throw failed(route.key, "its process has ended")
    }
    return try worker.ask(route.generation, body)
  }

  private func failed(_ key: WorkerKey, _ reason: String) -> MeasuringError {
    .workload(status: .failed, reason: "\(key.name): \(reason)")
  }

  private func route(_ handle: Int) throws -> Route {
    guard let route = routes[handle] else { throw MeasuringError.unknownHandle(handle) }
    return route
  }
}
