import OrderedCollections
import Results

/// Which plots of runs are wanted.
package struct PlotSelection: Sendable {
  package var kinds = PlotKind.allCases
  /// Nil = all.
  package var networks: [String]?
  package var batches: [Int]?
  package var threads: [Int]?
  /// The backend that ``PlotKind/speedup`` compares with; nil = that of `compare.csv`.
  package var base: String?

  package init() {}

  func contains(_ key: WorkloadKey) -> Bool {
    networks?.contains(key.network) != false && batches?.contains(key.batch) != false
      && threads?.contains(key.threads) != false
  }
}

/// Draws runs from their files alone.
///
/// There is a plot per kind and group – network, batch, threads and cache mode; only
/// ``PlotKind/scaling`` is over batches and threads. With several runs names begin with the run's.
/// - Throws: ``PlottingError/notInRun(what:name:known:)`` when a filter or the base fits no run.
package func draw(
  _ runs: [RunFiles], _ selection: PlotSelection = PlotSelection()
) throws(PlottingError) -> Drawing {
  try check(selection, runs)
  var drawing = Drawing()
  var names: Set<String> = []
  for files in runs {
    let view = RunView(selected(compared(files, with: selection.base), selection))
    for kind in PlotKind.allCases where selection.kinds.contains(kind) {
      let outcome = plots(of: kind, view)
      let label = runs.count > 1 ? "\(kind.rawValue) of \(files.environment.runID)" : kind.rawValue
      if outcome.plots.isEmpty { drawing.skipped.append("\(label): \(outcome.reason)") }
      for var plot in outcome.plots {
        if runs.count > 1 {
          plot.name = GnuplotText.fileName(files.environment.runID) + "-" + plot.name
        }
        // Two names may differ in what a file's name cannot hold.
        var number = 2
        let name = plot.name
        while !names.insert(plot.name.lowercased()).inserted {
          plot.name = "\(name)-\(number)"
          number += 1
        }
        drawing.plots.append(plot)
      }
    }
  }
  return drawing
}

/// The plots of a kind, or why there are none.
struct Outcome {
  var plots: [Plot] = []
  var reason: String
}

private func plots(of kind: PlotKind, _ view: RunView) -> Outcome {
  switch kind {
  case .time: timePlots(view)
  case .stages: stagePlots(view)
  case .roofline: rooflinePlots(view)
  case .speedup: speedupPlots(view)
  case .accuracy: accuracyPlots(view)
  case .samples: samplePlots(view)
  case .scaling: scalingPlots(view)
  case .phases: phasePlots(view)
  case .counters: counterPlots(view)
  }
}

/// The run with the comparisons of a base; of the whole run, since their intervals are corrected for
/// the number of comparisons, whichever are drawn.
private func compared(_ files: RunFiles, with base: String?) -> RunFiles {
  guard let base, files.compare.first?.baseline != base else { return files }
  var files = files
  files.compare = compare(
    samples: files.samples, workloads: files.workloads, base: base,
    rule: ComparisonRule(files.environment))
  return files
}

private func selected(_ files: RunFiles, _ selection: PlotSelection) -> RunFiles {
  guard selection.networks != nil || selection.batches != nil || selection.threads != nil else {
    return files
  }
  var files = files
  files.samples.removeAll { !selection.contains($0.key) }
  files.workloads.removeAll { !selection.contains($0.key) }
  files.summary.removeAll { !selection.contains($0.key) }
  files.phases.removeAll { !selection.contains($0.key) }
  files.counters.removeAll { !selection.contains($0.key) }
  files.compare.removeAll { !selection.contains($0.key) }
  return files
}

private func check(_ selection: PlotSelection, _ runs: [RunFiles]) throws(PlottingError) {
  let keys = runs.flatMap { $0.summary.map(\.key) }
  func check(
    _ what: String, _ wanted: [String]?, _ known: (WorkloadKey) -> String
  ) throws(PlottingError) {
    guard let wanted else { return }
    let there = OrderedSet(keys.map(known))
    for name in wanted where !there.contains(name) {
      throw .notInRun(what: what, name: name, known: Array(there))
    }
  }
  try check("network", selection.networks) { $0.network }
  try check("batch", selection.batches?.map(String.init)) { String($0.batch) }
  try check("number of threads", selection.threads?.map(String.init)) { String($0.threads) }
  try check("backend", selection.base.map { [$0] }) { $0.backend }
}
