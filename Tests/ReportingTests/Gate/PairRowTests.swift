import Reporting
import Results
import Testing

@Suite struct PairRowTests {
  @Test("Pairs are read back as they were written, and decided the same")
  func roundTrip() throws {
    let pool = PairPool.made(pairs: 20, spread: 0.01, seed: 9)
    var generator = SeededGenerator(seed: 10)
    var rows = pool.check(pairs: 0..<12, factors: ["conv2": 1.2], using: &generator)
    rows[0].status = .failed
    rows[0].reason = "head: \"wrong\", at 1,2"
    rows[0].base.nanoseconds = nil
    rows[0].head.nanoseconds = nil
    rows[1].ratio = 1.25
    rows[1].neighbourCount = 30
    rows[1].head.isSteady = false
    rows[1].head.contaminatedCount = 2
    let read = try Schema.pairs.rows(in: Schema.pairs.text(rows), file: "pairs.csv")
    #expect(read == rows)
    #expect(judge(read) == judge(rows))
  }

  @Test("Exceptions are read from a file, and what is wrong in it is named")
  func policy() throws {
    let header = "schema_version,network,backend,layer,margin_pct,mute,reason\n"
    let rows = try Schema.policy.rows(
      in: header + "1,,simd,conv3,10,0,noisy there\n1,,,prob,,1,tiny\n", file: ".alexbench.csv")
    #expect(
      rows == [
        PolicyRow(backend: "simd", layer: "conv3", marginPercent: 10, reason: "noisy there"),
        PolicyRow(layer: "prob", isMuted: true, reason: "tiny"),
      ])
    #expect(throws: ResultsError.self) {
      try Schema.policy.rows(in: header + "1,,,prob,much,0,\n", file: ".alexbench.csv")
    }
  }
}
