import Measuring
import Testing

@Suite struct ProgressTests {
  @Test("A terminal has one line that is written over, and is left clean")
  func terminal() {
    var text = ""
    var now = 0
    let progress = Progress(isTerminal: true, clock: { now }, write: { text += $0 })
    progress.expect(4)
    // The first line comes after a while, so that short commands show none.
    progress.show("conv1")
    #expect(text == "")
    now = 3_000_000_000
    progress.advance(1)
    progress.show("conv2")
    #expect(text == "\r\u{1b}[K25 %  conv2, 9 s left")
    progress.clear()
    #expect(text.hasSuffix("\r\u{1b}[K"))
  }

  @Test("Elsewhere lines are sparse")
  func lines() {
    var text = ""
    var now = 0
    let progress = Progress(isTerminal: false, clock: { now }, write: { text += $0 })
    progress.expect(1000)
    for second in 1...25 {
      now = second * 1_000_000_000
      progress.advance(1)
      progress.show("block")
    }
    #expect(text.split(separator: "\n").count == 2)
    #expect(text.contains("16 min 30 s left"))
  }

  @Test("A run that fills a time is as far as its time is")
  func budget() {
    var text = ""
    var now = 0
    let progress = Progress(isTerminal: true, clock: { now }, write: { text += $0 })
    progress.expect(100)
    progress.fill(60_000_000_000)
    now = 15_000_000_000
    progress.advance(80)
    progress.show("conv1")
    #expect(text == "\r\u{1b}[K25 %  conv1, 45 s left")
    now = 61_000_000_000
    text = ""
    progress.show("fc6")
    #expect(text == "\r\u{1b}[K100 %  fc6")
  }
}
