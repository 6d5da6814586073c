import Reporting
import Testing

@Suite struct StyleTests {
  @Test("96 series are told apart by colour and shape together")
  func distinct() {
    let marks = Set((0..<96).map { "\(Style.color($0)) \(Style.point($0))" })
    #expect(marks.count == 96)
  }

  @Test("What has the same colour among the first series has another shape")
  func shapes() {
    for index in 0..<88 {
      #expect(Style.point(index) != Style.point(index + 8))
    }
  }
}
