import Foundation
import Reporting
import Results
import Testing

@Suite struct RunComparisonTests {
  private func files(
    _ run: TestRun, _ runID: String = "a", change: (inout Environment) -> Void = { _ in }
  ) throws -> RunFiles {
    let folder = try TestFolder(run, runID: runID, change: change)
    return try folder.files
  }

  @Test("A run against itself has no difference, each ratio being 1")
  func itself() throws {
    let run = try files(ComparedRun.make())
    let comparison = try RunComparison(run, run)
    #expect(comparison.changed.isEmpty)
    #expect(comparison.differences.isEmpty)
    let decided = comparison.rows.filter { $0.verdict != .notComparable }
    #expect(decided.count > 20)
    #expect(decided.allSatisfy { $0.verdict == .equivalent && $0.ratio == 1 })
    #expect(comparison.terminal().contains("no difference in \(decided.count) comparisons"))
  }

  @Test("Two runs of the same code have no difference")
  func sameCode() throws {
    let comparison = try RunComparison(
      files(ComparedRun.make(seed: 1)), files(ComparedRun.make(seed: 2), "b"))
    #expect(comparison.changed.isEmpty)
    #expect(comparison.rows.contains { $0.ratio != 1 })
  }

  @Test("A layer that is 10 % slower is found, alone and inside the net, and nothing else")
  func handicap() throws {
    let comparison = try RunComparison(
      files(ComparedRun.make(seed: 1)),
      files(ComparedRun.make(seed: 2, slower: ["simd:conv2": 10]), "b"))
    #expect(!comparison.changed.isEmpty)
    for row in comparison.changed {
      #expect(row.key.layer == "conv2" && row.key.backend == "simd" && row.verdict == .slower)
      #expect(abs(try #require(row.ratio) - 1.1) < 0.01)
      #expect(try #require(row.intervalLower) > 1.05)
      #expect(try #require(row.detectableEffectPercent) < 10)
    }
    #expect(Set(comparison.changed.map(\.key.pass)) == [.isolated, .inNet])
    #expect(comparison.terminal().contains("simd:conv2=10%"))
    let back = try RunComparison(
      files(ComparedRun.make(seed: 2, slower: ["simd:conv2": 10]), "b"),
      files(ComparedRun.make(seed: 1)))
    #expect(back.changed.count == comparison.changed.count)
    #expect(back.changed.allSatisfy { $0.verdict == .faster })
  }

