/// What a plot shows.
package enum PlotKind: String, Sendable, CaseIterable {
  /// Time of each layer by backend, with intervals and single blocks.
  case time
  /// The full net as its steps, stacked by stage.
  case stages
  /// Rate over intensity below the measured roofs.
  case roofline
  /// Speed-up of every layer and backend against a base.
  case speedup
  /// Error over time.
  case accuracy
  /// Every timed block, and what was contaminated.
  case samples
  /// Images per second over threads and over the batch.
  case scaling
  /// Which phase takes which share.
  case phases
  /// Counted events per multiply-add.
  case counters
}

/// A picture as data: what gnuplot needs to draw it, and nothing that is elsewhere.
package struct Plot: Sendable {
  package var kind: PlotKind
  /// For a file, without extension: letters, digits, `.`, `_` and `-` only.
  package var name: String
  /// One line.
  package var title: String
  /// What a reader must know, host and commit included; stands below the picture as well.
  package var caption: String
  /// Pixels.
  package var width: Int
  package var height: Int
  /// Commands without a terminal: data blocks, then what draws them.
  ///
  /// Above each block a comment says what its columns are, `summary.csv:median_ns` for a field as it
  /// stands in the file. Columns without a file are places in the picture.
  package var data: String
  package var drawing: String

  /// A whole program that shows the plot in gnuplot's own window.
  package var script: String { data + drawing }
}

/// What a file holds.
package enum PlotFormat: String, Sendable, CaseIterable {
  case svg
  case png
}

/// Everything that was drawn, and what was not.
package struct Drawing: Sendable {
  package var plots: [Plot] = []
  /// A line for each plot that has no data, with the reason.
  package var skipped: [String] = []
}

/// What can go wrong with plots, one sentence each.
package enum PlottingError: Error, Equatable, CustomStringConvertible {
  case gnuplotMissing
  /// The system gives it no process, or no thread to wait for it.
  case cannotStart(reason: String)
  /// It ended with an error, or was killed.
  case gnuplotFailed(plot: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// Something was asked for that is not in the runs.
  case notInRun(what: String, name: String, known: [String])
  /// All plots were skipped.
  case nothingToDraw

  package var description: String {
    switch self {
    case .gnuplotMissing:
      return "gnuplot is not installed, and it draws the plots; apt-get install gnuplot-nox, or "
        + "the package of that name elsewhere"
    case .cannotStart(let reason): return "no plot can be drawn: \(reason)"
    case .gnuplotFailed(let plot, let reason):
      return "gnuplot could not draw '\(plot)': \(reason); no file of it was written"
    case .cannotWrite(let path, let reason):
      return "cannot write '\(path)': \(reason); choose another place or make space"
    case .notInRun(let what, let name, let known):
      return "no \(what) '\(name)' in the runs; there "
        + (known.count == 1 ? "is " : "are ") + known.joined(separator: ", ")
    case .nothingToDraw:
      return "the runs have no data for any of the plots; the lines above say why"
    }
  }
}
