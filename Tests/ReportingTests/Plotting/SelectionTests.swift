import Reporting
import Results
import Testing

@Suite("Which plots are drawn")
struct SelectionTests {
  @Test("Filters leave the plots of what they name")
  func filters() throws {
    try withTemporaryFolder { parent in
      let files = try RunFiles(folder: try SyntheticRun().write(to: parent))
      var selection = PlotSelection()
      selection.batches = [4]
      selection.threads = [2]
      let drawing = try draw([files], selection)
      #expect(drawing.plots.count == 8)
      #expect(drawing.plots.allSatisfy { $0.name.hasSuffix("-net-b4-t2") })
      #expect(
        drawing.skipped
          == ["scaling: nothing was timed with several numbers of threads or several batches"])
    }
  }

  @Test("What is not in the runs is an error that names what is")
  func unknown() throws {
    try withTemporaryFolder { parent in
      let files = try RunFiles(folder: try SyntheticRun().write(to: parent))
      func failure(_ change: (inout PlotSelection) -> Void) -> PlottingError? {
        var selection = PlotSelection()
        change(&selection)
        do throws(PlottingError) {
          _ = try draw([files], selection)
          return nil
        } catch {
          return error
        }
      }
      #expect(
        failure { $0.networks = ["alexnet"] }
          == .notInRun(what: "network", name: "alexnet", known: ["net"]))
      #expect(failure { $0.base = "mkl" }?.description.contains("'mkl'") == true)
      #expect(
        failure { $0.batches = [1, 3] } == .notInRun(what: "batch", name: "3", known: ["1", "4"]))
      #expect(failure { $0.threads = [2] } == nil)
    }
  }

  @Test("Each plot without data is skipped with its reason")
  func skipped() throws {
    try withTemporaryFolder { parent in
      var run = SyntheticRun()
      run.backends = ["only"]
      run.batches = [1]
      run.threads = [1]
      var files = try RunFiles(folder: try run.write(to: parent))
      files.roofs = []
      files.phases = []
      files.counters = []
      files.samples = []
      files.summary.removeAll { $0.key.pass != .isolated }
      let drawing = try draw([files])
      #expect(Set(drawing.plots.map(\.kind)) == [.time, .accuracy])
      #expect(drawing.skipped.count == PlotKind.allCases.count - 2)
      for kind in PlotKind.allCases where ![.time, .accuracy].contains(kind) {
        #expect(drawing.skipped.count { $0.hasPrefix("\(kind.rawValue): ") } == 1)
      }
    }
  }

  @Test("Several runs, and networks whose names a file cannot hold, have names of their own")
  func names() throws {
    try withTemporaryFolder { parent in
      var one = SyntheticRun()
      one.network = "a/b"
      var other = SyntheticRun()
      other.network = "a?b"
      let runs = [
        try RunFiles(folder: try one.write(to: parent)),
        try RunFiles(folder: try other.write(to: parent)),
      ]
      let names = try draw(runs).plots.map(\.name)
      #expect(names.count == 2 * 33)
      #expect(Set(names).count == names.count)
      #expect(names.contains("20261124T101009Z-abcdef-time-a_b-b1-t1"))
      #expect(names.contains("20261124T101009Z-abcdef-time-a_b-b1-t1-2"))
    }
  }

  @Test("Captions name host, commit and run")
  func caption() throws {
    try withTemporaryFolder { parent in
      let files = try RunFiles(folder: try SyntheticRun().write(to: parent))
      for plot in try draw([files]).plots {
        #expect(
          plot.caption.hasSuffix("Test CPU · commit 0123456789 · run 20261124T101009Z-abcdef."))
      }
    }
  }
}
