import Reporting
import Results
import Testing

@Suite struct DerivedCountersTests {
  private static let key = TestRun.key("conv1", index: 0)

  private static func row(
    _ source: String, _ event: String, _ perCall: Double?, status: String = "ok",
    scope: String = "user"
  ) -> CounterRow {
    CounterRow(
      key: key, source: source, event: event, perCall: perCall, scope: scope, status: status)
  }

  private func derived(_ rows: [CounterRow]) -> [String: Double] {
    var run = TestRun()
    // 2000 FLOP, 1000 multiply-adds.
    run.addLayer("conv1", index: 0, flops: 2000)
    let rows = DerivedCounters.rows(rows, layers: run.layers)
    #expect(rows.allSatisfy { $0.source == "derived" && $0.value == nil })
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.event, $0.perCall ?? .nan) })
  }

  @Test("PAPI's presets give rates, per operation and per instruction")
  func papi() {
    let values = derived([
      Self.row("papi", "PAPI_TOT_INS", 4000), Self.row("papi", "PAPI_TOT_CYC", 2000),
      Self.row("papi", "PAPI_L1_DCM", 40), Self.row("papi", "PAPI_L3_TCM", 8),
      Self.row("papi", "PAPI_SP_OPS", 1000),
    ])
    #expect(
      values == [
        "ipc": 2, "l1_misses_per_kilo_instruction": 10, "llc_misses_per_kilo_instruction": 2,
        "executed_flops": 1000, "executed_per_direct_flop": 0.5,
        "bytes_per_flop": 64 * 8 / 2000.0, "instructions_per_multiply_add": 4,
      ])
  }

  @Test("What lacks a part is not there, and sources are not mixed")
  func parts() {
    #expect(derived([]).isEmpty)
    #expect(
      derived([
        Self.row("papi", "PAPI_TOT_CYC", 10), Self.row("perf-hardware", "instructions", 2000),
        Self.row("papi", "PAPI_TOT_INS", nil, status: "unavailable"),
      ]) == ["instructions_per_multiply_add": 2])
    #expect(
      derived([
        Self.row("rusage", "minor-faults", 3), Self.row("rusage", "major-faults", 1),
        Self.row("rusage", "user-time", 150), Self.row("rusage", "system-time", 50),
        Self.row("rusage", "wall-time", 100),
      ]) == ["page_faults_per_call": 4, "cpus_used": 2])
  }

  @Test("What comes from a simulation or an extrapolation says so")
  func marks() throws {
    let rows = DerivedCounters.rows(
      [
        Self.row("callgrind", "Ir", 100, status: "advisory", scope: "simulated"),
        Self.row("callgrind", "DLmr", 1, scope: "simulated"),
        Self.row("callgrind", "DLmw", 1, scope: "simulated"),
      ], layers: [])
    let row = try #require(rows.first)
    #expect(row.event == "llc_misses_per_kilo_instruction" && row.perCall == 20)
    #expect(row.status == "advisory" && row.scope == "simulated")
    #expect(row.reason == "from callgrind: DLmr+DLmw, Ir")
    // Derived rows are no parts of others.
    #expect(DerivedCounters.rows(rows, layers: []).isEmpty)
  }
}
