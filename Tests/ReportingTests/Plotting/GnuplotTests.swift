import Foundation
import Reporting
import Results
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite(
  "Pictures by gnuplot",
  .enabled(if: hasGnuplot, "gnuplot is not installed; Scripts/setup --test installs it"))
struct GnuplotTests {
  private func drawn(_ run: SyntheticRun = SyntheticRun()) throws -> [Plot] {
    try withTemporaryFolder { try draw([RunFiles(folder: run.write(to: $0))]).plots }
  }

  @Test("Every kind is drawn, without a complaint, as SVG and PNG of its size")
  func everyKind() throws {
    var run = SyntheticRun()
    run.batches = [1]
    let gnuplot = try Gnuplot()
    try withTemporaryFolder { folder in
      let plots = try drawn(run).filter { !$0.name.hasSuffix("t2") }
      let all = try gnuplot.write(plots, PlotFormat.allCases, to: folder)
      #expect(
        all == plots.flatMap { ["\(folder)/\($0.name).svg", "\(folder)/\($0.name).png"] })
      for plot in plots {
        #expect(try gnuplot.complaints(plot) == "", "\(plot.name)")
        let paths = ["svg", "png"].map { "\(folder)/\(plot.name).\($0)" }
        let png = try Data(contentsOf: URL(fileURLWithPath: paths[1]))
        // Width and height stand at byte 16, most significant first.
        let sizes = [16, 20].map { png[$0..<($0 + 4)].reduce(0) { $0 << 8 | Int($1) } }
        #expect(sizes == [plot.width, plot.height])
        let page = try SVGPage(String(contentsOfFile: paths[0], encoding: .utf8))
        #expect(page.texts.contains { $0.words == plot.title }, "\(plot.name)")
        #expect(page.title == plot.title)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2 * 9)
    }
  }

