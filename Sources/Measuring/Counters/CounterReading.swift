/// What became of one event that was asked for.
package enum CounterStatus: String, Sendable, CaseIterable, Codable {
  /// Counted all the time, on all threads.
  case ok
  /// Counted part of the time and extrapolated, since that was allowed.
  case scaled
  /// Counted by callgrind on other code than runs outside of it.
  case advisory
  /// Counted, but not all the time or not on all threads, so that the value would be too low.
  case withheld
  /// Cannot be counted here.
  case unavailable

  /// Whether there is a value.
  package var hasValue: Bool { self == .ok || self == .scaled || self == .advisory }
}

/// Whose work an event counts.
package enum CounterScope: String, Sendable, CaseIterable, Codable {
  /// Each thread of this process, the kernel on its behalf included.
  case userAndKernel = "user+kernel"
  /// Each thread of this process, without the kernel.
  case user
  /// The process as the system keeps account of it.
  case process
  /// A simulated processor.
  case simulated
}

/// One event over a number of calls, summed over threads.
package struct CounterReading: Hashable, Sendable, Codable {
  package var source: String
  package var event: String
  package var status: CounterStatus
  /// Why the status is not `ok`, and what to do; empty when it is.
  package var reason: String
  /// Total over the calls; nil when the status has none.
  package var value: Int?
  package var callCount: Int
  package var scope: CounterScope?
  /// Threads whose work is in the value.
  package var threadsCounted: Int?
  /// Threads of the process before or after the calls.
  package var threadsSeen: Int?
  /// How long the event was switched on, and how long it was counted; the sum over threads. Nil
  /// where the source does not tell.
  package var enabledNanoseconds: Int?
  package var runningNanoseconds: Int?

  package init(
    source: String, event: String, status: CounterStatus, reason: String = "", value: Int? = nil,
    callCount: Int = 0, scope: CounterScope? = nil, threadsCounted: Int? = nil,
    threadsSeen: Int? = nil, enabledNanoseconds: Int? = nil, runningNanoseconds: Int? = nil
  ) {
    self.source = source
    self.event = event
    self.status = status
    self.reason = reason
    self.value = value
    self.callCount = callCount
    self.scope = scope
    self.threadsCounted = threadsCounted
    self.threadsSeen = threadsSeen
    self.enabledNanoseconds = enabledNanoseconds
    self.runningNanoseconds = runningNanoseconds
  }

  static func unavailable(_ source: String, _ event: String, _ reason: String) -> CounterReading {
    CounterReading(source: source, event: event, status: .unavailable, reason: reason)
  }
}
