import Measuring
import Testing

@Suite struct CallgrindSourceTests {
  @Test("Totals are read from callgrind's file, with what it leaves out as zero")
  func totals() {
    let text = """
      # callgrind format
      events: Ir Dr Dw
      fn=(1) f
      3 100 20
      totals: 100 20
      """
    #expect(CallgrindSource.totals(text) == ["Ir": 100, "Dr": 20, "Dw": 0])
    #expect(CallgrindSource.totals("events: Ir\n") == nil)
    #expect(CallgrindSource.totals("") == nil)
  }

  @Test("Without valgrind there is a reason with the package, and no command")
  func missing() {
    let source = CallgrindSource(path: "/proc/nonexistent")
    #expect(source.command(["x"], file: "f", log: "l", simulatesCaches: false) == nil)
    #expect(source.unavailability(of: "Cycles")?.contains("Ir") == true)
    #if arch(x86_64)
      #expect(source.unavailability(of: "Ir")?.contains("apt-get install valgrind") == true)
    #endif
  }

  @Test("Outside of callgrind nothing is counted, and nothing is called")
  func outside() {
    var calls = 0
    let readings = CallgrindSource().count(["Ir"], calls: 1, allowsMultiplexing: false) {
      calls += 1
    }
    #expect(readings.map(\.status) == [.unavailable])
    #expect(readings[0].value == nil && calls == 0)
  }
}
