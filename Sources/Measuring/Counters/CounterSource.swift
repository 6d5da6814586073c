/// A rung of the ladder: something that counts events over calls.
package protocol CounterSource: AnyObject {
  /// As `--counters` takes it.
  var name: String { get }
  /// One line.
  var summary: String { get }
  /// Whether it is too slow to be asked without being named.
  var isOnRequest: Bool { get }
  /// Events that are listed, and counted when none is named.
  var defaultEvents: [String] { get }
  /// Events that may be named; nil when only the source itself can tell.
  var knownEvents: [String]? { get }

  /// Why an event cannot be counted here, and what to do; nil when it can.
  func unavailability(of event: String) -> String?

  /// Counts over calls of `body`, for as many groups of events as it takes `calls` calls each.
  /// - Parameter allowsMultiplexing: whether values counted part of the time are extrapolated,
  ///   rather than withheld.
  /// - Returns: one reading per event, in order.
  func count(_ events: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void)
    -> [CounterReading]
}

extension CounterSource {
  package var isOnRequest: Bool { false }
}

/// The sources, best first.
package enum CounterCatalog {
  /// All that there are; each call makes new ones.
  package static func all() -> [any CounterSource] {
    [
      PAPISource(), PerfSource(.hardware), PerfSource(.software), ProcessSource(),
      CallgrindSource(),
    ]
  }
}

/// Events of one source, as they were asked for.
package struct CounterRequest: Hashable, Sendable, Codable {
  package var source: String
  package var events: [String]
  package init(source: String, events: [String]) {
    self.source = source
    self.events = events
  }
}
