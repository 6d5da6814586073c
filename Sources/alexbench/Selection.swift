import ArgumentParser
import Backends
import CaffeModel
import Execution
import Foundation
import Kernels
import Measuring
import Networks
import Results

/// What is measured or checked: the options that `run` and `verify` share.
struct Selection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Networks of 'alexbench list networks', or Caffe descriptions (path/to/net.prototxt).",
      discussion: """
        Lists have commas, here and in the other options; an option may also be repeated. \\, is a \
        comma inside a name, and a file whose name is the whole text is that file.
        """))
  var network = [NetworkList(["alexnet"])]

  @OptionGroup var reading: NetworkArguments

  @Option(
    help: """
      Backends of 'alexbench list backends', or all. NAME#2 is a copy of NAME, NAME@2 the same \
      instance again. (default: all; calibrate: simd; check: simd,winograd)
      """)
  var backend: [CommaList<String>] = []

  @Option(help: "Measure only these layers, for example conv2,fc6; no net unless --pass says so.")
  var layer: [CommaList<String>] = []

  @Option(
    help: ArgumentHelp(
      "One convolution instead of a network, for example \"c96 h27 w27 k256 r5 p2 g2\".",
      discussion: """
        n images, c channels, h rows, w columns (h), k output channels, r filter rows, s filter \
        columns (r), u row stride (1), v column stride (u), p row padding (0), q column padding \
        (p), d row dilation (1), e column dilation (d), g groups (1).
        """))
  var problem: String?

  @Option(
    help: """
      Images per forward, in place of the first axis of every input, for example 1,10. (default: \
      that of the first --shape, or of --problem, or 1)
      """, transform: CommaList.parse(in: .images))
  var batch: [CommaList<Int>] = []

  @Option(
    help: "Threads, for example 1,2; naive always uses one. (default: 1)",
    transform: CommaList.parse(in: .threads))
  var threads = [CommaList([1])]

  @Option(
    help: """
      Instruction sets of our own kernels: auto (the best one; verify: all usable ones), all, or \
      names such as baseline,avx2. (default: $ALEXBENCH_ISA, or auto)
      """)
  var isa: [String] = []

  @Option(
    help: """
      isolated (each layer alone), in-net (each step inside a forward pass), net (the forward pass \
      alone). (default: all; with --layer: isolated)
      """)
  var pass: [CommaList<Pass>] = []

  @Option(
    help: ArgumentHelp(
      """
      forward, backward_data (the gradient of a layer's input), backward_weights (that of weight and bias), \
      or all; other than forward of layers alone. (default: forward)
      """, valueName: "directions"))
  var direction: [DirectionList] = []

  @Flag(
    help: "Also the gradients of the network's inputs, which nobody needs to train: conv1's.")
  var allGradients = false

  @Option(
    help: ArgumentHelp(
      "Fix the output tile of Winograd convolutions, instead of choosing by measuring.",
      discussion: """
        m for F(m×m, r×r) in all layers, LAYER=m in one layer, or both: 4,conv2=3. 'direct' instead of \
        a number selects the direct kernels. For onednn, LAYER=PRIMITIVE, for example \
        conv3=jit_wino_4x3:avx512_core@nChw16c; for auto, LAYER=BACKEND with or without a tile: \
        conv3=winograd:4. plan.csv lists what was tried.
        """, valueName: "tiles"))
  var tile: [TileList] = []

  @Option(
    help: "Seed of weights, inputs and the order of measuring. (default: 1)",
    transform: SeedOption.parse)
  var seed: UInt64 = 1

  @Option(
    name: .customLong("blas"),
    help: ArgumentHelp(
      "Add a CBLAS library as backend im2col-NAME; may be repeated.", valueName: "NAME=PATH"))
  var libraries: [NamedPath] = []

  @Option(
    name: .customLong("program"),
    help: ArgumentHelp(
      "Add a program that speaks the worker protocol as backend NAME; may be repeated.",
      discussion: "The article \"Write a backend as a program\" describes the protocol.",
      valueName: "NAME=COMMAND"))
  var programs: [NamedCommand] = []

  @Option(
    help: "CPUs to run on, best first, for example 0,2,4-7. (default: all allowed ones)",
    transform: CountRange.cpus.parseRanges)
  var cpus: [Int]?

  @Flag(
    help: """
      Ignore environment variables that steer libraries (OPENBLAS_CORETYPE, BLIS_ARCH_TYPE, \
      DNNL_MAX_CPU_ISA, …).
      """)
  var envClean = false

  /// The options as the measuring side takes them.
  /// - Parameters:
  ///   - autoISAs: what `--isa auto` means.
  ///   - standard: the backends when none are named; nil for all.
  func options(
    autoISAs: [InstructionSet], backends standard: [String]? = nil
  ) throws -> RunOptions {
    var options = RunOptions()
    options.networks = network.names
    options.description = reading.description
    options.problem = try problem.map { text throws in try Problem(text) }
    guard options.problem == nil || options.description.areStandard else {
      throw MeasuringError.usage(
        "--problem says all of a convolution; --shape, --phase, --level and --stage are for networks"
      )
    }
    options.layers = layer.elementsIfGiven()
    options.backends = backend.elementsIfGiven() ?? standard
    if options.backends?.contains("all") == true { options.backends = nil }
    let shape = options.description.shapes.first?.shape.dimensions
    options.batches =
      batch.elementsIfGiven() ?? [options.problem?.batch ?? shape?.first ?? 1]
    options.threads = threads.elements()
    let isa =
      isa.isEmpty
      ? ProcessInfo.processInfo.environment["ALEXBENCH_ISA"] ?? "auto" : isa.joined(separator: ",")
    options.isas = try ISAChoice.parse(isa.isEmpty ? "auto" : isa, auto: autoISAs)
    options.passes = pass.elementsIfGiven() ?? (layer.isEmpty ? Pass.allCases : [.isolated])
    options.directions = DirectionList.merged(direction)
    options.allGradients = allGradients
    guard !allGradients || options.directions.contains(.backwardData) else {
      throw MeasuringError.usage("--all-gradients is for --direction backward_data")
    }
    if options.directions != [.forward] {
      guard pass.isEmpty || options.passes == [.isolated] else {
        throw MeasuringError.usage(
          "--direction is of layers alone so far; it takes --pass isolated, or no --pass")
      }
      options.passes = [.isolated]
    }
    options.seed = seed
    (options.tile, options.tiles) = tile.merged
    options.customBLAS = libraries.paths
    options.programs = programs.map(\.program)
    options.cpus = cpus ?? []
    return options
  }

  /// Call before anything loads a library.
  func cleanEnvironment() {
    guard envClean else { return }
    let environment = ProcessInfo.processInfo.environment
    for name in HostFingerprint.steeringVariables(environment).keys
    where !["ALEXBENCH_", "LD_", "GLIBC_", "MALLOC_"].contains(where: name.hasPrefix) {
      unsetenv(name)
    }
  }

  /// What computes in this process.
  func localHost() -> LocalHost { LocalHost(backends: makeBackends) }
}

