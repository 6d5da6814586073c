import CSupport
import Measuring
import Testing

@Suite struct ProcessSourceTests {
  @Test("The system's account covers every event, with time that passed")
  func counts() throws {
    let source = ProcessSource()
    let readings = source.count(
      source.defaultEvents, calls: 3, allowsMultiplexing: false
    ) { _ = alex_clock_probe_ns(10_000_000) }
    #expect(readings.map(\.event) == source.defaultEvents)
    for reading in readings {
      #expect(reading.status.hasValue == (reading.value != nil), "\(reading)")
      #expect(reading.value ?? 0 >= 0)
    }
    let wall = try #require(readings[0].value)
    let user = try #require(readings[1].value)
    // Three chains of ten million cycles.
    #expect(wall > 3_000_000 && user > 1_000_000)
  }

  @Test("An unknown event has a reason and no value")
  func unknown() {
    let reading = ProcessSource().count(["x"], calls: 1, allowsMultiplexing: false, {})[0]
    #expect(reading.status == .unavailable && reading.value == nil)
    #expect(reading.reason.contains("user-time"))
  }
}
