import ArgumentParser
import CaffeModel
import Execution
import Files
import Foundation
import Images
import Measuring
import Networks
import Processes
import Reporting
import Results
import Tensors

/// The exit codes that scripts may rely on.
enum AlexExit {
  static let internalError = ExitCode(1)
  static let regression = ExitCode(2)
  static let incorrectOrUnavailable = ExitCode(3)
  static let improvement = ExitCode(4)
  static let otherVersion = ExitCode(5)
  static let cannotWrite = ExitCode(6)
  static let usage = ExitCode(64)
  static let corrupt = ExitCode(65)
  static let missing = ExitCode(66)
  static let inconclusive = ExitCode(75)
  /// Of a host that is worse than was required.
  static let unfitHost = inconclusive

  /// Of a run that a signal ended.
  static var interrupted: ExitCode { ExitCode(128 + (Interruption.signalNumber ?? SIGINT)) }

  static func code(of error: any Error) -> ExitCode {
    switch error {
    case let error as MeasuringError:
      switch error {
      case .unknown, .usage: usage
      case .unavailable: incorrectOrUnavailable
      case .protocolVersion, .notComparable, .otherPlan, .baseline: otherVersion
      case .workload, .unknownHandle, .worker: internalError
      }
    case let error as FilesError:
      switch error {
      case .cannotWrite: cannotWrite
      case .cannotRead: missing
      }
    case is NamedFile.Conflict: usage
    case let error as ResultsError:
      switch error {
      case .cannotWrite: cannotWrite
      case .missing, .cannotRead: missing
      case .corrupt: corrupt
      case .schemaVersion: otherVersion
      }
    case let error as ReportingError:
      switch error {
      case .notComparable, .otherNetworks, .nothingInCommon: otherVersion
      case .unknownBase: usage
      }
    case let error as PlottingError:
      switch error {
      case .gnuplotMissing, .cannotStart, .nothingToDraw: incorrectOrUnavailable
      case .gnuplotFailed: internalError
      case .cannotWrite: cannotWrite
      case .notInRun: usage
      }
    case is NetworkError: usage
    case is ThreadShortage: incorrectOrUnavailable
    case let error as ProcessError:
      switch error {
      case .missing, .cannotStart: incorrectOrUnavailable
      case .timeLimit: internalError
      }
    case let error as CaffeModelError: code(of: error)
    case let error as NPYError:
      switch error {
      case .missing, .unreadable: missing
      case .cannotWrite: cannotWrite
      case .corrupt: corrupt
      }
    case let error as ImageError:
      switch error {
      case .missing, .unreadable: missing
      case .corrupt, .tooLarge, .list, .mean: corrupt
      case .library: incorrectOrUnavailable
      case .network: usage
      }
    case let error as BackendError:
      switch error {
      case .unsupported, .unavailable: incorrectOrUnavailable
      case .network: internalError
      }
    default: internalError
    }
  }

  private static func code(of error: CaffeModelError) -> ExitCode {
    switch error {
    case .missing, .unreadable: missing
    case .cannotWrite: cannotWrite
    case .inputAssignment: usage
    case .inFile(_, let error): code(of: error)
    default: corrupt
    }
  }

  /// Runs a command's body; an error becomes one line on standard error and its exit code.
  static func reporting<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let code as ExitCode { throw code } catch {
      printError("alexbench: \(oneLine("\(error)"))")
      throw code(of: error)
    }
  }
}

/// A text on standard output; hides Swift's own, which does not notice what cannot be written.
func print(_ text: String, terminator: String = "\n") { StandardOutput.write(text + terminator) }

/// A line on standard error.
func printError(_ line: String) { StandardError.write(line + "\n") }
