import Results
import Testing

@Suite struct EnvironmentDifferenceTests {
  @Test("What every run has otherwise is no difference")
  func same() {
    var other = SampleRows.environment
    other.runID = "s"
    other.startedAt = "later"
    other.finishedAt = "later still"
    other.arguments = ["x"]
    other.warnings = []
    other.loadBefore = [9, 9, 9]
    other.host.loadAverage = [9, 9, 9]
    other.host.availableMemoryBytes = 1
    #expect(EnvironmentDifference.all(SampleRows.environment, other).isEmpty)
  }

  @Test("Fields that differ are named by their place, libraries by name and caches by level")
  func places() {
    var other = SampleRows.environment
    other.host.caches[0].byteCount = 7
    other.host.environment = ["OPENBLAS_CORETYPE": "Haswell"]
    other.host.cpu.flags = ["fma"]
    other.libraries[0].kernel = "l"
    other.libraries.append(
      LibraryEnvironment(name: "blis", path: "/b", version: "2", kernel: "zen"))
    other.seeds = ["weights": 3]
    let found = EnvironmentDifference.all(SampleRows.environment, other)
    func difference(_ field: String, _ baseline: String?, _ contender: String?)
      -> EnvironmentDifference?
    {
      found.first { $0.field == field && $0.baseline == baseline && $0.contender == contender }
    }
    #expect(difference("host.caches.L2 unified.bytes", "1048576", "7") != nil)
    #expect(difference("host.environment.OMP_NUM_THREADS", "2", nil) != nil)
    #expect(difference("host.environment.OPENBLAS_CORETYPE", nil, "Haswell") != nil)
    #expect(difference("host.cpu.flags", "fma avx2", "fma") != nil)
    #expect(difference("libraries.blas.kernel", "k", "l") != nil)
    #expect(difference("libraries.blis.version", nil, "2") != nil)
    #expect(difference("seeds.weights", String(UInt64.max), "3") != nil)
    #expect(found.map(\.field) == found.map(\.field).sorted())
    // blis has name, path, version and kernel.
    #expect(found.count == 10)
  }
}
