import Results

/// What holds a workload up, as far as the files tell.
enum Bottleneck {
  /// From this share of its roof on a workload is said to be at it.
  private static let nearRoof = 70.0
  /// From this share of the time on a phase is worth naming.
  private static let largePhase = 30.0
  /// Below so many instructions per cycle the processor waits most of the time.
  private static let lowIPC = 1.0
  /// Below this share of the processors asked for, a workload waits.
  private static let idleShare = 0.75

  /// A roof in words.
  static func name(_ bound: String) -> String {
    switch bound {
    case "compute": "peak arithmetic"
    case "memory": "the bandwidth of memory"
    default: "the bandwidth of \(bound)"
    }
  }

  /// One sentence.
  static func sentence(_ row: SummaryRow, files: RunFiles, among rows: [SummaryRow]) -> String {
    let facts = row.workload.facts
    if !facts.delegatedTo.isEmpty {
      return "\(row.key.backend) handed the layer to \(facts.delegatedTo), whose line says more."
    }
    let phases = files.phases.filter { $0.key == row.key }
    let beside = phases.filter { $0.phase != "gemm" }.max { $0.sharePercent < $1.sharePercent }
    let products = phases.first { $0.phase == "gemm" }
    let bound = name(row.work.bound)
    let subject = row.key.backend
    if let percent = row.work.percentOfRoof {
      // Direct methods leave out products with padding only, and are at the roof then.
      if percent > 100, row.work.executesFewer {
        return "\(subject) is faster than \(bound) allows direct convolution to be, because its "
          + "algorithm needs fewer operations\(because(beside))."
      }
      if percent >= nearRoof { return "\(subject) is bound by \(bound)." }
    }
    func counted(_ event: String) -> Double? {
      files.counters.first {
        $0.key == row.key && $0.source == CounterRow.derivedSource && $0.event == event
          && $0.status == "ok" && $0.scope != "simulated"
      }?.perCall
    }
    if let cpus = counted("cpus_used"), cpus < idleShare * Double(row.key.threads) {
      let count = row.key.threads == 1 ? "its processor" : "\(row.key.threads) processors"
      return
        "\(subject) had \(count) for \(NumberText.percent(100 * cpus / Double(row.key.threads)))"
        + " % of the time while counting: it waits, or other programs run\(remainder(row))."
    }
    // Only where there are multiply-adds beside which it could be overhead.
    if products != nil, let beside, beside.sharePercent >= largePhase {
      return "\(subject) spends \(NumberText.percent(beside.sharePercent)) % of its time in "
        + "\(beside.phase), outside the multiply-adds\(remainder(row))."
    }
    if let faults = counted("page_faults_per_call"), faults >= 1 {
      return "\(subject) takes \(NumberText.count(faults)) page faults in every call: memory is "
        + "mapped anew while it computes\(remainder(row))."
    }
    if let ipc = counted("ipc"), ipc < lowIPC {
      return "\(subject) waits: \(NumberText.rate(ipc)) instructions per cycle\(remainder(row))."
    }
    guard let percent = row.work.percentOfRoof else {
      return "The run does not say what binds \(subject): "
        + (row.work.roofReason.isEmpty ? "no roof is known." : "\(row.work.roofReason).")
    }
    let hint =
      phases.isEmpty || counted("ipc") == nil
      ? "; a run with --breakdown, and with --counters on a machine that has them, tells more" : ""
    return "\(subject) is below every roof (\(NumberText.percent(percent)) % of \(bound)): "
      + "overhead or waiting inside the kernel holds it up\(hint)."
  }

  private static func because(_ phase: PhaseRow?) -> String {
    guard let phase else { return "" }
    return "; besides the products most time goes to \(phase.phase) "
      + "(\(NumberText.percent(phase.sharePercent)) %)"
  }

  private static func remainder(_ row: SummaryRow) -> String {
    guard let percent = row.work.percentOfRoof else { return "" }
    return "; it reaches \(NumberText.percent(percent)) % of what \(name(row.work.bound)) allows"
  }
}

extension WorkSummary {
  /// Whether the method needs fewer operations than direct convolution, as far as is known: methods
  /// whose operations nobody counts are such.
  fileprivate var executesFewer: Bool {
    guard let flopsExecuted, let flopsAlgorithmic else { return true }
    return flopsExecuted < flopsAlgorithmic
  }
}
