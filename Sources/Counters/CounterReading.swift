/// What became of one event that was asked for.
public enum CounterStatus: String, Sendable, CaseIterable, Codable {
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
  public var hasValue: Bool { self == .ok || self == .scaled || self == .advisory }
}

/// Whose work an event counts.
public enum CounterScope: String, Sendable, CaseIterable, Codable {
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
public struct CounterReading: Hashable, Sendable, Codable {
  public var source: String
  public var event: String
  public var status: CounterStatus
  /// Why the status is not `ok`, and what to do; empty when it is.
  public var reason: String
  /// Total over the calls; nil when the status has none.
  public var value: Int?
  public var callCount: Int
  public var scope: CounterScope?
  /// Threads whose work is in the value.
  public var threadsCounted: Int?
  /// Threads of the process before or after the calls.
  public var threadsSeen: Int?
  /// How long the event was switched on, and how long it was counted; the sum over threads. Nil
  /// where the source does not tell.
  public var enabledNanoseconds: Int?
  public var runningNanoseconds: Int?

  public init(
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
