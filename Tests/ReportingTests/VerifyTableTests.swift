import Reporting
import Results
import Testing

struct VerifyTableTests {
  private static let rows: [WorkloadRow] = {
    var good = WorkloadRow(
      key: TestRun.key("conv1", index: 0), status: .ok,
      check: CheckFacts(maxAbsError: 1.23e-6, nrmse: 4.5e-8, errorBound: 3.3e-5))
    good.facts.delegatedTo = "simd"
    let bad = WorkloadRow(
      key: TestRun.key("conv2", index: 4, backend: "im2col-openblas", isa: "haswell"),
      status: .failed, reason: "error is 120 times the bound at n 0, k 3, p 1, q 2",
      check: CheckFacts(maxAbsError: .nan, nrmse: 0, errorBound: 3.3e-5))
    let missing = WorkloadRow(
      key: TestRun.key("conv2", index: 4, backend: "blis", isa: "external", threads: 2),
      status: .unavailable, reason: "libblis.so.4 cannot be opened")
    return [good, bad, missing]
  }()

  @Test("Every row has its error, its bound and a verdict")
  func terminal() {
    #expect(VerifyTable(Self.rows).terminal() == Golden.verify)
  }

  @Test("Markdown has the same cells")
  func markdown() {
    #expect(VerifyTable(Self.rows).markdown() == Golden.verifyMarkdown)
  }
}
