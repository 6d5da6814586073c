import Reporting
import Results
import Testing

/// Comparisons whose family is a table, and sides that take no turns.
@Suite struct ComparisonRuleTests {
  private static let blas = "im2col-openblas"

  private func times(_ center: Int, count: Int, from seed: Int = 0) -> [Int] {
    (0..<count).map { center + center * (($0 * 7 + seed) % 9 - 4) / 1000 }
  }

  /// Layers and a net of three backends, one of which has a few blocks only.
  private func run(layers: Int = 4, rounds: Int = 40, blocks: Int = 3) -> TestRun {
    var run = TestRun()
    for index in 0..<layers {
      for (backend, factor) in [(Self.blas, 10), ("simd", 7), ("winograd", 6)] {
        run.add(
          TestRun.key("conv\(index)", index: index, backend: backend),
          nanoseconds: times(factor * 100_000, count: rounds, from: index + factor))
      }
      run.add(
        TestRun.key("conv\(index)", index: index, backend: "naive"),
        nanoseconds: times(90_000_000, count: blocks))
    }
    for (backend, factor) in [(Self.blas, 10), ("simd", 7), ("winograd", 6)] {
      run.add(
        TestRun.netKey(backend: backend),
        nanoseconds: times(factor * 1_000_000, count: rounds, from: factor))
    }
    return run
  }

  private func compared(_ run: TestRun, _ rule: ComparisonRule = .ofTable) -> [BackendRatioRow] {
    compare(samples: run.samples, workloads: run.workloads, rule: rule)
  }

  @Test("The family of a comparison is its table")
  func family() {
    let rows = compared(run())
    let nets = rows.filter { $0.key.pass == .net }
    #expect(nets.map(\.correction) == ["bonferroni over 2", "bonferroni over 2"])
    #expect(nets.allSatisfy { $0.alpha == 0.025 })
    let layers = rows.filter { $0.key.pass == .isolated }
    #expect(layers.count == 12)
    #expect(layers.allSatisfy { $0.correction.hasPrefix("bonferroni over 12") })
    // Under the rule of before, the net's comparisons share with all others, and three blocks are none.
    let before = compared(run(), .ofRun)
    #expect(Set(before.map(\.correction)) == ["bonferroni over 10", ""])
  }

  @Test("A side with a few blocks has an interval and a verdict, by all blocks of both")
  func unpaired() throws {
    let slow = compared(run()).filter { $0.contender == "naive" }
    #expect(slow.count == 4)
    for row in slow {
      #expect(row.verdict == .slower && row.reason.isEmpty)
      #expect(row.correction == "bonferroni over 12, unpaired")
      #expect(row.pairCount == 3)
      let ratio = try #require(row.ratio)
      #expect(abs(ratio - 90) < 1)
      let (lower, upper) = (try #require(row.intervalLower), try #require(row.intervalUpper))
      #expect(lower < ratio && ratio < upper && lower > 85 && upper < 95)
      #expect(try #require(row.detectableEffectPercent) < 10)
    }
    for row in compared(run(), .ofRun) where row.contender == "naive" {
      #expect(row.verdict == .notComparable && row.intervalLower == nil)
    }
  }

  @Test("Too few blocks are still no comparison, and take no part in the family")
  func tooFew() throws {
    let rows = compared(run(rounds: 30, blocks: 1))
    let slow = rows.filter { $0.contender == "naive" }
    #expect(slow.count == 4)
    #expect(slow.allSatisfy { $0.verdict == .notComparable && !$0.reason.isEmpty })
    #expect(
      rows.filter { $0.key.pass == .isolated && $0.contender != "naive" }
        .allSatisfy { $0.correction == "bonferroni over 8" })
  }

