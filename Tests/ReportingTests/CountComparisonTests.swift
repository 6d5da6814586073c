import Reporting
import Results
import Testing

@Suite struct CountComparisonTests {
  private static let origin = CountRow.Origin(
    architecture: "x86_64", compiler: "Swift 6.3", libc: "glibc 2.36", valgrind: "valgrind-3.19.0")

  private func row(
    _ layer: String, _ instructions: Int, origin: CountRow.Origin = origin
  ) -> CountRow {
    CountRow(
      network: "alexnet-mini", layer: layer, backend: "simd", isa: "baseline", tile: "",
      implementation: "x", instructions: instructions, origin: origin)
  }

  @Test("The same counts pass, and so do those within a ten-thousandth")
  func same() {
    let accepted = [row("conv1", 1_000_000), row("conv2", 50)]
    #expect(CountComparison(accepted: accepted, counted: accepted).isSame)
    #expect(
      CountComparison(accepted: accepted, counted: [row("conv1", 1_000_100), row("conv2", 50)])
        .isSame)
    #expect(
      CountComparison(accepted: accepted, counted: accepted).terminal()
        == "2 counts, all as accepted\n")
  }

  @Test("A redundant copy of the operands is seen")
  func more() {
    let comparison = CountComparison(
      accepted: [row("conv1", 1_000_000), row("conv2", 1000), row("conv3", 7)],
      counted: [row("conv1", 1_020_000), row("conv2", 900), row("conv3", 7)])
    #expect(!comparison.isSame)
    #expect(comparison.increases.map(\.percent) == [2])
    #expect(comparison.decreases.map(\.percent) == [-10])
    let text = comparison.terminal()
    #expect(text.contains("more instructions") && text.contains("+2.00"))
    #expect(text.contains("3 counts: 1 larger, 1 smaller, 1 as accepted, 0 new, 0 gone"))
  }

  @Test("New and missing counts are named")
  func others() {
    let comparison = CountComparison(
      accepted: [row("a", 1), row("b", 1)], counted: [row("b", 1), row("c", 1)])
    #expect(comparison.new.map(\.layer) == ["c"] && comparison.missing.map(\.layer) == ["a"])
    #expect(!comparison.isSame)
    #expect(comparison.terminal().contains("no longer counted: alexnet-mini a simd baseline"))
  }

  @Test("Counts of another compiler or library are not compared; the fields that differ are named")
  func notComparable() {
    var other = Self.origin
    other.compiler = "Swift 6.4"
    other.libc = "glibc 2.41"
    let comparison = CountComparison(
      accepted: [row("a", 1)], counted: [row("a", 9, origin: other)])
    #expect(
      comparison.differences == [
        "compiler: accepted Swift 6.3, here Swift 6.4",
        "libc: accepted glibc 2.36, here glibc 2.41",
      ])
    #expect(comparison.increases.isEmpty && !comparison.isSame)
    #expect(
      CountComparison(accepted: [], counted: [row("a", 1)]).differences == [
        "no counts have been accepted yet"
      ])
  }
}
