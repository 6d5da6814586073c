import Foundation
import Results
import Testing

/// Commands that work on the files of a run alone.
@Suite struct FilesTests {
  /// A committed run.
  private static let sample: String = {
    let parent = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("results/sample").path
    let runs = (try? FileManager.default.contentsOfDirectory(atPath: parent))?.sorted() ?? []
    return parent + "/" + (runs.first ?? "none")
  }()

  private func withCopy(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { parent in
      let copy = parent + "/run"
      try FileManager.default.copyItem(atPath: Self.sample, toPath: copy)
      try body(copy)
    }
  }

  @Test("A damaged run is not valid: exit code 65; summing up again mends it")
  func validateAndSummarise() throws {
    try withCopy { folder in
      let url = URL(fileURLWithPath: folder + "/summary.csv")
      let good = try String(contentsOf: url, encoding: .utf8)
      let changed = good.replacing("conv1", with: "conv0", maxReplacements: 1)
      try Data(changed.utf8).write(to: url)
      let damaged = try Command(["validate", folder, Self.sample])
      #expect(damaged.exitCode == 65)
      #expect(damaged.output.contains("summary.csv:2: column 'layer': not what the other files"))
      #expect(damaged.output.contains("  not valid\n"))
      #expect(damaged.output.hasSuffix("  valid\n"))

      try FileManager.default.removeItem(atPath: folder + "/compare.csv")
      let summed = try Command(["summarise", folder])
      #expect(summed.exitCode == 0, "\(summed.errors)")
      #expect(try String(contentsOf: url, encoding: .utf8) == good)
      #expect(try !Schema.compare.rows(inFolder: folder).isEmpty)
      #expect(try Command(["validate", folder]).exitCode == 0)
    }
  }

  @Test("Power analysis says how many rounds and minutes a difference takes")
  func power() throws {
    let command = try Command(["power", "--effect", "3%", "--run", Self.sample])
    #expect(command.exitCode == 0, "\(command.errors)")
    #expect(command.output.contains("alexnet, batch 1, 1 thread"))
    #expect(command.output.contains("winograd (avx512) / im2col-openblas (avx512)"))
    #expect(command.output.contains("a difference of 3.00 % is detected with probability 0.95"))
  }

  @Test("Without a run power analysis says how to make one")
  func noRun() throws {
    try withTemporaryFolder { parent in
      let command = try Command(["power", "--effect", "3"], workingFolder: parent)
      #expect(command.exitCode == 64)
      #expect(command.errors.contains("'alexbench run'"))
    }
    try withTemporaryFolder { parent in
      // The latest of several is taken.
      for name in ["20260101T000000Z-bbbbbb", "20260102T000000Z-bbbbbb"] {
        let runs = parent + "/results/runs"
        try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.sample, toPath: runs + "/" + name)
      }
      let command = try Command(["power", "--effect", "3"], workingFolder: parent)
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.hasPrefix("from results/runs/20260102T000000Z-bbbbbb\n"))
    }
  }
}
