import Testing

/// What ends the program on the spot. Nothing that a file, an option, the system or another process
/// decides may come to it: those get an error, a sentence and an exit code.
struct TrapTests {
  /// Places that may have traps, since only a mistake in this program reaches them.
  private struct Allowance {
    let reason: String
    /// Number of traps by file, below `Sources` and without its extension.
    let files: [String: Int]

    init(_ reason: String, _ files: [String: Int]) {
      self.reason = reason
      self.files = files
    }
  }

  private static let allowances = [
    Allowance(
      "layouts that only oneDNN has come from oneDNN",
      ["Backends/Auto/Composition": 1]),
    Allowance(
      "bind(_:) comes before run(): the contract of Step",
      [
        "Backends/Im2col/GEMMConvolution": 1, "Backends/Im2col/GEMMGradients": 2,
        "Backends/Im2col/GEMMInnerProduct": 1,
        "Backends/Im2colSwift/PanelConvolution": 1, "Backends/Plain/PoolJob": 1,
      ]),
    Allowance(
      "nodes of another direction are made by Graph.training(), of kinds that have a gradient; bind(_:) before run()",
      [
        "Backends/Naive/NaiveBackend": 3, "Networks/TrainingGraph": 2, "Reference/Gradients": 3,
      ]),
    Allowance(
      "image layouts that it always reorders",
      ["Backends/OneDNN/OneDNNLayers": 1]),
    Allowance(
      "a switch over kinds that have weights",
      ["Backends/OneDNN/OneDNNPlanner": 1]),
    Allowance(
      "what this version of the library always takes; no memory ends the program before",
      ["Backends/OneDNN/OneDNNPrimitive": 4]),
    Allowance(
      "what this version of the library always takes; no memory ends the program before, for primitives that the library has offered",
      ["Backends/OneDNN/OneDNNStep": 6]),
    Allowance(
      "a switch over kinds with a kernel; bind(_:) before run()",
      ["Backends/SIMD/BlockedPlanner": 2]),
    Allowance(
      "how the steps of this module call it",
      ["Backends/SIMD/KernelStep": 2]),
    Allowance(
      "what the planner asks before",
      ["Backends/SIMD/LayerSteps": 2]),
    Allowance(
      "fractions of constant points",
      ["Backends/Winograd/WinogradTransform": 1]),
    Allowance(
      "a buffer that is not empty has an address",
      ["CaffeModel/ByteSource": 1, "Tensors/NPYReader": 1]),
    Allowance(
      "arrays that were matched to the inputs before",
      ["CaffeModel/CaffeNetwork": 1]),
    Allowance(
      "a buffer of the size that was read before",
      ["CaffeModel/CaffeWeights": 1]),
    Allowance(
      "caffe.proto is a part of the program",
      ["CaffeModel/Schema": 2]),
    Allowance(
      "inputs that were matched before; steps write all blobs of their graph",
      ["Execution/BlobForward": 2]),
    Allowance(
      "operands and copies of the very steps",
      ["Execution/CompiledNetwork": 4]),
    Allowance(
      "inputs and outputs of the very graph",
      ["Execution/OutputForward": 2]),
    Allowance(
      "the table has all cases",
      ["Execution/Phase": 1]),
    Allowance(
      "counts that options have checked",
      ["Execution/ThreadPool": 2]),
    Allowance(
      "a list that its caller fills",
      ["Execution/TilePlan": 1]),
    Allowance(
      "readers refuse empty images",
      ["Images/RGBImage": 1]),
    Allowance(
      "images of one or three channels, made here",
      ["Images/Resize": 2]),
    Allowance(
      "the line before asks for it",
      ["Measuring/Host/ProcessorText": 1]),
    Allowance(
      "the options are values that JSON has: their numbers are finite",
      ["Measuring/Run/RunOptions": 1]),
    Allowance(
      "the list of those that are alive is not empty",
      ["Measuring/Tuning/NetTuning": 1]),
    Allowance(
      "only nets are timed by step",
      ["Measuring/Workloads/BlockTimer": 1]),
    Allowance(
      "graphs whose shapes and weights were checked when they were made",
      ["Reference/Reference": 5]),
    Allowance(
      "keys of tables that the lines before fill",
      ["Reporting/Comparing/RunSide": 3, "Reporting/Comparing/StageTimes": 2]),
    Allowance(
      "only finite numbers become metrics",
      ["Reporting/Gate/BencherMetrics": 1]),
    Allowance(
      "keys of a table that the lines before fill",
      ["Reporting/Gate/Judgement": 1]),
    Allowance(
      "rows were filtered for having the value",
      [
        "Reporting/Plotting/AccuracyPlot": 7, "Reporting/Plotting/CountersPlot": 7,
        "Reporting/Plotting/PhasesPlot": 2, "Reporting/Plotting/RooflinePlot": 11,
        "Reporting/Plotting/SamplesPlot": 3, "Reporting/Plotting/ScalingPlot": 5,
        "Reporting/Plotting/SpeedupPlot": 2, "Reporting/Plotting/StagesPlot": 11,
        "Reporting/Plotting/TimePlot": 3,
      ]),
    Allowance(
      "columns are named by the plots of this module",
      ["Reporting/Plotting/DataBlock": 1]),
    Allowance(
      "keys of a table that the lines before fill; groups are not empty",
      ["Reporting/PowerAnalysis": 4]),
    Allowance(
      "the template is a part of the program",
      ["Reporting/Report/HTMLReport": 1]),
    Allowance(
      "groups are not empty",
      ["Reporting/Report/LayerSections": 2, "Reporting/RoundTimes": 2]),
    Allowance(
      "an encoded structure is an object",
      ["Results/EnvironmentDifference": 1]),
    Allowance(
      "numbers of the host are finite",
      ["Results/HostReport": 1]),
    Allowance(
      "a list of characters that is not empty",
      ["Results/RunID": 2]),
    Allowance(
      "columns are named by this program",
      ["Results/Schema": 1]),
    Allowance(
      "counts and probabilities that callers make",
      ["Statistics/BinomialTail": 3]),
    Allowance(
      "counts and probabilities that callers make; a history holds finite numbers only",
      ["Statistics/ChangePoints": 2]),
    Allowance(
      "an effect that the option has checked",
      ["Statistics/DetectableEffect": 1]),
    Allowance(
      "times are quotients of whole numbers above 0",
      ["Statistics/OrderStatistics": 2, "Statistics/PairedRatio": 1, "Statistics/SignInterval": 1]),
    Allowance(
      "counts of a schedule",
      ["Statistics/WilliamsSquare": 2]),
    Allowance(
      "sizes of shapes, which are not negative",
      ["Tensors/AlignedBuffer": 1]),
    Allowance(
      "arrays of one blob",
      ["Tensors/ErrorNorms": 1, "Tensors/NPYFile": 2]),
    Allowance(
      "layouts are chosen for shapes that they can hold",
      ["Tensors/Layout": 1]),
    Allowance(
      "shapes from outside go through SizeLimits",
      ["Tensors/Shape": 2]),
    Allowance(
      "arrays of one blob; weights of a layer",
      ["Tensors/Tensor": 2]),
  ]

