import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

@Suite("Winograd tiles")
struct WinogradTileTests {
  private func compile(
    _ layerCase: LayerCase, tiles: TilePlan?, boundary: Boundary = .native,
    isa: InstructionSet = .baseline, threads: Int = 1
  ) throws -> [any Step] {
    let layer = Layer(name: "layer", spec: layerCase.spec, bottoms: ["bottom"], tops: ["top"])
    let graph = try Network(
      name: "case", inputs: [.init(blob: "bottom", shape: layerCase.input)], layers: [layer]
    ).graph()
    return try WinogradBackend().compile(
      graph, weights: SeededWeights(seed: 3),
      options: CompileOptions(
        kernels: isa.kernels, pool: ThreadPool(threadCount: threads), boundary: boundary,
        expectsColdWeights: true, tiles: tiles))
  }

  private static func convolution(_ taps: Int) -> LayerCase {
    LayerCase(
      spec: .convolution(
        ConvolutionSpec(outputs: 32, kernel: Extent(taps), pad: Extent(taps / 2))),
      input: Shape(n: 2, c: 16, h: 13, w: 11))
  }

  /// Every tile that a filter of so many taps has.
  private static let tiles = [(3, 2), (3, 4), (3, 5), (3, 6), (5, 2), (5, 3), (5, 4)]

  @Test("Every tile stays inside its bound on random shapes", arguments: instructionSetsUnderTest)
  func randomShapes(isa: InstructionSet) throws {
    let cases = RandomShapes.winograd(count: ProcessEnvironment.isEmulated ? 4 : 40)
    for (index, layerCase) in cases.enumerated() {
      guard case .convolution(let spec) = layerCase.spec else { continue }
      for (taps, tile) in Self.tiles where taps == spec.kernel.h {
        let plan = TilePlan(everywhere: "\(tile)", cacheByteCount: 0)
        let outcome = try layerCase.run(
          WinogradBackend(), isa: isa, threads: 1 + index % 2, tiles: plan)
        #expect(outcome.implementation.contains("winograd-f\(tile)x\(tile)r\(taps)"))
        let ratio = try #require(outcome.norms.maxBoundRatio)
        #expect(ratio <= 1, "\(outcome.implementation): \(layerCase), error/bound \(ratio)")
        #expect(outcome.norms.nrmse <= 1e-5, "\(outcome.implementation): \(layerCase)")
      }
    }
  }

  @Test(
    "Short tiles in the last row and column leave out what they do without, and nothing else",
    arguments: instructionSetsUnderTest)
  func remainders(isa: InstructionSet) throws {
    for (taps, tile) in Self.tiles {
      let spec = ConvolutionSpec(outputs: 24, kernel: Extent(taps), pad: Extent(taps / 2))
      // Every pair of remainders, where one tile and where several make a row.
      for rest in 0..<(ProcessEnvironment.isEmulated ? tile : tile * tile) {
        let (h, w) = (1 + rest % tile, 2 * tile + 1 + rest / tile)
        let layerCase = LayerCase(
          spec: .convolution(spec), input: Shape(n: 1 + rest % 3 * 2, c: 16, h: h, w: w))
        let division = ["", "/tiles", "/frequencies"][rest % 3]
        for (size, threads) in [("\(tile)", 1), ("\(tile)\(division)", 2)] {
          let plan = TilePlan(everywhere: size, cacheByteCount: 0)
          guard
            let outcome = try? layerCase.run(
              WinogradBackend(), isa: isa, threads: threads, tiles: plan)
          else {
            // Too few tiles for a division of their own.
            #expect(threads == 2 && !division.isEmpty, "\(layerCase)")
            continue
          }
          let ratio = try #require(outcome.norms.maxBoundRatio)
          #expect(ratio <= 1, "\(outcome.implementation): \(layerCase), error/bound \(ratio)")
          #expect(outcome.norms.nrmse <= 1e-5, "\(outcome.implementation): \(layerCase)")
        }
      }
    }
  }

