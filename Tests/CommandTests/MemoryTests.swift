import Foundation
import Testing

/// What `--dry-run` says of memory, held against what a run has at its peak.
@Suite("Memory", .serialized)
struct MemoryTests {
  private static let cases: [[String]] =
    [
      ["--network", "alexnet-mini", "--backend", "simd"],
      ["--network", "alexnet-mini", "--backend", "winograd"],
      ["--network", "alexnet-mini", "--backend", "simd,winograd,im2col-swift"],
      ["--network", "alexnet-mini", "--backend", "simd,winograd", "--cache", "cold-weights"],
    ] + nets

  #if DEBUG
    // The checks of a whole net take minutes.
    private static let nets: [[String]] = []
  #else
    private static let nets: [[String]] = [
      ["--pass", "net", "--backend", "simd"], ["--pass", "net", "--backend", "winograd"],
      ["--layer", "fc6", "--backend", "simd"],
      ["--layer", "conv1", "--backend", "simd", "--cache", "warm,cold-weights"],
    ]
  #endif

  @Test("A forecast of memory is within a fifth of the peak of the run", arguments: cases)
  func peak(arguments: [String]) throws {
    try withTemporaryFolder { folder in
      let run = ["run", "--quick", "--rounds", "1", "--allow-debug", "--out", folder] + arguments
      let forecast = try Command(run + ["--dry-run"])
      #expect(forecast.exitCode == 0, "\(forecast.errors)")
      let words = forecast.output.split(separator: " ")
      let end = try #require(words.lastIndex(of: "MiB"))
      let expected = try #require(Double(words[end - 1]))
      let peak = try peakMebibytes([Command.program] + run)
      #expect(
        (0.8...1.2).contains(expected / peak), "\(expected) MiB expected, \(peak) MiB at the peak")
    }
  }

  /// Runs a program to its end.
  /// - Returns: its largest resident size. Not the system's account of an ended child, which begins
  ///   with the size of the process that started it.
  private func peakMebibytes(_ command: [String]) throws -> Double {
    var peak = 0.0
    let name = URL(fileURLWithPath: command[0]).lastPathComponent
    let run = try Command(program: command) { process in
      while process.isRunning {
        let path = "/proc/\(process.processIdentifier)/status"
        let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        // Until it is the program, it is a copy of this process, with its size.
        guard status.hasPrefix("Name:\t\(name)\n") else {
          usleep(1000)
          continue
        }
        if let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
          let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        {
          peak = max(peak, kibibytes / 1024)
        }
        usleep(5000)
      }
    }
    try #require(run.exitCode == 0, "\(run.errors)")
    return peak
  }
}
