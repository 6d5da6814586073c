import CSupport

/// Counts events over calls of a workload in this process.
final class CounterPass {
  private lazy var sources = CounterCatalog.all()

  func count(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool, _ workload: LocalWorkload
  ) throws -> [CounterReading] {
    try requests.flatMap { request in
      try NameSuggestion.resolve(
        [request.source], what: "counter source", known: sources.map(\.name))
      guard let source = sources.first(where: { $0.name == request.source }) else {
        throw MeasuringError.usage("no counter source '\(request.source)'")
      }
      // A simulated processor has caches of its own, and is too slow for calls in vain.
      if !source.isOnRequest {
        _ = Quiescence.wait()
        let start = alex_monotonic_ns()
        repeat { workload.run() } while alex_monotonic_ns() - start < BlockTimer.primeNanoseconds
      }
      return source.count(request.events, calls: calls, allowsMultiplexing: allowsMultiplexing) {
        workload.run()
      }
    }
  }
}
