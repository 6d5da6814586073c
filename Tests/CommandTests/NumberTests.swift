import Foundation
import Testing

/// Numbers beyond sense are usage, with the range that is possible, before anything is done.
struct NumberTests {
  struct Case: CustomTestStringConvertible, Sendable {
    /// With VALUE where the number goes.
    var arguments: [String]
    /// Both ends of the range.
    var range: [String]
    /// What is out of it, besides what no option takes.
    var values: [String]
    var testDescription: String { arguments.joined(separator: " ") }
  }

  /// No whole number, or one that no machine has.
  private static let wholes = [
    "99999999999999999999999", "9223372036854775807", "-9223372036854775808", "nan", "inf", "1.5",
    "1e3", "0x10",
  ]
  private static let percentages = ["0", "-1", "nan", "inf", "-inf", "1e400", "1e-300", "%"]
  private static let times = ["0", "-1", "nan", "inf", "1e400", "0.5s", "1e9h", "s"]

  private static func whole(_ arguments: [String], _ range: [String], _ more: [String]) -> Case {
    Case(arguments: arguments, range: range, values: wholes + more)
  }

  private static let cases: [Case] =
    ["run", "verify", "calibrate", "tune"].flatMap { command in
      [
        whole([command, "--batch=VALUE"], ["1", "1048576"], ["0", "-1", "1048577"]),
        whole([command, "--batch=1,VALUE"], ["1", "1048576"], ["0"]),
        whole([command, "--threads=VALUE"], ["1", "1024"], ["0", "1025", "1000000"]),
        whole([command, "--cpus=VALUE"], ["0", "8191"], ["8192", "0-99999999999", "3-1"]),
        Case(
          arguments: [command, "--seed=VALUE"], range: ["0", "18446744073709551615"],
          values: ["-1", "18446744073709551616", "nan", "1.5"]),
      ]
    } + [
      Case(
        arguments: ["run", "--problem=c3 h8 k4 rVALUE"], range: ["1", "1048576"],
        values: ["0", "-1", "1048577", "99999999999999999999999", "x"]),
      whole(["check", "--pairs=VALUE", "--replay", "x"], ["6", "500"], ["5", "501"]),
      whole(["run", "--rounds=VALUE"], ["1", "100000"], ["0", "100001"]),
      whole(["calibrate", "--rounds=VALUE"], ["1", "100000"], ["0", "100001"]),
      whole(["run", "--launches=VALUE"], ["1", "1000"], ["0", "1001"]),
      whole(["calibrate", "--launches=VALUE"], ["1", "1000"], ["0", "1001"]),
      whole(["host", "--threads=VALUE"], ["1", "1024"], ["0", "1025"]),
      whole(["host", "--cpus=VALUE"], ["0", "8191"], ["8192", "0-99999999999"]),
      whole(
        ["forward", "--model", "alexnet-mini", "--input", "x", "--threads=VALUE"], ["1", "1024"],
        ["0", "1025"]),
      whole(
        ["classify", "x", "--model", "alexnet-mini", "--weights", "x", "--threads=VALUE"],
        ["1", "1024"], ["0", "1025"]),
      whole(
        ["classify", "x", "--model", "alexnet-mini", "--weights", "x", "--resize=VALUE"],
        ["1", "4096"], ["0", "4097"]),
      whole(
        ["evaluate", "x", "--model", "alexnet-mini", "--weights", "x", "--batch=VALUE"],
        ["1", "4096"], ["0", "4097"]),
      whole(["describe", "alexnet", "--batch=VALUE"], ["1", "1048576"], ["0"]),
      whole(["describe", "alexnet", "--level=VALUE"], ["-2147483648", "2147483647"], []),
      whole(["export", "alexnet", "-o", "x", "--batch=VALUE"], ["1", "1048576"], ["0"]),
      whole(["plot", "x", "--batch=VALUE"], ["1", "1048576"], ["0"]),
      whole(["plot", "x", "--threads=VALUE"], ["1", "1024"], ["0"]),
      Case(
        arguments: ["run", "--precision=VALUE"], range: ["0.0001", "50"],
        values: percentages + ["51"]),
      Case(
        arguments: ["run", "--slow-down=conv1=VALUE"], range: ["0.0001", "1000"],
        values: percentages + ["1001"]),
      Case(
        arguments: ["power", "--effect=VALUE"], range: ["0.0001", "1000"],
        values: percentages + ["1001"]),
      Case(
        arguments: ["compare", "x", "y", "--margin=VALUE"], range: ["0.0001", "1000"],
        values: percentages + ["1001"]),
      Case(
        arguments: ["check", "--replay", "x", "--margin=VALUE"], range: ["0.0001", "1000"],
        values: percentages),
      Case(
        arguments: ["run", "--budget=VALUE"], range: ["1 s", "1000000 s"], values: times),
    ]

  @Test("A number out of range is usage, and the range is said", arguments: cases)
  func refused(_ test: Case) throws {
    try withTemporaryFolder { folder in
      for value in test.values {
        let command = try Command(
          program: [Command.program]
            + test.arguments.map { $0.replacingOccurrences(of: "VALUE", with: value) },
          workingFolder: folder, limit: 60)
        #expect(command.exitCode == 64, "'\(value)': \(command.errors)")
        for end in test.range {
          #expect(command.errors.contains(end), "'\(value)': \(command.errors)")
        }
        #expect(command.output.isEmpty)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test(
    "Sizes whose products no machine holds are refused, not multiplied",
    arguments: [
      ["run", "--dry-run", "--problem", "n1048576 c1048576 h1048576 k1048576 r3"],
      [
        "describe", "alexnet", "--batch", "1048576", "--shape",
        "data=9223372036854775807,3,227,227",
      ],
      ["describe", "googlenet", "--shape", "data=2147483647,3,2147483647,2147483647"],
    ])
  func products(arguments: [String]) throws {
    let command = try Command(program: [Command.program] + arguments, limit: 60)
    // Of a problem it is usage, of a description its content.
    #expect(command.exitCode == (arguments[0] == "run" ? 64 : 65), "\(command.errors)")
  }

  @Test("The largest numbers that are possible only take long, or too much memory")
  func largest() throws {
    let command = try Command(
      program: [
        Command.program, "run", "--dry-run", "--network", "alexnet", "--rounds", "100000",
        "--launches", "1000", "--batch", "4096", "--seed", "18446744073709551615",
        "--backend", "simd",
      ], limit: 120)
    #expect(command.exitCode == 0, "\(command.errors)")
    #expect(command.output.contains("in all"))
  }
}