  /// Kernels check nothing at run time; what calls them does.
  private static let kernels = ["KernelSources", "Kernels"]

  /// What traps, and calls of Foundation that do when the system refuses something.
  private static func traps(in line: Substring) -> Int {
    let code = line.replacing(#/"(\\.|[^"\\])*"/#, with: "\"\"").split(
      separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let calls = #/\b(fatalError|preconditionFailure|precondition|assert|assertionFailure)\(/#
    let forced = #/\btry!|\bas!|\bunsafelyUnwrapped\b|[\w)\]]!(?![=\w"])/#
    let foundation =
      #/\bNSRegularExpression\b|\bProcess\(\)|FileHandle\.\w+\.write\(|\.readData|readDataToEndOfFile/#
    // `try!` and `as!` are found by the last alternative as well.
    return code.matches(of: calls).count + code.matches(of: forced).count
      + code.matches(of: foundation).count
  }

  @Test("Traps stand only where nothing from outside comes")
  func traps() throws {
    var allowed: [String: Int] = [:]
    for allowance in Self.allowances {
      #expect(!allowance.reason.isEmpty)
      allowed.merge(allowance.files) { $0 + $1 }
    }
    var isAnyFound = false
    for file in try SourceTree.files(in: "Sources")
    where !Self.kernels.contains(where: { file.path.hasPrefix("Sources/\($0)") }) {
      let lines = file.lines.filter { line in
        !line.drop { $0 == " " }.hasPrefix("//") && Self.traps(in: line) > 0
      }
      let count = lines.reduce(0) { $0 + Self.traps(in: $1) }
      isAnyFound = isAnyFound || count > 0
      let name = String(file.path.dropFirst("Sources/".count).dropLast(".swift".count))
      #expect(
        count <= allowed[name, default: 0],
        """
        \(file.path) has a trap more than it may have; throw an error with a sentence instead, or, if \
        only a mistake in this program reaches it, say so in the list above:
        \(lines.joined(separator: "\n"))
        """)
    }
    #expect(isAnyFound)
  }

  @Test(
    "Traps are found, and what looks like one is not",
    arguments: [
      ("let x = try! f()", 1), ("let x = y as! Int", 1), ("x[0]!.y", 1), ("f()!", 1),
      ("fatalError(\"no\")", 1), ("precondition(a!.b)", 2), ("if a != b { c = !d }", 0),
      ("let s = \"fatalError(x!)\"", 0), ("x() // y!", 0), ("preconditionFailure()", 1),
      ("FileHandle.standardError.write(data)", 1), ("try file.write(contentsOf: d)", 0),
    ])
  func detection(line: String, count: Int) {
    #expect(Self.traps(in: line[...]) == count)
  }
}