  @Test("Networks that share nothing but their name are not compared, with --cross-host neither")
  func otherNetworks() throws {
    func files(_ graph: String, _ runID: String) throws -> RunFiles {
      try self.files(ComparedRun.make(), runID) {
        $0.inputs = [
          InputEnvironment(
            role: .network, name: "n.prototxt", path: "/n.prototxt", hash: "1\(graph)", graph: graph
          )
        ]
      }
    }
    for crossHost in [false, true] {
      #expect {
        try RunComparison(files("a", "x"), files("b", "y"), crossHost: crossHost)
      } throws: { error in
        "\(error)".contains("inputs.n.prototxt.graph was 'a' (/n.prototxt), is 'b'")
      }
    }
    let same = try RunComparison(files("a", "x"), files("a", "y"))
    #expect(same.differences.isEmpty)
  }

  @Test("Hosts and settings that make times not comparable are refused, field by field")
  func refused() throws {
    let here = try files(ComparedRun.make())
    let changes: [(String, (inout Environment) -> Void)] = [
      ("host.host_class was 'test-host', is 'x'", { $0.host.hostClass = "x" }),
      ("host.cpu.brand was 'Test CPU', is 'y'", { $0.host.cpu.brand = "y" }),
      ("host.cpu_quota was 'none', is '1.5'", { $0.host.cpuQuota = 1.5 }),
      ("the number of CPUs in host.affinity was '2', is '1'", { $0.host.affinity = [0] }),
      ("build.configuration was 'release', is 'debug'", { $0.build.configuration = "debug" }),
      ("host.ftz was 'false', is 'true'", { $0.host.flushesDenormalsToZero = true }),
    ]
    for (sentence, change) in changes {
      let there = try files(ComparedRun.make(), "b", change: change)
      let error = #expect(throws: ReportingError.self) { try RunComparison(here, there) }
      #expect(error.map { "\($0)".contains(sentence) } == true, "\(sentence)")
    }
    let commit = try files(ComparedRun.make(), "b") { $0.build.gitCommit = "c" }
    let allowed = try RunComparison(here, commit)
    #expect(allowed.differences.map(\.field) == ["build.git_commit"])
    #expect(allowed.terminal().contains("build.git_commit: absent -> 'c'"))
  }

  @Test("Across hosts ratios within each run are compared, so that a faster host is none")
  func crossHost() throws {
    let here = try files(ComparedRun.make(seed: 1))
    let there = try files(
      ComparedRun.make(seed: 2, slower: ["simd:conv2": 10], scale: 370), "b"
    ) { $0.host.hostClass = "other" }
    let comparison = try RunComparison(here, there, crossHost: true)
    #expect(comparison.divisor == "im2col-openblas")
    #expect(comparison.rows.allSatisfy { $0.quantity == .ratio && $0.key.backend != $0.divisor })
    #expect(!comparison.changed.isEmpty)
    #expect(
      comparison.changed.allSatisfy {
        $0.key.layer == "conv2" && $0.key.backend == "simd" && $0.verdict == .slower
      })
    #expect(comparison.warnings.contains { $0.contains("host.host_class") })
    #expect(
      throws: ReportingError.unknownBase(
        name: "blis", run: "a", known: ["im2col-openblas", "simd", "winograd"])
    ) { try RunComparison(here, there, crossHost: true, base: "blis") }
  }

  @Test("Too few rounds have a ratio, and the number that an interval takes")
  func fewRounds() throws {
    let few = try files(ComparedRun.make(count: 5))
    let comparison = try RunComparison(few, files(ComparedRun.make(), "b"))
    #expect(comparison.rows.allSatisfy { $0.verdict == .notComparable })
    #expect(
      comparison.rows.contains {
        $0.reason == "5 and 24 rounds, an interval takes 7 on each side" && $0.ratio != nil
      })
  }

  @Test("A difference that is nothing to the net is not called one")
  func small() throws {
    var slow = ComparedRun.make(seed: 2)
    for index in slow.samples.indices where slow.samples[index].key.layer == "tiny" {
      slow.samples[index].block.wallNanoseconds *= 2
    }
    func withTiny(_ run: TestRun, _ time: Int) -> TestRun {
      var run = run
      run.add(
        TestRun.key("tiny", index: 3, kind: "relu"), nanoseconds: (0..<24).map { time + $0 % 2 })
      return run
    }
    let comparison = try RunComparison(
      files(withTiny(ComparedRun.make(seed: 1), 500)), files(withTiny(slow, 800), "b"))
    #expect(comparison.changed.isEmpty)
    let tiny = try #require(comparison.rows.first { $0.key.layer == "tiny" })
    #expect(tiny.verdict == .inconclusive && tiny.reason.contains("of the net's time"))
  }

  @Test("Rows that one run alone has are counted; runs without a common one are refused")
  func common() throws {
    let here = try files(ComparedRun.make())
    var less = ComparedRun.make()
    less.workloads.removeAll { $0.key.backend == "winograd" }
    less.samples.removeAll { $0.key.backend == "winograd" }
    let comparison = try RunComparison(here, files(less, "b"))
    #expect(comparison.onlyInBaseline > 0 && comparison.onlyInContender == 0)
    var other = ComparedRun.make()
    for index in other.workloads.indices { other.workloads[index].key.network = "n" }
    for index in other.samples.indices { other.samples[index].key.network = "n" }
    let strange = try files(other, "c")
    #expect(throws: ReportingError.self) { try RunComparison(here, strange) }
  }

  @Test("The table, Markdown, CSV and JSON are what they were when looked at")
  func golden() throws {
    let comparison = try RunComparison(
      files(ComparedRun.make(seed: 1)),
      files(ComparedRun.make(seed: 2, slower: ["simd:conv2": 10]), "b") {
        $0.build.gitCommit = "0123abc"
        $0.warnings = ["simd: steered"]
      })
    for (name, text) in [
      ("compare-runs.txt", comparison.terminal()), ("compare-runs.md", comparison.markdown()),
      ("compare-runs.csv", comparison.csv()), ("compare-runs.json", comparison.json()),
    ] {
      let difference = GoldenText(name: name).difference(from: text)
      #expect(difference == nil, "\(difference ?? "")")
    }
    let rows = try Schema.compareRuns.rows(in: comparison.csv(), file: "f")
    #expect(rows == comparison.rows)
  }
}
