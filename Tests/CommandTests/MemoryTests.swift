import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What `--dry-run` says of memory, held against what a run has at its peak.
@Suite("Memory", .serialized)
struct MemoryTests {
  private static let cases: [[String]] =
    [
      ["--network", "alexnet-mini", "--backend", "simd"],
      ["--network", "alexnet-mini", "--backend", "winograd"],
    ] + nets

  #if DEBUG
    // The checks of a whole net take minutes.
    private static let nets: [[String]] = []
  #else
    private static let nets: [[String]] = [
      ["--pass", "net", "--backend", "simd"], ["--pass", "net", "--backend", "winograd"],
      ["--layer", "fc6", "--backend", "simd"],
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
  /// - Returns: its largest resident size.
  private func peakMebibytes(_ command: [String]) throws -> Double {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream: Int32 in [1, 2] {
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
    }
    var child: pid_t = 0
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&child, command[0], &actions, nil, &arguments, nil) == 0)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
    try #require(status == 0, "\(command) ended with status \(status)")
    return Double(usage.ru_maxrss) / 1024
  }
}
