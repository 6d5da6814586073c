import Foundation
import Synchronization

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

  /// Draws plots into files of a folder, several at a time.
  /// - Returns: the paths, in the order of the plots.
  /// - Throws: the first plot's error; the others are drawn all the same.
  package func write(
    _ plots: [Plot], _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    let paths = try severalAtATime(plots) { plot throws(PlottingError) in
      try write(plot, formats, to: folder)
    }
    return paths.flatMap { $0 }
  }

  /// Draws a plot into files of a folder, `<name>.svg` and `<name>.png`.
  ///
  /// Each is written beside its name and renamed once it is whole; whatever fails or is killed
  /// leaves an earlier file as it was.
  /// - Returns: the paths.
  package func write(
    _ plot: Plot, _ formats: [PlotFormat], to folder: String
  ) throws(PlottingError) -> [String] {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder, reason: reason(error))
    }
    let drafts = formats.map {
      (format: $0, path: "\(folder)/.\(plot.name).\($0.rawValue).partial")
    }
    defer { for draft in drafts { unlink(draft.path) } }
    try draw(plot, formats, in: folder) { ".\(plot.name).\($0.rawValue).partial" }
    var paths: [String] = []
    for draft in drafts {
      if draft.format == .svg {
        let text = SVGText.tidy(try whole(draft.path, plot), plot)
        do { try text.write(toFile: draft.path, atomically: false, encoding: .utf8) } catch {
          throw .cannotWrite(path: draft.path, reason: reason(error))
        }
      } else {
        try checkPNG(draft.path, plot)
      }
      let target = "\(folder)/\(plot.name).\(draft.format.rawValue)"
      guard rename(draft.path, target) == 0 else {
        throw .cannotWrite(path: target, reason: String(cString: strerror(errno)))
      }
      paths.append(target)
    }
    return paths
  }

  /// Plots as the texts of `svg` elements, several at a time.
  /// - Throws: the first plot's error.
  package func svg(_ plots: [Plot]) throws(PlottingError) -> [String] {
    try severalAtATime(plots) { plot throws(PlottingError) in try svg(plot) }
  }

  /// A plot as the text of an `svg` element, to stand in a page beside others: ids begin with the
  /// plot's name.
  package func svg(_ plot: Plot) throws(PlottingError) -> String {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-plot-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder.path, reason: reason(error))
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    try draw(plot, [.svg], in: folder.path) { "plot.\($0.rawValue)" }
    let text = SVGText.tidy(try whole(folder.appendingPathComponent("plot.svg").path, plot), plot)
    return String(text[(text.range(of: "<svg")?.lowerBound ?? text.startIndex)...])
  }

  /// What is drawn of each plot, in the order of the plots.
  private func severalAtATime<Drawn: Sendable>(
    _ plots: [Plot], _ draw: @Sendable (Plot) throws(PlottingError) -> Drawn
  ) throws(PlottingError) -> [Drawn] {
    let outcomes = Mutex([Result<Drawn, PlottingError>?](repeating: nil, count: plots.count))
    DispatchQueue.concurrentPerform(iterations: plots.count) { index in
      let outcome: Result<Drawn, PlottingError>
      do throws(PlottingError) {
        outcome = .success(try draw(plots[index]))
      } catch {
        outcome = .failure(error)
      }
      outcomes.withLock { $0[index] = outcome }
    }
    var drawn: [Drawn] = []
    for outcome in outcomes.withLock({ $0 }) { drawn.append(try outcome!.get()) }
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

  /// - Parameter name: of a format's file, relative to the folder; ASCII without quotes.
  private func draw(
    _ plot: Plot, _ formats: [PlotFormat], in folder: String, name: (PlotFormat) -> String
  ) throws(PlottingError) {
    var script = plot.data
    for format in formats {
      script += Self.terminal(format, plot) + "\nset output '\(name(format))'\n" + plot.drawing
      script += "unset output\n"
    }
    let errors: String
    do { errors = try run(script, in: folder).failure } catch {
      throw .gnuplotFailed(plot: plot.name, reason: reason(error))
    }
    guard errors.isEmpty else { throw .gnuplotFailed(plot: plot.name, reason: errors) }
  }

  /// What gnuplot says of a plot that it draws, warnings included; for tests.
  package func complaints(_ plot: Plot) throws -> String {
    let script = plot.data + Self.terminal(.svg, plot) + "\nset output '/dev/null'\n" + plot.drawing
    return try run(script, in: "/").said
  }

  /// Runs a script to its end.
  /// - Returns: what went wrong, in a line, empty when nothing did; and all that it said.
  private func run(
    _ script: String, in folder: String
  ) throws -> (failure: String, said: String) {
    // Files, not pipes: neither side waits for the other.
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-gnuplot-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let input = place.appendingPathComponent("script")
    let errors = place.appendingPathComponent("errors")
    try Data(script.utf8).write(to: input)
    try Data().write(to: errors)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    // Nothing of the user's own settings.
    process.arguments = ["--default-settings", "-"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GNU") }
    environment["LC_ALL"] = "C.UTF-8"
    process.environment = environment
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let said = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    if process.terminationReason == .uncaughtSignal {
      return ("it was ended by signal \(process.terminationStatus)", said)
    }
    guard process.terminationStatus != 0 else { return ("", said) }
    // The place in the script stands before the message, marked by a caret in between.
    let line = said.split(separator: "\n").last { $0.contains(":") }
    let failure = line.map { $0.trimmingCharacters(in: .whitespaces) }
    return (failure ?? "it ended with \(process.terminationStatus)", said)
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
