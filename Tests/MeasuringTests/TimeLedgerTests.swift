import Measuring
import Testing

@Suite struct TimeLedgerTests {
  @Test("Work inside other work is booked once, on its own item")
  func nested() {
    var now = 0
    let ledger = TimeLedger(clock: { now })
    ledger.measure(.checking) {
      now += 10
      ledger.measure(.reference) { now += 100 }
      now += 1
    }
    ledger.measure(.quieting) { now += 50 }
    ledger.rebook(30, from: .quieting, to: .blocks)
    #expect(ledger[.checking] == 11)
    #expect(ledger[.reference] == 100)
    #expect(ledger[.quieting] == 20)
    #expect(ledger[.blocks] == 30)
    #expect(ledger[.writing] == 0)
    #expect(ledger.elapsedNanoseconds == 161)
  }

  @Test("The list has what took time, the rest, and the sum")
  func lines() {
    var now = 0
    let ledger = TimeLedger(clock: { now })
    ledger.measure(.blocks) { now += 7_500_000_000 }
    now += 2_500_000_000
    #expect(
      ledger.lines == [
        "    7.5 s   75 %  timed blocks", "    2.5 s   25 %  everything else",
        "   10.0 s  100 %  in all",
      ])
  }

  @Test("The record has the same by name, in nanoseconds, and adds up")
  func record() {
    var now = 0
    let ledger = TimeLedger(clock: { now })
    ledger.measure(.blocks) { now += 700 }
    ledger.measure(.preparing) { now += 200 }
    now += 100
    let record = ledger.record
    #expect(
      record == ["timed blocks": 700, "preparing": 200, "everything else": 100, "in all": 1000])
  }

  @Test("What fails is booked too")
  func failing() {
    struct Failure: Error {}
    var now = 0
    let ledger = TimeLedger(clock: { now })
    #expect(throws: Failure.self) {
      try ledger.measure(.preparing) {
        now += 5
        throw Failure()
      }
    }
    #expect(ledger[.preparing] == 5)
  }
}
