import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results
import Tensors

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make one HTML file of a run: summary, host, sortable tables, a section per layer.",
    discussion: """
      The file is self-contained and loads nothing from the network. Every number shows its exact \
      value and its place in the run's files. Pictures are drawn with gnuplot if it is installed. \
      --format markdown is for pull requests.

      EXAMPLES
        alexbench report
        alexbench report results/sample/20261129T235050Z-zxvhc5 -o report.html
        alexbench report --format markdown
      """)

  @Argument(
    help: ArgumentHelp(
      "Folder of the run. (default: the latest in results/runs)", valueName: "run"))
  var folder: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write. (default: report.html; Markdown is printed)", valueName: "file"))
  var output: String?

  @Option(help: "What to make: html or markdown.")
  var format: ReportFormat = .html

  @Option(
    help: ArgumentHelp(
      "Folder of SVG files to include, in order of their names; or none. (default: draw them)",
      valueName: "dir"))
  var plots: String?

  @Option(
    help: ArgumentHelp(
      "The backend to compare with. (default: im2col-openblas, or the first with times)",
      valueName: "backend"))
  var base: String?

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard format == .html || plots == nil else {
      throw ValidationError("--plots needs --format html; Markdown cannot contain pictures")
    }
  }

  func run() throws {
    try AlexExit.reporting {
      var path = folder ?? ""
      if folder == nil { path = try latestRun(in: "results/runs") }
      if let target = output ?? (format == .html ? "report.html" : nil) {
        try NamedFile.check(
          outputs: [NamedFile("-o", target)],
          inputs: NamedFile.run(path) + NamedFile.pictures(in: plots))
      }
      let files = try reading.files(of: path)
      let comparison = try BackendComparison(files, base: base)
      switch format {
      case .html:
        let target = output ?? "report.html"
        let report = HTMLReport(
          files, comparison: comparison, plots: try pictures(of: files),
          command: commands(path, target))
        try writeFile(report.html(), to: target)
        print("report: \(target)")
      case .markdown:
        let text = MarkdownReport(
          files, comparison: comparison, command: commands(path, output ?? "report.md")
        ).markdown()
        if let output { try writeFile(text, to: output) } else { print(text, terminator: "") }
      }
    }
  }

  /// The SVG files of the named folder, or all plots that gnuplot draws of the run.
  private func pictures(of files: RunFiles) throws -> [ReportPlot] {
    if plots == "none" { return [] }
    if let plots { return try svgPlots(in: plots) }
    var selection = PlotSelection()
    selection.base = base
    let gnuplot: Gnuplot
    do { gnuplot = try Gnuplot() } catch {
      printError("alexbench: the report has no pictures: \(oneLine("\(error)"))")
      return []
    }
    let plots = try draw([files], selection).plots
    printError("alexbench: drawing \(plots.count) pictures")
    return zip(plots, try gnuplot.svg(plots)).map { ReportPlot(title: $0.title, svg: $1) }
  }

  private func commands(_ run: String, _ target: String) -> String {
    let base = base.map { " --base \(shellWord($0))" } ?? ""
    let plots = plots.map { " --plots \(shellWord($0))" } ?? ""
    let format = format == .html ? "" : " --format \(format.rawValue)"
    return """
      alexbench validate \(shellWord(run))
      alexbench compare \(shellWord(run))\(base)
      alexbench report \(shellWord(run)) -o \(shellWord(target))\(format)\(base)\(plots)
      """
  }
}

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case html, markdown
}

/// The SVG files of a folder as plots, named by their files.
func svgPlots(in folder: String) throws(ResultsError) -> [ReportPlot] {
  guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
    throw .missing(path: folder)
  }
  var plots: [ReportPlot] = []
  for name in names.sorted() where name.hasSuffix(".svg") {
    let path = "\(folder)/\(name)"
    guard let svg = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .cannotRead(path: path, reason: "it is not UTF-8 text, or may not be read")
    }
    plots.append(ReportPlot(title: String(name.dropLast(4)), svg: svg))
  }
  guard !plots.isEmpty else { throw .missing(path: "\(folder)/*.svg") }
  return plots
}