  @Test("What cannot be told says by how much it would have to differ")
  func inconclusive() throws {
    var run = TestRun()
    run.add(TestRun.netKey(backend: Self.blas), nanoseconds: times(1_000_000, count: 20))
    let wide = (0..<20).map { 1_000_000 + ($0.isMultiple(of: 2) ? 100_000 : -100_000) }
    run.add(TestRun.netKey(), nanoseconds: wide)
    let row = try #require(compared(run).first)
    #expect(row.verdict == .inconclusive)
    #expect(
      row.reason.contains("; a difference of ") && row.reason.contains(" % would have been told"))
  }

  @Test("A run is validated by the rule that it names, and by the first where it names none")
  func validation() throws {
    let run = run()
    for rule in ComparisonRule.allCases {
      let folder = try TestFolder(run) { $0.comparisonRule = rule.rawValue }
      // The plain values of this run are no whole folder otherwise.
      func violations() throws -> [ResultsError] {
        try RunValidation(folder: folder.path).violations.filter {
          "\($0)".contains(Schema.compare.fileName)
        }
      }
      #expect(try violations().isEmpty == (rule == .ofRun))
      try Schema.compare.write(compared(run, rule), inFolder: folder.path)
      #expect(try violations() == [])
    }
    #expect(ComparisonRule(nil) == .ofRun)
    #expect(ComparisonRule.current == .ofTable)
  }

  private func winners(_ run: TestRun) -> [String] {
    Winner.all(samples: run.samples, workloads: run.workloads)
      .map { "\($0.key.layer) \($0.backend)" }
  }

  @Test("The fastest is named by its own comparison with every other one")
  func winners() {
    #expect(
      winners(run()) == [
        "conv0 winograd", "conv1 winograd", "conv2 winograd", "conv3 winograd", "net winograd",
      ])
  }

  @Test("A lead of a tenth is enough where both drift alike, though intervals to the base overlap")
  func drift() {
    var run = TestRun()
    // The base wanders on its own; the two others with each other.
    let common = (0..<30).map { 1_000_000 + 40_000 * ($0 * 5 % 7) }
    run.add(
      TestRun.netKey(backend: Self.blas),
      nanoseconds: (0..<30).map { 2_000_000 + 200_000 * ($0 % 4) })
    run.add(TestRun.netKey(backend: "simd"), nanoseconds: common.map { $0 * 11 / 10 })
    run.add(TestRun.netKey(backend: "winograd"), nanoseconds: common)
    #expect(winners(run) == ["net winograd"])
    #expect(Winner.all(in: compared(run)).isEmpty)
  }

  @Test("Who is not told apart is not named, nor who was handed the layer")
  func noWinner() {
    var run = TestRun()
    let common = [Int](repeating: 1_000_000, count: 30)
    run.add(TestRun.netKey(backend: "simd"), nanoseconds: common)
    run.add(
      TestRun.netKey(backend: "winograd"),
      nanoseconds: (0..<30).map { 1_000_000 + ($0.isMultiple(of: 2) ? 3000 : -3000) })
    #expect(winners(run).isEmpty)
    var handed = TestRun()
    handed.add(
      TestRun.key("fc6", index: 1, backend: Self.blas), nanoseconds: times(3_000_000, count: 30))
    handed.add(
      TestRun.key("fc6", index: 1, backend: "simd"), nanoseconds: times(2_000_000, count: 30))
    handed.add(
      TestRun.key("fc6", index: 1, backend: "winograd"), delegatedTo: "simd",
      nanoseconds: times(1_000_000, count: 30))
    #expect(winners(handed) == ["fc6 simd"])
  }

  @Test("A backend with 16-bit weights is no rival of float32, and the fastest of its kind only")
  func precisions() {
    var run = TestRun()
    for (backend, time) in [("simd", 2_000_000), ("winograd", 1_500_000)] {
      run.add(TestRun.netKey(backend: backend), nanoseconds: times(time, count: 30))
    }
    func add(_ backend: String, _ time: Int) {
      run.add(TestRun.netKey(backend: backend), nanoseconds: times(time, count: 30))
      run.workloads[run.workloads.count - 1].facts.precision = .halfWeights
    }
    add("simd-w16", 1_000_000)
    #expect(winners(run) == ["net winograd"])
    #expect(comparison(run).netSentence?.hasPrefix("winograd is the fastest") == true)
    add("other-w16", 800_000)
    #expect(Set(winners(run)) == ["net winograd", "net other-w16"])
    #expect(comparison(run).netSentence?.hasPrefix("winograd is the fastest") == true)
  }

  private func comparison(_ run: TestRun) -> BackendComparison {
    var environment = TestFolder.environment("r")
    environment.comparisonRule = ComparisonRule.current.rawValue
    return BackendComparison(
      samples: run.samples, workloads: run.workloads, environment: environment)
  }

  @Test("A sentence names the fastest at the full net, with its interval")
  func sentence() throws {
    let sentence = try #require(comparison(run()).netSentence)
    #expect(
      sentence.wholeMatch(
        of:
          /winograd is the fastest at the full net \(alexnet, batch 2, 1 thread\): 0\.[56]\d+ times the time of im2col-openblas \(0\.5\d+ to 0\.6\d+\)\./
      ) != nil, "\(sentence)")
    var base = TestRun()
    base.add(TestRun.netKey(backend: Self.blas), nanoseconds: times(1_000_000, count: 30))
    base.add(TestRun.netKey(), nanoseconds: times(1_300_000, count: 30))
    let other = try #require(comparison(base).netSentence)
    #expect(other.contains("im2col-openblas is the fastest at"))
    #expect(other.contains("the next, simd, takes 1.3"))
    var one = TestRun()
    one.add(TestRun.netKey(), nanoseconds: [1, 2, 3])
    #expect(comparison(one).netSentence == nil)
  }

  @Test("Of several settings it says how many have the same answer")
  func settings() throws {
    var run = TestRun()
    for threads in [1, 2] {
      run.add(
        TestRun.netKey(backend: Self.blas, threads: threads),
        nanoseconds: times(2_000_000, count: 30))
      run.add(TestRun.netKey(threads: threads), nanoseconds: times(1_000_000, count: 30))
    }
    #expect(
      try #require(comparison(run).netSentence)
        .hasPrefix("simd is the fastest at the full net in all 2 settings: "))
    run.add(
      TestRun.netKey(backend: Self.blas, threads: 4), nanoseconds: times(1_000_000, count: 30))
    run.add(TestRun.netKey(threads: 4), nanoseconds: times(1_000_000, count: 30))
    #expect(
      comparison(run).netSentence
        == "The fastest at the full net in 3 settings: simd in 2, not told in 1.")
    let folder = try TestFolder(run) { $0.comparisonRule = 2 }
    try Schema.compare.write(compared(run), inFolder: folder.path)
    let files = try folder.files
    let text = MarkdownReport(files, comparison: try BackendComparison(files)).markdown()
    let lines = text.split(separator: "\n")
    #expect(lines[1].hasPrefix("The fastest at the full net in 3 settings"))
  }

  @Test("A report shows what the time was spent on, the largest share first")
  func spent() throws {
    let folder = try TestFolder(run()) {
      $0.spentNanoseconds = [
        "timed blocks": 7_100_000_000, "preparing": 2_500_000_000, "writing files": 1_000_000,
        "everything else": 399_000_000, "in all": 10_000_000_000,
      ]
    }
    let files = try folder.files
    #expect(files.environment.spentNanoseconds?["preparing"] == 2_500_000_000)
    let text = "71 % timed blocks, 25 % preparing, 4 % everything else; 10.0 s in all"
    let comparison = try BackendComparison(files)
    #expect(MarkdownReport(files, comparison: comparison).markdown().contains(text))
    #expect(HTMLReport(files, comparison: comparison).html().contains(text))
    let silent = try TestFolder(run()).files
    #expect(!MarkdownReport(silent, comparison: comparison).markdown().contains("s in all"))
  }
}
