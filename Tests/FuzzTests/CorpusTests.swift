import Foundation
import FuzzTargets
import Testing

@Suite("Inputs that the fuzzer found")
struct CorpusTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fuzzing")

  private static func inputs(_ kind: String, of target: FuzzTarget) -> [URL] {
    let folder = folder.appendingPathComponent("\(kind)/\(target.name)")
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).sorted { $0.path < $1.path }
  }

  @Test("Each ends in what was read or in one of the reader's errors", arguments: FuzzTarget.all)
  func corpus(target: FuzzTarget) throws {
    let files = Self.inputs("Corpus", of: target)
    var acceptedCount = 0
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: file))
      #expect(bytes.count <= target.byteLimit, "\(file.lastPathComponent)")
      do {
        if try target.run(bytes) { acceptedCount += 1 }
      } catch {
        Issue.record("\(file.lastPathComponent): \(error)")
      }
    }
    // A corpus of which nothing is accepted tells nothing about what follows reading.
    #expect(acceptedCount > 0 && acceptedCount < files.count)
  }

  @Test("What once was a crash is none any more", arguments: FuzzTarget.all)
  func crashes(target: FuzzTarget) throws {
    for file in Self.inputs("Crashes", of: target) {
      do {
        try target.run([UInt8](try Data(contentsOf: file)))
      } catch {
        Issue.record("\(file.lastPathComponent): \(error)")
      }
    }
  }

  @Test("Every folder of inputs belongs to a target", arguments: ["Corpus", "Crashes"])
  func folders(kind: String) throws {
    let names = try FileManager.default.contentsOfDirectory(
      atPath: Self.folder.appendingPathComponent(kind).path)
    #expect(Set(names).isSubset(of: FuzzTarget.all.map(\.name)))
  }

  @Test("No two targets have the same name")
  func names() {
    #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
  }
}
