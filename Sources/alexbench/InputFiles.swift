import Files
import Foundation
import Networks
import Results

// What commands read, so that nothing is written over it.

extension NamedFile {
  /// The networks that are files.
  static func networks(_ names: [String], as role: String) -> [NamedFile] {
    names.filter(NetworkFiles.isFileName).map { NamedFile(role, $0) }
  }

  /// The files of a run or a check, by its folder or one file of it.
  static func run(_ path: String) -> [NamedFile] {
    [NamedFile("the file", path)]
      + RunFolder.fileNames.map { NamedFile("the file", "\(path)/\($0)") }
  }

  /// The pictures of a folder.
  static func pictures(in folder: String?) -> [NamedFile] {
    guard let folder else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".svg") }.map { NamedFile("the picture", "\(folder)/\($0)") }
  }
}

extension Selection {
  var inputFiles: [NamedFile] {
    NamedFile.networks(network.names, as: "--network")
      + libraries.map { NamedFile("--blas", $0.path) }
  }
}
