import Foundation
import Testing

@Suite struct UsageTests {
  @Test(
    "Bad input ends with one line that says what to do, and its exit code",
    arguments: [
      (["run", "--network", "alexnt"], 64, "did you mean 'alexnet'?"),
      (["run", "--backend", "openblas"], 64, "did you mean 'im2col-openblas'?"),
      (["run", "--layer", "conf2"], 64, "did you mean 'conv2'?"),
      (["run", "--isa", "avx3"], 64, "did you mean 'avx2'?"),
      (["run", "--problem", "c3 h5"], 64, "lacks 'k'"),
      (["run", "--problem", "c3 h5 k2 r3", "--stage", "x"], 64, "are for networks"),
      (["run", "--out", "/proc/alexbench", "--network", "caffenet-mini"], 6, "/proc/alexbench"),
      (["run", "--cpus", "4096"], 3, "affinity mask"),
      (
        ["run", "--blas", "x=/proc/nonexistent.so", "--backend", "im2col-x"], 3,
        "/proc/nonexistent.so"
      ),
      (["run", "--tile", "conf2=4"], 64, "did you mean 'conv2'?"),
      (["run", "--tile", "conf2=jit:avx2@nhwc"], 64, "did you mean 'conv2'?"),
      (["run", "--plan", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["power", "--effect", "3", "--run", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["validate", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["summarise", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["run", "--precision", "0"], 64, "'0' is not a percentage"),
      (["run", "--budget", "5d"], 64, "'5d' is not a time"),
      (["run", "--slow-down", "conv3"], 64, "[BACKEND:]LAYER=PERCENT"),
      (["run", "--slow-down", "conf3=5%"], 64, "did you mean 'conv3'?"),
      (["run", "--resume", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["run", "--backend", "simd#1"], 64, "no backend 'simd#1'"),
      (["calibrate", "--backend", "simb"], 64, "did you mean 'simd'?"),
      (["verify", "--network", "alexnt"], 64, "did you mean 'alexnet'?"),
      (["list", "layers", "--network", "alexnt"], 64, "did you mean 'alexnet'?"),
      (["host", "--cpus", "4096"], 3, "affinity mask"),
    ] as [([String], Int32, String)])
  func refusals(arguments: [String], exitCode: Int32, sentence: String) throws {
    let command = try Command(arguments, environment: ["ALEXBENCH_ISA": nil])
    #expect(command.exitCode == exitCode)
    #expect(command.errors.contains(sentence))
    #expect(command.errors.split(separator: "\n").count == 1)
    #expect(command.output.isEmpty)
  }

  @Test(
    "What the argument parser refuses is usage too",
    arguments: [
      ["run", "--pass", "sideways"], ["run", "--show", "walls"], ["run", "--batch", "one"],
      ["run", "--tile", "conv2="], ["run", "--tile", "4,5"], ["run", "--cache", "lukewarm"],
      ["run", "--tile", "jit:avx2@nhwc"], ["power"], ["power", "--effect", "0%"],
      ["power", "--effect", "some"], ["validate"], ["dance"], ["host", "--require", "unfit"],
    ])
  func parser(arguments: [String]) throws {
    #expect(try Command(arguments).exitCode == 64)
  }

  @Test(
    "Lists name what there is",
    arguments: [
      ("backends", ["naive", "im2col-openblas", "im2col-blis"]),
      ("networks", ["alexnet", "caffenet-mini"]), ("layers", ["conv1", "1x3x227x227", "prob"]),
      ("isas", ["baseline", "avx512"]),
    ])
  func lists(catalog: String, names: [String]) throws {
    let command = try Command(["list", catalog])
    #expect(command.exitCode == 0)
    for name in names { #expect(command.output.contains(name)) }
  }

  @Test("A missing library is listed with what to do about it")
  func unavailable() throws {
    let command = try Command(["list", "backends", "--blas", "x=/proc/nonexistent.so"])
    #expect(command.exitCode == 0)
    let line = command.output.split(separator: "\n").first { $0.hasPrefix("im2col-x") }
    #expect(try #require(line).contains("unavailable"))
  }

  @Test("Help has examples and the exit codes, and hides the worker")
  func help() throws {
    let command = try Command(["--help"])
    #expect(command.exitCode == 0)
    #expect(command.output.contains("EXAMPLES"))
    #expect(command.output.contains("EXIT CODES"))
    #expect(!command.output.contains("worker"))
    #expect(try Command(["run", "--help"]).output.contains("--problem"))
  }

  @Test(
    "Old spellings still work for one release, and help does not show them",
    arguments: [
      (["plan", "--effect", "3%", "--run", "/proc/nonexistent"], 66, ["--help"], "  plan "),
      (
        ["run", "--problem", "c3 h5 k2 r3", "--phases", "--dry-run"], 0, ["run", "--help"],
        "--phases"
      ),
    ] as [([String], Int32, [String], String)])
  func oldSpellings(arguments: [String], exitCode: Int32, help: [String], hidden: String) throws {
    let command = try Command(arguments)
    #expect(command.exitCode == exitCode, "\(command.errors)")
    #expect(try !Command(help).output.contains(hidden))
  }

  @Test("A worker of another protocol version answers with an error and exit code 5")
  func workerVersion() throws {
    let command = try Command(["worker"], input: #"{"op":"hello","version":99}"# + "\n")
    #expect(command.exitCode == 5)
    #expect(command.output.contains("version 99"))
  }
}