/// All backends that there are, libraries loaded, the user's programs last.
/// - Throws: a program with the name of another backend.
func allBackends(of host: LocalHost, _ options: RunOptions) throws -> [any Backend] {
  var backends = host.backends(customBLAS: options.customBLAS)
  for program in options.programs {
    guard !backends.contains(where: { $0.name == program.name }) else {
      throw MeasuringError.usage(
        "--program \(program.argument): there already is a backend '\(program.name)'; choose "
          + "another name")
    }
    backends.append(
      ProgramBackend(
        name: program.name, summary: program.command,
        program: ExternalProgram(shell: program.command)))
  }
  return backends
}

/// The catalog, as hosts take it.
func makeBackends(_ customBLAS: [String: String]) -> [any Backend] {
  BackendCatalog.all(
    customBLAS: customBLAS.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
}

/// The libraries of backends, for the record; each file once.
func libraryEnvironments(of backends: [any Backend]) -> [LibraryEnvironment] {
  var seen: Set<String> = []
  return backends.compactMap(\.library).filter { seen.insert($0.path).inserted }.map {
    LibraryEnvironment(
      name: $0.name, path: $0.path, version: $0.version, kernel: $0.kernel,
      hash: try? ContentHash.ofFile($0.path))
  }
}

/// Refuses to measure for the record with a debug build.
/// - Parameter allowed: the user insists.
func refuseDebugBuild(_ build: BuildEnvironment, allowed: Bool = false) throws {
  guard !allowed, let refusal = build.refusalToRecord else { return }
  throw MeasuringError.unavailable(
    "\(refusal); build with 'swift build -c release', or try things out with 'alexbench run "
      + "--allow-debug'")
}
