import Reporting
import Results
import Testing

@Suite struct SecondStageTests {
  private func suspect(
    _ layer: String, _ level: GateFinding.Level = .layer, base: Double, lower: Double?
  ) -> GateFinding {
    let key = makeRow(layer, stage: layer, pair: 0, base: nil, head: nil).key
    var finding = GateFinding(level: level, key: key, marginPercent: 5)
    (finding.baseNanoseconds, finding.ratio, finding.lower) = (base, 1.3, lower)
    return finding
  }

  /// The net costs most, then conv2, conv1 and the short norm1.
  private var suspects: [GateFinding] {
    [
      suspect("net", .net, base: 9e6, lower: 1.2), suspect("norm1", base: 1e5, lower: 1.3),
      suspect("conv1", base: 2e6, lower: 1.1), suspect("conv2", base: 3e6, lower: nil),
    ]
  }

  private func chosen(seconds: Double) -> [String] {
    secondStage(suspects, seconds: seconds) { 10 * Double($0.count) }.map(\.key.layer)
  }

  @Test("With time for all, all are measured again")
  func all() { #expect(chosen(seconds: 40) == ["conv2", "conv1", "norm1", "net"]) }

  @Test("With less, the layers that cost most come first, and the net last")
  func some() { #expect(chosen(seconds: 29) == ["conv2", "conv1"]) }

  @Test("With no time one is measured all the same")
  func one() { #expect(chosen(seconds: -5) == ["conv2"]) }

  @Test("A long one that does not fit leaves its place to a short one")
  func fits() {
    let some = secondStage(suspects, seconds: 5) { findings in
      findings.reduce(0) { $0 + ($1.key.layer == "conv1" ? 9 : 2) }
    }
    #expect(some.map(\.key.layer) == ["conv2", "norm1"])
  }
}
