import CSupport
import FakePAPI
import Measuring
import Testing

/// One at a time: the library of the test is scripted for the whole process.
@Suite(.serialized) struct PAPITests {
  private static let release: Int32 = 0x0700_0000

  private func source(
    capacity: Int32 = 4, isDisabled: Bool = false, isMultiplexed: Bool = false,
    refusesThreads: Bool = false, threads: Int = 3,
    host: CounterHost = CounterHost(paranoid: 2, hasPMU: true)
  ) -> PAPISource {
    let papi = fake_papi(
      fake_papi_script(
        release: Self.release, capacity: capacity, is_disabled: isDisabled ? 1 : 0,
        is_multiplexed: isMultiplexed ? 1 : 0, refuses_threads: refusesThreads ? 1 : 0))
    return PAPISource(
      open: { () throws(PAPILibrary.Missing) in
        try PAPILibrary(papi, release: "7.0", number: Self.release)
      }, host: host, threads: { (100..<100 + Int32(threads)).map { $0 } })
  }

  @Test("Events are summed over all threads, in the order asked for")
  func counts() {
    var calls = 0
    let readings = source().count(
      ["PAPI_E5", "PAPI_E2"], calls: 7, allowsMultiplexing: false
    ) { calls += 1 }
    #expect(readings.map(\.event) == ["PAPI_E5", "PAPI_E2"])
    #expect(readings.map(\.value) == [15, 6])
    #expect(readings.allSatisfy { $0.status == .ok && $0.reason.isEmpty && $0.callCount == 7 })
    #expect(readings.allSatisfy { $0.threadsCounted == 3 && $0.threadsSeen == 3 })
    #expect(calls == 7)
    #expect(fake_papi_open_sets() == 0)
  }

  @Test("More events than counters are counted in turns, each with calls of its own")
  func turns() {
    var calls = 0
    let events = (1...5).map { "PAPI_E\($0)" }
    let readings = source(capacity: 2).count(events, calls: 10, allowsMultiplexing: false) {
      calls += 1
    }
    #expect(readings.map(\.value) == [3, 6, 9, 12, 15])
    #expect(readings.allSatisfy { $0.callCount == 10 })
    #expect(calls == 30)
    #expect(fake_papi_open_sets() == 0)
  }

  @Test("An unknown event has a reason and no value, and keeps no other from being counted")
  func unknown() {
    let readings = source().count(
      ["PAPI_XYZ", "PAPI_E1"], calls: 1, allowsMultiplexing: false, {})
    #expect(readings.map(\.status) == [.unavailable, .ok])
    #expect(readings.map(\.value) == [nil, 3])
    #expect(readings[0].reason.contains("Event does not exist"))
    #expect(source().unavailability(of: "PAPI_XYZ")?.contains("papi_avail") == true)
    #expect(source().unavailability(of: "PAPI_E1") == nil)
    #expect(fake_papi_open_sets() == 0)
  }

  @Test("A set that takes no event at all ends, with a reason for each")
  func noCounters() {
    let readings = source(capacity: 0).count(
      ["PAPI_E1", "PAPI_E2"], calls: 1, allowsMultiplexing: false, {})
    #expect(readings.map(\.status) == [.unavailable, .unavailable])
    #expect(readings.allSatisfy { $0.value == nil && $0.reason.contains("resource limits") })
  }

  @Test("A disabled component says why, and what else there is")
  func disabled() {
    let here = source(isDisabled: true)
    let known = here.count(["PAPI_E1"], calls: 1, allowsMultiplexing: false, {})
    #expect(known[0].status == .unavailable && known[0].value == nil)
    #expect(known[0].reason.contains("no default PMU found"))
    #expect(known[0].reason.contains("--counters perf-hardware"))
    let virtual = source(isDisabled: true, host: CounterHost(paranoid: 2, hasPMU: false))
    #expect(virtual.unavailability(of: "PAPI_E1")?.contains("virtual machines") == true)
    let locked = source(isDisabled: true, host: CounterHost(paranoid: 4, hasPMU: true))
    #expect(
      locked.unavailability(of: "PAPI_E1")?.contains("kernel.perf_event_paranoid=4") == true)
  }

  @Test("Multiplexed values are withheld, or marked where that is allowed")
  func multiplexed() {
    let withheld = source(isMultiplexed: true).count(
      ["PAPI_E3"], calls: 1, allowsMultiplexing: false, {})
    #expect(withheld[0].status == .withheld && withheld[0].value == nil)
    #expect(withheld[0].reason.contains("--allow-multiplexing"))
    let scaled = source(isMultiplexed: true).count(
      ["PAPI_E3"], calls: 1, allowsMultiplexing: true, {})
    #expect(scaled[0].status == .scaled && scaled[0].value == 9 && !scaled[0].reason.isEmpty)
  }

  @Test("A count without some threads is too low and withheld")
  func lostThreads() {
    let readings = source(refusesThreads: true).count(
      ["PAPI_E3"], calls: 1, allowsMultiplexing: true, {})
    #expect(readings[0].status == .withheld && readings[0].value == nil)
    #expect(readings[0].threadsCounted == 1 && readings[0].threadsSeen == 3)
    #expect(readings[0].reason == "1 of 3 threads could be counted")
  }

  @Test("Another release of the library, or none, is a reason with a fix")
  func missing() {
    let papi = fake_papi(
      fake_papi_script(
        release: 0x0600_0000, capacity: 1, is_disabled: 0, is_multiplexed: 0, refuses_threads: 0))
    #expect(throws: PAPILibrary.Missing.self) {
      try PAPILibrary(papi, release: "7.0", number: Self.release)
    }
    #expect {
      try PAPILibrary.open([("/proc/nonexistent/libpapi.so", "7.0", Self.release)])
    } throws: {
      "\($0)".contains("apt-get install libpapi7.0")
    }
    #expect {
      try PAPILibrary.open([("libm.so.6", "7.0", Self.release)])
    } throws: {
      "\($0)".contains("lacks PAPI_library_init")
    }
  }

  @Test("The machine's own PAPI counts presets on all threads, or says why not")
  func real() {
    let source = PAPISource()
    let readings = source.count(
      source.defaultEvents + ["PAPI_NONSENSE"], calls: 3, allowsMultiplexing: false, {})
    #expect(readings.count == source.defaultEvents.count + 1)
    for reading in readings {
      #expect(reading.status.hasValue == (reading.value != nil), "\(reading)")
      #expect((reading.status == .ok) == reading.reason.isEmpty, "\(reading)")
    }
    #expect(readings.last?.status == .unavailable)
    if !CounterHost.current.hasPMU {
      #expect(readings.allSatisfy { $0.status == .unavailable })
    }
  }
}
