import ArgumentParser
import Foundation
import Results

/// The option that takes tiles, and what `auto` computes, from a file.
struct PlanArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Reuse the tiles that an earlier run chose; its folder or its plan.csv.",
      discussion: """
        A plan of 'alexbench tune' also says how backend auto computes; without --backend, auto is \
        then measured with the others.
        """, valueName: "path"))
  var plan: String?

  /// None without the option.
  func rows() throws -> [PlanRow] { try plan.map { path in try readPlan(path) } ?? [] }
}

/// The tiles of an earlier run.
/// - Parameter path: of its `plan.csv`, or of the folder that holds it.
func readPlan(_ path: String) throws -> [PlanRow] {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
    return try Schema.plan.rows(inFolder: path)
  }
  return try Schema.plan.rows(contentsOf: path)
}
