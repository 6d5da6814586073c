import Foundation
import Results
import Testing

@Suite(.serialized) struct TuneCommandTests {
  @Test("tune writes a plan that auto executes, and the run is valid")
  func tuneAndRun() throws {
    try withTemporaryFolder { folder in
      let plan = folder + "/plan.csv"
      let tune = [
        "tune", "--network", "caffenet-mini", "--backend", "simd,winograd,im2col-swift",
        "--budget", "3s", "--output", plan,
      ]
      let first = try Command(tune)
      #expect(first.exitCode == 0, "\(first.errors)")
      #expect(first.output.contains("caffenet-mini, batch 1, 1 thread"))
      // Another batch is added.
      let second = try Command(tune + ["--batch", "2"])
      #expect(second.exitCode == 0, "\(second.errors)")
      let rows = try Schema.plan.rows(contentsOf: plan)
      #expect(Set(rows.filter { $0.key.backend == "auto" }.map(\.key.batch)) == [1, 2])

      let isa = rows[0].key.isa
      let verify = try Command([
        "verify", "--network", "caffenet-mini", "--batch", "1,2", "--backend", "auto", "--isa", isa,
        "--plan", plan,
      ])
      #expect(verify.exitCode == 0, "\(verify.errors)")
      #expect(verify.output.contains("auto"))

      let out = folder + "/runs"
      let run = try Command([
        "run", "--network", "caffenet-mini", "--batch", "1,2", "--backend", "auto,simd", "--plan",
        plan, "--rounds", "2", "--out", out, "--launches", "1",
      ])
      #expect(run.exitCode == 0, "\(run.errors)")
      let validated = try Command(["validate", try runFolder(in: out)])
      #expect(validated.exitCode == 0, "\(validated.output)")
      let files = try RunFiles(folder: try runFolder(in: out))
      let nets = files.workloads.filter { $0.key.backend == "auto" && $0.key.pass == .net }
        .filter { $0.key.layer == "net" }
      #expect(nets.map(\.status) == [.ok, .ok])
      let steps = files.workloads.filter {
        $0.key.backend == "auto" && $0.key.pass == .inNet && $0.status == .ok
      }
      #expect(!steps.isEmpty && steps.allSatisfy { !$0.facts.delegatedTo.isEmpty })

      // The command of the row does without the file.
      let words = nets[0].repro.split(separator: " ").dropFirst().map(String.init)
      let again = try Command(words + ["--rounds", "2", "--out", folder + "/again"])
      #expect(again.exitCode == 0, "\(nets[0].repro): \(again.errors)")

      let other = try Command([
        "run", "--network", "caffenet-mini", "--batch", "4", "--backend", "auto", "--plan", plan,
        "--out", folder + "/none",
      ])
      #expect(other.exitCode == 3)
      #expect(other.errors.contains("nothing of auto for caffenet-mini, batch 4"))
    }
  }

  @Test(
    "What cannot be is refused in one line",
    arguments: [
      (["run", "--network", "caffenet-mini", "--backend", "auto"], 3, "alexbench tune"),
      (["tune", "--network", "caffenet-mini", "--backend", "naive"], 64, "cannot be a part"),
      (["tune", "--layer", "conv2"], 64, "takes no --layer"),
      (["tune", "--network", "caffenet-mini", "--output", "/proc/plan.csv"], 6, "/proc/plan.csv"),
      (["tune", "--budget", "5d"], 64, "'5d' is not a time"),
    ] as [([String], Int32, String)])
  func refusals(arguments: [String], exitCode: Int32, sentence: String) throws {
    try withTemporaryFolder { folder in
      let command = try Command(arguments, workingFolder: folder)
      #expect(command.exitCode == exitCode, "\(command.errors)")
      #expect(command.errors.contains(sentence))
      #expect(command.errors.split(separator: "\n").count == 1)
      #expect(command.output.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: folder + "/plan.csv"))
    }
  }
}
