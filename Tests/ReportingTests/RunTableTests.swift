import Reporting
import Results
import Testing

struct RunTableTests {
  private static let backends = ["naive", "im2col-openblas", "im2col-blis", "winograd", "simd"]

  /// Five backends over a few layers, with every kind of cell.
  private static let fiveBackends: [SummaryRow] = {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 421_660_800)
    run.addLayer("relu1", index: 1, kind: "relu", flops: 580_800)
    run.addLayer("drop6", index: 2, kind: "dropout", flops: 0)
    run.addLayer("fc6", index: 3, kind: "inner_product", flops: 151_000_000)
    run.addLayer("net", index: -1, kind: "network", flops: 2_900_000_000)
    let conv = [812_345_678, 9_876_543, 8_765_432, 4_000_000, 3_999_999]
    let relu = [400_000, 61_234, 62_345, 31_000, 32_000]
    let net = [6_123_456_789, 98_765_432, 103_456_789, 45_678_901, 47_000_000]
    // The net comes first in the rows and still stands at the bottom.
    for (backend, time) in zip(backends, net) {
      if backend == "im2col-blis" {
        run.add(
          TestRun.netKey(backend: backend), status: .failed,
          reason: "nrmse 1.2e-2 on fc8 is above the limit of 1.0e-5")
      } else {
        run.add(TestRun.netKey(backend: backend), nanoseconds: [time], contaminated: [0])
      }
    }
    for (backend, time) in zip(backends, conv) {
      run.add(TestRun.key("conv1", index: 0, backend: backend), nanoseconds: [time])
    }
    for (backend, time) in zip(backends, relu) {
      run.add(
        TestRun.key("relu1", index: 1, backend: backend, kind: "relu"),
        delegatedTo: backend == "winograd" ? "simd" : "", nanoseconds: [time])
    }
    for backend in backends {
      run.add(
        TestRun.key("drop6", index: 2, backend: backend, isa: "none", kind: "dropout"),
        status: .elided, reason: "dropout is the identity in inference")
    }
    for backend in backends.dropFirst(2) {
      run.add(
        TestRun.key("fc6", index: 3, backend: backend, kind: "inner_product"),
        status: backend == "winograd" ? .fused : .skipped,
        reason: backend == "winograd" ? "into conv1" : "")
    }
    return summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
  }()

  @Test("Five backends fit into 100 columns, with every kind of cell")
  func terminal() {
    let text = RunTable(
      summary: Self.fiveBackends, warnings: ["OPENBLAS_CORETYPE is set to Haswell"]
    ).terminal(isBold: false)
    #expect(text == Golden.terminal)
    for line in text.split(separator: "\n") { #expect(line.count <= 100) }
  }

  @Test("The best of a row is bold on a terminal")
  func bold() {
    let text = RunTable(summary: Self.fiveBackends).terminal(isBold: true)
    let bold = text.split(separator: "\u{1b}[1m").dropFirst()
      .map { $0.prefix { $0 != "\u{1b}" }.trimmingPrefix { $0 == " " } }
    #expect(bold == ["4.000  105.4*", "0.0320  18.1*", "45.68    63.5*"])
    let plain = text.replacing("\u{1b}[1m", with: "").replacing("\u{1b}[0m", with: "")
    #expect(plain == RunTable(summary: Self.fiveBackends).terminal(isBold: false))
  }

  @Test("Markdown has the same cells")
  func markdown() {
    let text = RunTable(
      summary: Self.fiveBackends, warnings: ["OPENBLAS_CORETYPE is set to Haswell"]
    ).markdown()
    #expect(text == Golden.markdown)
  }

  @Test("Several instruction sets of a backend stand side by side")
  func instructionSets() {
    var run = TestRun()
    for (isa, time) in [("avx2", 2_000_000), ("baseline", 8_000_000)] {
      run.add(TestRun.key("conv1", index: 0, isa: isa), nanoseconds: [time])
      run.add(TestRun.netKey(isa: isa), nanoseconds: [time * 10])
    }
    run.add(
      TestRun.key("drop6", index: 1, isa: "none", kind: "dropout"), status: .elided, reason: "why")
    run.add(
      TestRun.key("conv1", index: 0, backend: "blas", isa: "haswell"), nanoseconds: [3_000_000])
    let rows = summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
    #expect(RunTable(summary: rows).terminal(isBold: false) == Golden.instructionSets)
  }

  @Test("A single backend has no best, and thread counts have tables of their own")
  func singleBackend() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [1_000_000])
    run.add(TestRun.key("conv1", index: 0, threads: 2), nanoseconds: [500_000])
    let rows = summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
    #expect(RunTable(summary: rows).terminal(isBold: true) == Golden.singleBackend)
  }

  @Test("A rate that rounds to nothing does not look like 0")
  func smallRate() {
    var run = TestRun()
    run.addLayer("prob", index: 0, kind: "softmax", flops: 4)
    run.add(TestRun.key("prob", index: 0, kind: "softmax"), nanoseconds: [1000])
    let rows = summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
    let text = RunTable(summary: rows).terminal(isBold: false)
    #expect(text.contains("0.0010 <0.1\n"))
  }

  @Test("What is handed on is never the best")
  func delegated() {
    var run = TestRun()
    run.add(
      TestRun.key("relu1", index: 0, backend: "winograd"), delegatedTo: "simd", nanoseconds: [1000])
    run.add(TestRun.key("relu1", index: 0), nanoseconds: [2000])
    run.add(TestRun.key("relu1", index: 0, backend: "naive"), nanoseconds: [3000])
    let rows = summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
    let text = RunTable(summary: rows).terminal(isBold: false)
    #expect(text.contains("0.0020 *"))
    #expect(!text.contains("0.0010*") && !text.contains("simd*"))
  }
}
