import Backends
import Execution
import Foundation
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

  @Test("A network of the same name is another one if its graph is; a comment makes no difference")
  func networks() {
    var then = environment
    var network = InputEnvironment(
      role: .network, name: "n.prototxt", path: "/n.prototxt", hash: "1", graph: "a")
    then.inputs = [network]
    var now = then
    network.hash = "2"
    now.inputs = [network]
    #expect(Comparability.changedInputs(then, now).isEmpty)
    network.graph = "b"
    now.inputs = [network]
    #expect(
      Comparability.changedInputs(then, now) == [
        "inputs.n.prototxt.graph was 'a' (/n.prototxt), is 'b' (/n.prototxt)"
      ])
    // Runs of earlier versions do not say.
    now.inputs = nil
    #expect(Comparability.changedInputs(then, now).isEmpty)
  }

  @Test("Other files are known by their bytes; one that is gone is not needed any more")
  func files() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-plan-\(UUID().uuidString)").path
    try "plan".write(toFile: path, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var then = environment
    then.inputs = [try InputEnvironment(.plan, file: path)]
    #expect(Comparability.changedInputs(then, environment).isEmpty)
    try "plam".write(toFile: path, atomically: false, encoding: .utf8)
    let sentences = Comparability.changedInputs(then, environment)
    #expect(sentences.count == 1 && sentences[0].contains(path))
    try FileManager.default.removeItem(atPath: path)
    #expect(Comparability.changedInputs(then, environment).isEmpty)
    #expect(throws: ResultsError.missing(path: path)) { try ContentHash.ofFile(path) }
  }

  @Test("Hashes are those of FNV-1a, whatever the length and wherever a byte differs")
  func hashes() {
    #expect(ContentHash.of("") == "cbf29ce484222325")
    #expect(ContentHash.of("a") == "af63dc4c8601ec8c")
    #expect(ContentHash.of("foobar") == "85944171f73967e8")
  }

  @Test("A library of another content is another library")
  func libraries() {
    var then = environment
    var now = environment
    now.libraries[0].hash = "2"
    #expect(Comparability.differences(then, now).isEmpty)
    then.libraries[0].hash = "1"
    #expect(
      Comparability.differences(then, now) == ["libraries.blas was '/x 1 k 1', is '/x 1 k 2'"])
  }

  @Test("The files that a program's command names are recorded, however it is quoted")
  func programs() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench programs \(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let script = folder + "/engine.py"
    try "pass".write(toFile: script, atomically: false, encoding: .utf8)
    let list = ProgramBackend(
      name: "p", summary: "", program: ExternalProgram(command: ["/bin/sh", script, "none"]))
    #expect(try InputEnvironment.files(of: list).map(\.name) == ["p: /bin/sh", "p: \(script)"])
    let line = ProgramBackend(
      name: "q", summary: "", program: ExternalProgram(shell: "env '/etc/passwd' --fast"))
    let names = try InputEnvironment.files(of: line).map(\.name)
    #expect(names == ["q: /bin/sh", "q: env", "q: /etc/passwd"])
  }

  @Test("The program has a hash")
  func hash() throws {
    let hash = try #require(BuildFingerprint.collect().executable)
    #expect(hash.count == 16)
    #expect(BuildFingerprint.collect().executable == hash)
  }
}
