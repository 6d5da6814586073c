import Foundation
import Reporting
import Results
import Testing

@Suite struct HistoryReportTests {
  /// Stored series of 120 runs with noise of 2 %: a step of 4 % at 60; 6 % more from 40 to 84; none,
  /// but three values that are 15 % too large. Apache Otava 0.8.0 finds 58; 40 and 85; none.
  @Test("Stored series have the changes that Apache Otava finds in them")
  func otava() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = try #require(
      History.files(in: root.appendingPathComponent("Tests/Golden/history").path).first)
    let changes = HistoryReport([file]).changes()
    func found(_ layer: String) -> [Int] {
      changes.filter { $0.layer == layer }.compactMap { change in
        file.entries.firstIndex { $0.commit == change.commit }
      }
    }
    #expect(found("hump") == [40, 85])
    #expect(found("outliers").isEmpty)
    let step = found("step")
    #expect(step.count == 1 && abs(step[0] - 60) <= 3, "\(step)")
  }

  private static func file(_ values: [Double]) -> HistoryFile {
    HistoryFile(
      hostClass: "host", name: "alexnet-b1-t1-simd-avx2-warm", layers: ["conv1", "net"],
      entries: values.enumerated().map { index, value in
        HistoryFile.Entry(
          time: "2026-01-01T00:00:\(10 + index)Z", commit: "\(1000 + index)abcdef0123",
          runID: "r\(index)", medians: ["conv1": value])
      })
  }

  private static let step = [1.0, 1.01, 0.99, 1, 1.02, 1, 1.2, 1.21, 1.19, 1.2, 1.22, 1.2, 1.2]
    .map { $0 * 1e6 }

  @Test("A change of level names the commit and the one before")
  func change() throws {
    let changes = HistoryReport([Self.file(Self.step)]).changes()
    let change = try #require(changes.first)
    #expect(changes.count == 1)
    #expect(change.commit == "1006abcdef0123" && change.previousCommit == "1005abcdef0123")
    #expect(change.layer == "conv1" && change.hostClass == "host")
    #expect(abs(change.percent - 20) < 1)
    let table = HistoryReport([Self.file(Self.step)]).changesTable()
    #expect(table.contains("1006abcdef") && table.contains("+19.") || table.contains("+20."))
  }

  @Test("Without a change it says so, and how many runs it takes")
  func noChange() {
    let table = HistoryReport([Self.file([1, 1, 1])]).changesTable()
    #expect(table == "no change of level in 1 files of up to 3 runs; it takes 8 runs to see one\n")
  }

  @Test("The course of a layer has a bar per run and a mark at the change")
  func course() throws {
    let text = try #require(HistoryReport([Self.file(Self.step)]).course(of: "conv1"))
    let lines = text.split(separator: "\n")
    #expect(lines[0] == "conv1, alexnet-b1-t1-simd-avx2-warm")
    let marked = lines.filter { $0.contains("<-") }
    #expect(marked.count == 1 && marked[0].hasPrefix("1006abcdef"))
    #expect(lines.count { $0.contains("####") } == Self.step.count)
    #expect(HistoryReport([Self.file(Self.step)]).course(of: "net") == nil)
  }
}