  @Test(
    "Threads with tiles or frequencies of their own stay inside the bound",
    arguments: instructionSetsUnderTest)
  func division(isa: InstructionSet) throws {
    let divisions = [
      ("tiles", 2), ("tiles", 3), ("frequencies", 1), ("frequencies", 2), ("frequencies", 3),
    ]
    // Groups and ragged edges; several images and ragged channels; the stride phases of conv1.
    let cases = [
      (
        ConvolutionSpec(outputs: 64, kernel: Extent(5), pad: Extent(2), groups: 2),
        Shape(n: 1, c: 32, h: 27, w: 25), [2, 3, 4]
      ),
      (
        ConvolutionSpec(outputs: 40, kernel: Extent(3), pad: Extent(1)),
        Shape(n: 5, c: 16, h: 13, w: 16), [2, 4, 5]
      ),
      // Short tiles in rows and columns, of different sizes with tiles of 6.
      (
        ConvolutionSpec(outputs: 40, kernel: Extent(3), pad: Extent(1)),
        Shape(n: 7, c: 16, h: 13, w: 15), [4, 5, 6]
      ),
      (
        ConvolutionSpec(outputs: 48, kernel: Extent(11), stride: Extent(4)),
        Shape(n: 1, c: 3, h: 163, w: 151), [4, 6]
      ),
      // More tiles in more channels than the second-level cache of most processors takes at once.
      (
        ConvolutionSpec(outputs: 16, kernel: Extent(3), pad: Extent(1)),
        Shape(n: 1, c: 512, h: 29, w: 30), [2]
      ),
    ]
    for (spec, input, tiles) in cases {
      let layerCase = LayerCase(spec: .convolution(spec), input: input)
      for tile in tiles {
        for (division, threads) in divisions {
          let plan = TilePlan(everywhere: "\(tile)/\(division)", cacheByteCount: 0)
          let outcome = try layerCase.run(
            WinogradBackend(), isa: isa, threads: threads, tiles: plan)
          #expect(outcome.implementation.contains("winograd-f\(tile)x\(tile)"))
          let ratio = try #require(outcome.norms.maxBoundRatio)
          let what = "\(layerCase), \(division), \(threads) threads"
          #expect(ratio <= 1, "\(what), error/bound \(ratio)")
          #expect(outcome.norms.nrmse <= 1e-5, "\(what)")
        }
      }
    }
  }

  @Test(
    "Divisions into tiles, with several threads, and frequencies are tried where tiles are many")
  func divisionIsTried() throws {
    func names(_ input: Shape, threads: Int) throws -> [String] {
      let plan = TilePlan(cacheByteCount: 1 << 20)
      let spec = ConvolutionSpec(outputs: 32, kernel: Extent(3), pad: Extent(1))
      let steps = try compile(
        LayerCase(spec: .convolution(spec), input: input), tiles: plan, threads: threads)
      let chosen = plan.candidates.first { $0.isChosen }
      for division in ["/tiles", "/frequencies"] {
        #expect(steps[0].info.tile.contains(division) == chosen?.tile.contains(division))
      }
      return plan.candidates.map(\.tile)
    }
    let large = Shape(n: 1, c: 16, h: 64, w: 64)
    #expect(
      try names(large, threads: 2)
        == ["2", "4", "5", "6"].flatMap { [$0, $0 + "/tiles", $0 + "/frequencies"] })
    #expect(
      try names(large, threads: 1)
        == ["2", "4", "5", "6"].flatMap { [$0, $0 + "/frequencies"] })
    #expect(
      try names(Shape(n: 1, c: 16, h: 8, w: 8), threads: 2) == ["2", "2/tiles", "4", "5", "6"])
  }

  @Test("A tile is tried for every one there is, and the choice is kept")
  func choice() throws {
    for (taps, names) in [
      (3, ["2", "2/frequencies", "4", "4/frequencies", "5", "5/frequencies", "6"]),
      (5, ["2", "2/frequencies", "3", "3/frequencies", "4", "4/frequencies"]),
    ] {
      let plan = TilePlan(cacheByteCount: 1 << 20)
      let steps = try compile(Self.convolution(taps), tiles: plan)
      #expect(plan.candidates.map(\.tile) == names)
      #expect(plan.candidates.allSatisfy { $0.nanoseconds > 0 && $0.layer == "layer" })
      let chosen = plan.candidates.filter(\.isChosen)
      #expect(chosen.count == 1)
      #expect(chosen.first?.nanoseconds == plan.candidates.map(\.nanoseconds).min())
      let parts = try #require(chosen.first).tile.split(separator: "/", maxSplits: 1)
      let division = parts.count == 2 ? "/\(parts[1])" : ""
      #expect(steps[0].info.tile == "F(\(parts[0])x\(parts[0]),\(taps)x\(taps))\(division)")
      // A second compilation takes it without trying.
      let again = try compile(Self.convolution(taps), tiles: plan)
      #expect(again[0].info.tile == steps[0].info.tile)
      #expect(plan.candidates.count == names.count)
    }
  }

  @Test("In a net the direct kernels compete, and are labelled when they are taken")
  func direct() throws {
    let plan = TilePlan(cacheByteCount: 1 << 20)
    _ = try compile(Self.convolution(3), tiles: plan, boundary: .nchw)
    #expect(
      plan.candidates.map(\.tile) == [
        "2", "2/frequencies", "4", "4/frequencies", "5", "5/frequencies", "6", "direct",
      ])
    let fixed = TilePlan(tiles: ["layer": "direct"], everywhere: "4", cacheByteCount: 0)
    let steps = try compile(Self.convolution(3), tiles: fixed)
    #expect(steps[0].info.implementation.contains("direct"))
    #expect(steps[0].info.delegatedTo == "simd")
  }

  @Test("A tile that does not exist is refused with those that do")
  func unknown() {
    #expect {
      try compile(Self.convolution(5), tiles: TilePlan(everywhere: "5", cacheByteCount: 0))
    } throws: {
      "\($0)".contains("no Winograd tile '5'")
        && "\($0)".contains("3, 3/frequencies, 4, 4/frequencies, direct")
    }
  }
}
