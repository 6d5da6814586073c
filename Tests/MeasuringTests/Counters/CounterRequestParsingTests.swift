import Measuring
import Testing

/// A source of the tests.
private final class TestSource: CounterSource {
  let name: String
  let summary = "for tests"
  let isOnRequest: Bool
  let defaultEvents = ["a", "b"]
  let knownEvents: [String]?
  private let reasons: [String: String]

  init(
    _ name: String, isOnRequest: Bool = false, knownEvents: [String]? = ["a", "b", "c"],
    reasons: [String: String] = [:]
  ) {
    self.name = name
    self.isOnRequest = isOnRequest
    self.knownEvents = knownEvents
    self.reasons = reasons
  }

  func unavailability(of event: String) -> String? { reasons[event] }

  func count(_ events: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void)
    -> [CounterReading]
  {
    []
  }
}

@Suite struct CounterRequestParsingTests {
  private func requests(_ texts: [String], _ reasons: [String: String] = [:]) throws
    -> [CounterRequest]?
  {
    try CounterRequest.parse(
      texts,
      sources: [
        TestSource("one", reasons: reasons), TestSource("any", knownEvents: nil),
        TestSource("slow", isOnRequest: true),
      ])
  }

  @Test("auto asks all sources but the slow ones, and takes no for an answer")
  func auto() throws {
    let usual = [
      CounterRequest(source: "one", events: ["a", "b"]),
      CounterRequest(source: "any", events: ["a", "b"]),
    ]
    #expect(try requests(["auto"]) == usual)
    #expect(try requests(["auto"], ["a": "no", "b": "no"]) == usual)
    #expect(
      try requests(["auto", "slow:c", "one:a,c"])
        == [
          CounterRequest(source: "one", events: ["a", "b", "c"]), usual[1],
          CounterRequest(source: "slow", events: ["c"]),
        ])
  }

  @Test("Without the option, and with none, there are none")
  func none() throws {
    #expect(try requests([]) == nil)
    #expect(try requests(["none"]) == nil)
    #expect(throws: MeasuringError.self) { try requests(["none", "auto"]) }
  }

  @Test("Events may have colons; a source alone means its usual events")
  func names() throws {
    #expect(
      try requests(["any:x::y,z"]) == [CounterRequest(source: "any", events: ["x::y", "z"])])
    #expect(try requests(["slow"]) == [CounterRequest(source: "slow", events: ["a", "b"])])
    #expect(
      try requests(["one"], ["a": "no"]) == [CounterRequest(source: "one", events: ["a", "b"])])
  }

  @Test("What is named must be there, or the reason is the error")
  func unavailable() {
    #expect(
      throws: MeasuringError.unavailable("counter one:b is not available: no PMU; get one")
    ) { try requests(["one:a,b"], ["b": "no PMU; get one"]) }
    #expect(throws: MeasuringError.unavailable("counters of one are not available: no")) {
      try requests(["one"], ["a": "no", "b": "no"])
    }
  }

  @Test("Unknown sources and events are usage", arguments: ["on:a", "one:d", "one:", "two"])
  func unknown(text: String) {
    #expect {
      try requests([text])
    } throws: { error in
      switch error as? MeasuringError {
      case .unknown, .usage: true
      default: false
      }
    }
  }
}
