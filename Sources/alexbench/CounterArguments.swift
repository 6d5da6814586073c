import ArgumentParser
import Measuring

/// Which events `run` counts.
struct CounterArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also count events, in separate calls: auto, none, or SOURCE[:EVENT,…]; may be repeated.",
      discussion: """
        auto uses PAPI, the kernel's hardware and software events, and the system's account of the \
        process, and records why an event cannot be counted here. Events that you name must be \
        available: papi:PAPI_TOT_INS, perf-hardware:cycles,instructions, perf-software, rusage, and \
        callgrind (slow: simulates one layer at a time). See 'alexbench list counters'. \
        (default: none)
        """, valueName: "counters"))
  var counters: [String] = []

  @Flag(
    help: """
      Extrapolate events that were counted only part of the time, and mark them. Without it they \
      are withheld.
      """)
  var allowMultiplexing = false

  /// Adds what is counted.
  func apply(to options: inout RunOptions) throws {
    options.counters = try CounterRequest.parse(counters)
    options.allowsMultiplexing = allowMultiplexing
    if allowMultiplexing, options.counters == nil {
      throw MeasuringError.usage("--allow-multiplexing needs --counters")
    }
  }
}

/// The table of `alexbench list counters`: every source with its events.
func counterList(_ sources: [any CounterSource] = CounterCatalog.all()) -> [[String]] {
  sources.flatMap { source in
    var last: String?
    return [[source.name, "", source.summary]]
      + (source.knownEvents ?? source.defaultEvents).map { event in
        guard let reason = source.unavailability(of: event) else { return ["  \(event)", "ready"] }
        defer { last = reason }
        return ["  \(event)", "unavailable", reason == last ? "for the same reason" : reason]
      }
  }
}
