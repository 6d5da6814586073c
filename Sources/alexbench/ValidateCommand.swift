import ArgumentParser
import Reporting

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check the files of runs: types, keys and reasons; recompute the computed files.",
    discussion: """
      summary.csv and compare.csv are recomputed from the other files and must be the same text. Prints \
      a line per file, then 'valid', or each error with file, line and column. Exit code 65 if \
      anything is wrong, 66 if a folder is missing.

      EXAMPLES
        alexbench validate results/sample/*
      """)

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "dir"))
  var folders: [String]

  func run() throws {
    try AlexExit.reporting {
      var isValid = true
      for folder in folders {
        let validation = try RunValidation(folder: folder)
        print(folder)
        for line in validation.files { print("  \(line)") }
        for violation in validation.violations { print("  \(violation)") }
        print(validation.isValid ? "  valid" : "  not valid")
        isValid = isValid && validation.isValid
      }
      if !isValid { throw AlexExit.corrupt }
    }
  }
}
