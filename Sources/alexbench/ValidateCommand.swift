import ArgumentParser
import Reporting

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check the files of runs: types, keys, reasons, and computed files computed again.",
    discussion: """
      summary.csv and compare.csv must be, to the letter, what the other files give. Prints a line \
      per file, then 'valid', or what is wrong with file, line and column. Exit code 65 when \
      anything is wrong, 66 when a folder is missing.

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
