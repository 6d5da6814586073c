import ArgumentParser
import Files
import Measuring
import Reporting
import Results
import Tensors

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw runs with gnuplot, from their files alone.",
    discussion: """
      Draws one plot of each kind per network, batch size and number of threads. With several runs, \
      file names begin with the run's. Plots without data are skipped, with a message. Exit code 3 if \
      gnuplot is missing or nothing is left to draw.

      KINDS
        time      layers across, backends side by side: medians, intervals, single blocks
        stages    the full net as its steps, stacked by stage
        roofline  rates over intensity below the measured roofs
        speedup   every layer and backend against a base, as a table of colours
        accuracy  error over time
        samples   every timed block, disturbed ones marked
        scaling   images per second over threads and batch
        phases    which phase takes which share (run --breakdown)
        counters  events per multiply-add (run --counters)

      EXAMPLES
        alexbench plot results/sample/* --out plots
        alexbench plot results/runs/20261124T101009Z-svxcdr --kind time,roofline --format both
        alexbench plot RUN --kind speedup --base onednn --network alexnet --batch 1 --threads 1
      """)

  @Argument(
    help: ArgumentHelp(
      "Folders of runs. (default: the latest in results/runs)", valueName: "run"))
  var folders: [String] = []

  @Option(name: .long, help: "Folder of the pictures.")
  var out = "plots"

  @Option(help: "Kinds of plots.")
  var kind = [CommaList(PlotKind.allCases)]

  @Option(help: "svg, png or both.")
  var format = PictureFormat.svg

  @Option(help: "Only these networks.")
  var network: [NetworkList] = []

  @Option(help: "Only these batch sizes.", transform: CommaList.parse(in: .images))
  var batch: [CommaList<Int>] = []

  @Option(help: "Only these numbers of threads.", transform: CommaList.parse(in: .threads))
  var threads: [CommaList<Int>] = []

  @Option(help: "Backend that speedup compares with. (default: the one of compare.csv)")
  var base: String?

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    try AlexExit.reporting {
      let gnuplot = try Gnuplot()
      var paths = folders
      if paths.isEmpty { paths = [try latestRun(in: "results/runs")] }
      var selection = PlotSelection()
      selection.kinds = kind.elements()
      selection.networks = network.isEmpty ? nil : network.names
      selection.batches = batch.elementsIfGiven()
      selection.threads = threads.elementsIfGiven()
      selection.base = base
      let drawing = try draw(try paths.map(reading.files), selection)
      for line in drawing.skipped { printError("alexbench: skipped \(oneLine(line))") }
      guard !drawing.plots.isEmpty else { throw PlottingError.nothingToDraw }
      let pictures = drawing.plots.flatMap { plot in
        format.formats.map { Gnuplot.path(of: plot, $0, in: out) }
      }
      try NamedFile.check(
        outputs: Set(pictures).sorted().map { NamedFile("the picture", $0) },
        inputs: paths.flatMap(NamedFile.run))
      for path in try gnuplot.write(drawing.plots, format.formats, to: out) { print(path) }
    }
  }
}

enum PictureFormat: String, ExpressibleByArgument, CaseIterable {
  case svg, png, both

  var formats: [PlotFormat] {
    switch self {
    case .svg: [.svg]
    case .png: [.png]
    case .both: [.svg, .png]
    }
  }
}

extension PlotKind: ExpressibleByArgument {}