  @Test("Names that mean something to gnuplot, XML or a shell are drawn as they are")
  func hostileNames() throws {
    try withTemporaryFolder { folder in
      let trap = "\(folder)/trap"
      let names = [
        "a'; system('touch \(trap)'); '", "`touch \(trap)`", "b\"c", "@x_y^{2} {/*9 d}",
        "<b> & 'q'", "EOD", "%s %n \\n", "$data1 << EOD", "# $data9: x",
      ]
      var run = SyntheticRun()
      run.backends = names
      run.layers = ["conv`touch \(trap)`", "relu{_1}", "conv\"2", "fc\n& <3>"]
      run.network = "n'e`touch \(trap)`t\nx"
      run.batches = [1]
      run.threads = [1, 2]
      let gnuplot = try Gnuplot()
      for plot in try drawn(run) where !plot.name.contains("-t2") {
        let page = try SVGPage(try gnuplot.svg(plot))
        #expect(try gnuplot.complaints(plot) == "", "\(plot.name)")
        for name in names where plot.kind != .speedup || name != names[0] {
          let beginning = name.prefix(12)
          #expect(
            page.texts.contains { $0.words.hasPrefix(beginning) }, "\(plot.name) has no '\(name)'")
        }
      }
      #expect(!FileManager.default.fileExists(atPath: trap))
    }
  }

  @Test(
    "With 1, 9 and 60 backends no text leaves the picture or stands on another",
    arguments: [1, 9, 60])
  func texts(count: Int) throws {
    var run = SyntheticRun()
    run.backends = (1...count).map { "backend-\($0)-of-some-length" }
    run.layers = (1...12).map { $0 % 3 == 0 ? "relu\($0)" : "conv\($0)_with_a_name" }
    run.batches = [1]
    let gnuplot = try Gnuplot()
    for plot in try drawn(run) where !plot.name.hasSuffix("t2") {
      let page = try SVGPage(try gnuplot.svg(plot))
      // A series may have labels of tiles beside its symbols, which stand where the numbers want.
      let texts = page.texts.filter { !$0.words.hasPrefix("F(") }
      #expect(texts.count > 10)
      for text in texts {
        #expect(
          text.left >= -1 && text.right <= Double(plot.width) + 1 && text.top >= -1
            && text.bottom <= Double(plot.height) + 1, "\(plot.name): '\(text.words)' is cut off")
      }
      for (index, a) in texts.enumerated() {
        for b in texts[(index + 1)...] where a.overlaps(b) {
          Issue.record("\(plot.name): '\(a.words)' and '\(b.words)' overlap")
        }
      }
    }
  }

  @Test("Colours and ids are rewritten in attributes, not in words")
  func words() throws {
    var run = SyntheticRun()
    run.backends = ["rgb(1, 2, 3)", "id='x' url(#y) stroke-width=\"1.00\""]
    run.batches = [1]
    run.threads = [1]
    let plot = try #require(try drawn(run).first)
    let svg = try Gnuplot().svg(plot)
    let page = try SVGPage(svg)
    for name in run.backends {
      #expect(page.texts.contains { $0.words == name.prefix(48) }, "\(page.texts.map(\.words))")
    }
    #expect(svg.contains("#0072b2"))
    #expect(!svg.contains("rgb( "))
  }

  @Test("Two plots in one page share no id, and refer to their own")
  func ids() throws {
    let gnuplot = try Gnuplot()
    let plots = try drawn().filter { $0.kind == .stages }.prefix(2)
    let pages = try plots.map { try SVGPage(try gnuplot.svg($0)) }
    #expect(pages.count == 2)
    #expect(pages[0].ids.isDisjoint(with: pages[1].ids))
    for page in pages {
      #expect(page.ids.count > 10)
      #expect(!page.references.isEmpty && page.references.isSubset(of: page.ids))
    }
  }

  @Test(
    "A gnuplot that fails or is killed leaves what was there, and nothing half-written",
    arguments: [
      ("kill -9 $$", "it was ended by signal 9"), ("echo 'line 3: no room' >&2; exit 1", "no room"),
      ("exit 0", "its picture has no end"),
    ])
  func killed(end: String, reason: String) throws {
    let plot = try #require(try drawn().first)
    try withTemporaryFolder { folder in
      let program = "\(folder)/gnuplot"
      let half = "for f in svg png; do echo '<svg half' > \(plot.name).$f; done"
      try "#!/bin/sh\ncat > /dev/null\n\(half)\n\(end)\n"
        .write(toFile: program, atomically: true, encoding: .utf8)
      chmod(program, 0o755)
      let out = "\(folder)/out"
      let earlier = try Gnuplot().write(plot, [.svg], to: out)[0]
      let before = try String(contentsOfFile: earlier, encoding: .utf8)
      let broken = try Gnuplot(searchPath: "/nowhere:\(folder)")
      do throws(PlottingError) {
        _ = try broken.write(plot, PlotFormat.allCases, to: out)
        Issue.record("nothing was thrown")
      } catch {
        #expect(error.description.contains(reason), "\(error)")
        #expect(error.description.contains(plot.name))
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: out) == ["\(plot.name).svg"])
      #expect(try String(contentsOfFile: earlier, encoding: .utf8) == before)
    }
  }

  @Test("A folder that cannot be written is named")
  func unwritable() throws {
    let plot = try #require(try drawn().first)
    do throws(PlottingError) {
      _ = try Gnuplot().write(plot, [.svg], to: "/dev/null/plots")
      Issue.record("nothing was thrown")
    } catch {
      guard case .cannotWrite(let path, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(path == "/dev/null/plots")
    }
  }

  @Test("The same files give the same picture")
  func repeats() throws {
    let plot = try #require(try drawn().first)
    #expect(try Gnuplot().svg(plot) == Gnuplot().svg(plot))
  }
}

@Suite("Without gnuplot")
struct MissingGnuplotTests {
  @Test("A missing gnuplot is one sentence that names the package")
  func missing() {
    do throws(PlottingError) {
      _ = try Gnuplot(searchPath: "/nowhere:/dev/null")
      Issue.record("nothing was thrown")
    } catch {
      #expect(error == .gnuplotMissing)
      #expect(error.description.contains("apt-get install gnuplot-nox"))
    }
  }
}
