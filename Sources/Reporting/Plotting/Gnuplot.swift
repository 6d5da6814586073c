import Files
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
  /// Each is drawn in a folder of its own first; whatever fails or is killed leaves an earlier file
  /// as it was.
  /// - Returns: the paths, in the order of the plots.
  /// - Throws: the first plot's error; the others are drawn all the same.
  package func write(
    _ plots: [Plot], _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    try onFiles { () throws(FilesError) in try createFolders(folder) }
    return try draw(plots, formats) { plot, drawn throws(PlottingError) in
      let target = Self.path(of: plot, drawn.format, in: folder)
      let picture: [UInt8]
      switch drawn.format {
      case .svg: picture = Array(SVGText.tidy(try whole(drawn.path, plot), plot).utf8)
      case .png: picture = try wholePNG(drawn.path, plot)
      }
      try onFiles { () throws(FilesError) in
        let file = try WholeFile(path: target)
        try file.write(picture)
        try file.finish()
      }
      return target
    }
  }

  /// The file of a plot.
  package static func path(of plot: Plot, _ format: PlotFormat, in folder: String) -> String {
    "\(folder)/\(plot.name).\(format.rawValue)"
  }

  /// Draws a plot into files of a folder, as ``write(_:_:to:)-([Plot],_,_)`` does.
  package func write(
    _ plot: Plot, _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    try write([plot], formats, to: folder)
  }

  /// Plots as the texts of `svg` elements, to stand in a page beside others: ids begin with the
  /// plot's name. Several are drawn at a time.
  /// - Throws: the first plot's error.
  package func svg(_ plots: [Plot]) throws(PlottingError) -> [String] {
    try draw(plots, [.svg]) { plot, drawn throws(PlottingError) in
      let text = SVGText.tidy(try whole(drawn.path, plot), plot)
      return String(text[(text.range(of: "<svg")?.lowerBound ?? text.startIndex)...])
    }
  }

  /// A plot as the text of an `svg` element.
  package func svg(_ plot: Plot) throws(PlottingError) -> String { try svg([plot])[0] }

  /// Draws plots into a folder that goes away again, several at a time.
  /// - Parameter use: gets each file that the program drew, as it drew it.
  private func draw<Used>(
    _ plots: [Plot], _ formats: [PlotFormat],
    use: (Plot, (path: String, format: PlotFormat)) throws(PlottingError) -> Used
  ) throws(PlottingError) -> [Used] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-plot-\(UUID().uuidString)").path
    try onFiles { () throws(FilesError) in try createFolders(folder) }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try severalAtATime(plots) { plot throws(PlottingError) in
      try start(plot, formats, in: folder) { "\(plot.name).\($0.rawValue)" }
    } finish: { plot, drawing throws(PlottingError) in
      try finish(plot, drawing)
      var used: [Used] = []
      for format in formats {
        used.append(try use(plot, ("\(folder)/\(plot.name).\(format.rawValue)", format)))
      }
      return used
    }.flatMap { $0 }
  }

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
    do { return try start(script, in: folder) } catch { throw .cannotStart(reason: "\(error)") }
  }

  /// Waits for the end of a drawing.
  private func finish(_ plot: Plot, _ drawing: RunningProgram) throws(PlottingError) {
    let outcome: Program.Outcome
    do { outcome = try drawing.wait() } catch {
      guard case .timeLimit = error else { throw .cannotStart(reason: "\(error)") }
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
    let text = String(decoding: try drawn(path, plot), as: UTF8.self)
    guard text.hasSuffix("</svg>\n\n") || text.hasSuffix("</svg>\n") || text.hasSuffix("</svg>")
    else { throw .gnuplotFailed(plot: plot.name, reason: "its picture has no end") }
    return text
  }

  private func wholePNG(_ path: String, _ plot: Plot) throws(PlottingError) -> [UInt8] {
    let data = try drawn(path, plot)
    guard data.suffix(8).prefix(4).elementsEqual("IEND".utf8) else {
      throw .gnuplotFailed(plot: plot.name, reason: "its picture has no end")
    }
    return Array(data)
  }

  /// What the program wrote.
  private func drawn(_ path: String, _ plot: Plot) throws(PlottingError) -> Data {
    if let data = FileManager.default.contents(atPath: path) { return data }
    guard FileManager.default.fileExists(atPath: path) else {
      throw .gnuplotFailed(plot: plot.name, reason: "it made no picture")
    }
    throw .cannotWrite(path: path, reason: "what was drawn cannot be read")
  }

  private func onFiles(_ body: () throws(FilesError) -> Void) throws(PlottingError) {
    do throws(FilesError) { try body() } catch {
      switch error {
      case .cannotWrite(let path, let reason), .cannotRead(let path, let reason):
        throw .cannotWrite(path: path, reason: reason)
      }
    }
  }
}
