import Reporting
import Results

enum SampleVerdict {
  /// A verdict with something of everything.
  static let everything: GateVerdict = {
    func finding(
      _ layer: String, _ backend: String = "simd", _ outcome: GateOutcome = .pass,
      _ reason: String = "", base: Double? = 2_000_000, ratio: Double? = 1.001,
      repeated: Double? = nil
    ) -> GateFinding {
      let row = makeRow(layer, stage: layer, backend: backend, pair: 0, base: nil, head: nil)
      var finding = GateFinding(
        level: layer == "net" ? .net : .layer, key: row.key, marginPercent: 5)
      finding.outcome = outcome
      finding.reason = reason
      finding.pairCount = ratio == nil ? 0 : 20
      finding.ratio = ratio
      finding.lower = ratio.map { $0 - 0.01 }
      finding.upper = ratio.map { $0 + 0.01 }
      finding.baseNanoseconds = base
      finding.headNanoseconds = base.flatMap { base in ratio.map { base * $0 } }
      finding.detectablePercent = ratio.map { _ in 1.5 }
      finding.repeatedRatio = repeated
      finding.repeatedPairCount = repeated == nil ? 0 : 20
      finding.isSuspect = repeated != nil
      finding.repro = row.repro
      return finding
    }
    func control(_ role: PairRole, _ layer: String, _ ratio: Double, _ isQuiet: Bool)
      -> ControlFinding
    {
      let key =
        role == .sentinel
        ? WorkloadKey.sentinel(layer) : finding(layer).key
      return ControlFinding(
        role: role, key: key, attempt: 1, pairCount: 20, ratio: ratio, lower: ratio - 0.004,
        upper: ratio + 0.004, isQuiet: isQuiet)
    }
    return GateVerdict(
      outcome: .failed, reason: "1 workload without a right result",
      findings: [
        finding("conv1", base: 1_830_000),
        finding(
          "conv3", "simd", .regression, "+15.2 %, at least +14.2 %; +14.9 % in the second",
          base: 2_330_000, ratio: 1.152, repeated: 1.149),
        finding(
          "conv4", "simd", .environment, "slower by 9.0 %, but a <control> is loud", ratio: 1.09),
        finding("conv5", "simd", .improvement, "−20.0 %", ratio: 0.8),
        finding("fc6", "simd", .muted, "muted: \"packing\" & more"),
        finding("net", base: 18_900_000, ratio: 1.018),
        finding(
          "conv2", "winograd", .failed, "failed: head: failed: output [0,1,2,3] is off",
          base: nil, ratio: nil),
        finding("conv3", "winograd", .inconclusive, "too noisy", ratio: 1.02),
      ],
      controls: [
        control(.control, "net", 1.002, true), control(.sentinel, "clock", 0.97, false),
      ])
  }()
}
