import Foundation
import Processes

/// Draws plots with the program gnuplot, version 5.4 or newer, as a child process.
package struct Gnuplot: Sendable {
  private let path: String

  /// Finds the program.
  /// - Parameter searchPath: folders with colons between them; nil = the environment's `PATH`.
  /// - Throws: ``PlottingError/gnuplotMissing``.
  package init(searchPath: String? = nil) throws(PlottingError) {
    let folders = searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? ""
    let found = folders.split(separator: ":").map { "\($0)/gnuplot" }
      .first(where: FileManager.default.isExecutableFile)
    guard let found else { throw .gnuplotMissing }
    path = found
  }

  /// Longest time that a plot may take; the largest take a second.
  private static let timeLimit = Duration.seconds(60)

  /// Draws plots into files of a folder, `<name>.svg` and `<name>.png`, several at a time.
  ///
  /// Each is written beside its name and renamed once it is whole; whatever fails or is killed
  /// leaves an earlier file as it was.
  /// - Returns: the paths, in the order of the plots.
  /// - Throws: the first plot's error; the others are drawn all the same.
  package func write(
    _ plots: [Plot], _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder, reason: reason(error))
    }
    func draft(_ plot: Plot, _ format: PlotFormat) -> String {
      ".\(plot.name).\(format.rawValue).partial"
    }
    return try severalAtATime(plots) { plot throws(PlottingError) in
      try start(plot, formats, in: folder) { draft(plot, $0) }
    } finish: { plot, drawing throws(PlottingError) in
      let drafts = formats.map { (format: $0, path: "\(folder)/\(draft(plot, $0))") }
      defer { for draft in drafts { unlink(draft.path) } }
      try finish(plot, drawing)
      var paths: [String] = []
      for draft in drafts {
        let target = "\(folder)/\(plot.name).\(draft.format.rawValue)"
        try complete(draft.path, draft.format, of: plot, as: target)
        paths.append(target)
      }
      return paths
    }.flatMap { $0 }
  }

  /// Draws a plot into files of a folder, as ``write(_:_:to:)-([Plot],_,_)`` does.
  package func write(
    _ plot: Plot, _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    try write([plot], formats, to: folder)
  }

  /// Makes what was drawn the file of a plot, if it is whole.
  private func complete(
    _ draft: String, _ format: PlotFormat, of plot: Plot, as target: String
  ) throws(PlottingError) {
    switch format {
    case .svg:
      let text = SVGText.tidy(try whole(draft, plot), plot)
      do { try text.write(toFile: draft, atomically: false, encoding: .utf8) } catch {
        throw .cannotWrite(path: draft, reason: reason(error))
      }
    case .png: try checkPNG(draft, plot)
    }
    guard rename(draft, target) == 0 else {
      throw .cannotWrite(path: target, reason: String(cString: strerror(errno)))
    }
  }

  /// Plots as the texts of `svg` elements, to stand in a page beside others: ids begin with the
  /// plot's name. Several are drawn at a time.
  /// - Throws: the first plot's error.
  package func svg(_ plots: [Plot]) throws(PlottingError) -> [String] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-plot-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder.path, reason: reason(error))
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    return try severalAtATime(plots) { plot throws(PlottingError) in
      try start(plot, [.svg], in: folder.path) { "\(plot.name).\($0.rawValue)" }
    } finish: { plot, drawing throws(PlottingError) in
      try finish(plot, drawing)
      let file = folder.appendingPathComponent("\(plot.name).svg").path
      let text = SVGText.tidy(try whole(file, plot), plot)
      return String(text[(text.range(of: "<svg")?.lowerBound ?? text.startIndex)...])
    }
  }

  /// A plot as the text of an `svg` element.
  package func svg(_ plot: Plot) throws(PlottingError) -> String { try svg([plot])[0] }

  /// What is made of each plot, in the order of the plots, with a child for each processor.
  private func severalAtATime<Drawn>(
    _ plots: [Plot], start: (Plot) throws(PlottingError) -> RunningProgram,
    finish: (Plot, RunningProgram) throws(PlottingError) -> Drawn
  ) throws(PlottingError) -> [Drawn] {
    typealias Started = Result<RunningProgram, PlottingError>
    var started: [Started] = []
    var outcomes: [Result<Drawn, PlottingError>] = []
    func finishNext() {
      let plot = plots[outcomes.count]
      let drawing = started[outcomes.count]
      outcomes.append(
        Result { () throws(PlottingError) in try finish(plot, try drawing.get()) })
    }
    for plot in plots {
      if started.count - outcomes.count >= ProcessInfo.processInfo.activeProcessorCount {
        finishNext()
      }
      started.append(Started { () throws(PlottingError) in try start(plot) })
    }
    while outcomes.count < started.count { finishNext() }
    var drawn: [Drawn] = []
    for outcome in outcomes { drawn.append(try outcome.get()) }
    return drawn
  }

  // MARK: The child

  private static func terminal(_ format: PlotFormat, _ plot: Plot) -> String {
    let size = "size \(plot.width),\(plot.height)"
    switch format {
    case .svg:
      return "set terminal svg \(size) fixed noenhanced background rgb 'white' "
        + "font 'DejaVu Sans,12'"
    case .png:
      // Sizes of fonts are points here and pixels there, and symbols are smaller.
      return "set terminal pngcairo \(size) noenhanced background rgb 'white' "
        + "font 'DejaVu Sans,12' fontscale 0.75 pointscale 1.5"
    }
  }

  /// Starts to draw a plot.
  /// - Parameter name: of a format's file, relative to the folder; ASCII without quotes.
  private func start(
    _ plot: Plot, _ formats: [PlotFormat], in folder: String, name: (PlotFormat) -> String
  ) throws(PlottingError) -> RunningProgram {
    var script = plot.data
    for format in formats {
      script += Self.terminal(format, plot) + "\nset output '\(name(format))'\n" + plot.drawing
      script += "unset output\n"
    }
    do { return try start(script, in: folder) } catch {
      throw .gnuplotFailed(plot: plot.name, reason: "\(error)")
    }
  }

  /// Waits for the end of a drawing.
  private func finish(_ plot: Plot, _ drawing: RunningProgram) throws(PlottingError) {
    let outcome: Program.Outcome
    do { outcome = try drawing.wait() } catch {
      throw .gnuplotFailed(plot: plot.name, reason: "\(error)")
    }
    if let reason = failure(outcome) {
      throw .gnuplotFailed(plot: plot.name, reason: reason)
    }
  }

  /// What gnuplot says of a plot that it draws, warnings included; for tests.
  package func complaints(_ plot: Plot) throws -> String {
    let script = plot.data + Self.terminal(.svg, plot) + "\nset output '/dev/null'\n" + plot.drawing
    return String(decoding: try start(script, in: "/").wait().errors, as: UTF8.self)
  }

  /// Runs a script.
  private func start(_ script: String, in folder: String) throws(ProcessError) -> RunningProgram {
    // Nothing of the user's own settings.
    var program = Program(path, ["--default-settings", "-"], timeLimit: Self.timeLimit)
    program.folder = folder
    program.input = Data(script.utf8)
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GNU") }
    environment["LC_ALL"] = "C.UTF-8"
    program.environment = environment
    return try program.start()
  }

  /// What went wrong, in a line; nil when nothing did.
  private func failure(_ outcome: Program.Outcome) -> String? {
    switch outcome.end {
    case .exit(0): return nil
    case .signal(let number): return "it was ended by signal \(number)"
    case .exit(let code):
      // The place in the script stands before the message, marked by a caret in between.
      let said = String(decoding: outcome.errors, as: UTF8.self)
      let line = said.split(separator: "\n").last { $0.contains(":") }
      return line.map { $0.trimmingCharacters(in: .whitespaces) } ?? "it ended with \(code)"
    }
  }

  // MARK: Whole or not at all

  private func whole(_ path: String, _ plot: Plot) throws(PlottingError) -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      text.hasSuffix("</svg>\n\n") || text.hasSuffix("</svg>\n") || text.hasSuffix("</svg>")
    else { throw .gnuplotFailed(plot: plot.name, reason: "its picture has no end") }
    return text
  }

  private func checkPNG(_ path: String, _ plot: Plot) throws(PlottingError) {
    guard let data = FileManager.default.contents(atPath: path),
      data.suffix(8).prefix(4).elementsEqual("IEND".utf8)
    else { throw .gnuplotFailed(plot: plot.name, reason: "its picture has no end") }
  }

  private func reason(_ error: any Error) -> String {
    let error = error as NSError
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      cause.domain == NSPOSIXErrorDomain
    {
      return String(cString: strerror(Int32(cause.code)))
    }
    return error.localizedDescription
  }
}
