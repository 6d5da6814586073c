import Measuring
import Results
import Testing

@Suite struct ComparabilityTests {
  private let environment: Environment = {
    var host = HostEnvironment()
    host.hostClass = "h"
    host.affinity = [0, 1]
    host.environment = ["OMP_NUM_THREADS": "2"]
    var build = BuildEnvironment(compiler: "Swift", configuration: "release")
    build.executable = "0123"
    return Environment(
      runID: "r", startedAt: "", arguments: [], seeds: [:], build: build, host: host,
      libraries: [LibraryEnvironment(name: "blas", path: "/x", version: "1", kernel: "k")])
  }()

  @Test("The same host, program and libraries do not differ, whatever the load or the time")
  func same() {
    var other = environment
    other.startedAt = "later"
    other.host.loadAverage = [9, 9, 9]
    other.warnings = ["w"]
    #expect(Comparability.differences(environment, other).isEmpty)
  }

  @Test("What differs is named field by field, with both values")
  func differences() {
    var other = environment
    other.host.hostClass = "g"
    other.host.affinity = [0]
    other.host.environment = ["OPENBLAS_CORETYPE": "Haswell"]
    other.build.executable = nil
    other.libraries[0].kernel = "l"
    #expect(
      Comparability.differences(environment, other) == [
        "host.host_class was 'h', is 'g'", "host.affinity was '0,1', is '0'",
        "build.executable was '0123', is nothing",
        "host.environment.OMP_NUM_THREADS was '2', is nothing",
        "host.environment.OPENBLAS_CORETYPE was nothing, is 'Haswell'",
        "libraries.blas was '/x 1 k', is '/x 1 l'",
      ])
  }

  @Test("Two builds on one host are comparable; of another class of hosts each field is named")
  func hosts() {
    var other = environment
    other.build.executable = "4567"
    #expect(Comparability.hostDifferences(environment, other).isEmpty)
    other.host.hostClass = "g"
    #expect(
      Comparability.hostDifferences(environment, other) == ["host.host_class was 'h', is 'g'"])
    other.host.cpu.model = 17
    other.host.memoryBytes = 8 << 30
    #expect(
      Comparability.hostDifferences(environment, other) == [
        "host.cpu.model was nothing, is '17'", "host.memory_bytes in GiB was nothing, is '8'",
      ])
  }

  @Test("The program has a hash")
  func hash() throws {
    let hash = try #require(BuildFingerprint.collect().executable)
    #expect(hash.count == 16)
    #expect(BuildFingerprint.collect().executable == hash)
  }
}
