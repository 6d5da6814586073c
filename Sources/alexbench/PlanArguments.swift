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

  /// For the record of a run.
  func files() throws -> [InputEnvironment] {
    try plan.map { path in [try InputEnvironment(.plan, name: path, file: planFile(path))] } ?? []
  }
}

/// The tiles of an earlier run.
/// - Parameter path: of its `plan.csv`, or of the folder that holds it.
func readPlan(_ path: String) throws -> [PlanRow] {
  try Schema.plan.rows(contentsOf: planFile(path))
}

private func planFile(_ path: String) -> String {
  var isFolder: ObjCBool = false
  let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
  return isThere && isFolder.boolValue ? "\(path)/\(Schema.plan.fileName)" : path
}
