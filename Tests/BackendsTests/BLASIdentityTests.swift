import Backends
import Kernels
import Testing

@Suite("BLAS identity")
struct BLASIdentityTests {
  private func identity(_ family: String, _ version: String, _ core: String) -> BLASIdentity {
    BLASIdentity(family: family, version: version, core: core)
  }

  @Test("names library, version and kernel")
  func kernelID() {
    #expect(identity("openblas", "0.3.21", "Cooperlake").kernelID == "openblas-0.3.21-Cooperlake")
    #expect(identity("libfoo.so", "", "").kernelID == "libfoo.so")
  }

  @Test(
    "knows the instruction set of a kernel",
    arguments: [
      ("SkylakeX", "avx512"), ("Cooperlake", "avx512"), ("skx", "avx512"), ("zen4", "avx512"),
      ("Haswell", "avx2"), ("Zen", "avx2"), ("zen3", "avx2"), ("Sandybridge", "avx"),
      ("generic", "baseline"), ("Nehalem", "baseline"), ("penryn", "baseline"),
      ("frobnicator", "external"), ("", "external"),
    ])
  func isa(core: String, isa: String) {
    #expect(identity("openblas", "1", core).isa == isa)
  }

  @Test("no warning about the best kernels in a clean environment")
  func clean() {
    let best = InstructionSet.best == .avx512 ? "SkylakeX" : "Haswell"
    let warnings = identity("openblas", "0.3.21", best)
      .warnings(environment: ["PATH": "/bin", "BLIS_ARCH_TYPE": "3"], canSetThreads: true)
    #expect(warnings.isEmpty)
  }

  @Test("warns of variables that steer the library, by name and value")
  func steering() {
    let environment = ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "1048576"]
    let warnings = identity("openblas", "0.3.21", "frobnicator")
      .warnings(environment: environment, canSetThreads: true)
    #expect(warnings.count == 2)
    #expect(warnings.contains { $0.text.contains("OPENBLAS_CORETYPE=Haswell") })
    #expect(warnings.contains { $0.text.contains("OPENBLAS_L2_SIZE=1048576") })
    #expect(warnings.allSatisfy { $0.kind == .steered })
    #expect(warnings.map(\.variable) == ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"])
    #expect(warnings[0].command == "env -u OPENBLAS_CORETYPE alexbench run")
    #expect(warnings[0].description.hasSuffix("by itself; unset it to see that"))
  }

  @Test("warns of a name where BLIS takes a number")
  func blisName() {
    let warnings = identity("blis", "0.9.0", "frobnicator")
      .warnings(environment: ["BLIS_ARCH_TYPE": "haswell"], canSetThreads: true)
    #expect(warnings.contains { $0.text.contains("reads 'haswell' as 0 (skx)") })
  }

  @Test(
    "warns of lesser code than the processor offers, and how to change it",
    .enabled(if: InstructionSet.best != .baseline))
  func lesser() {
    let warnings = identity("blis", "0.9.0", "generic").warnings(
      environment: [:], canSetThreads: true)
    #expect(warnings.count == 1)
    #expect(warnings[0].text.contains("blis-0.9.0-generic uses baseline kernels"))
    #expect(warnings[0].kind == .lesserCode)
    #expect(warnings[0].advice?.contains("BLIS_ARCH_TYPE") == true)
    #expect(warnings[0].command?.hasPrefix("BLIS_ARCH_TYPE=") == true)
  }

  @Test("warns when the library can't be told how many threads to use")
  func threads() {
    let warnings = identity("libfoo.so", "", "").warnings(environment: [:], canSetThreads: false)
    #expect(warnings.contains { $0.text.contains("thread count") })
    #expect(warnings.contains { $0.text.contains("does not tell which kernels") })
  }
}
