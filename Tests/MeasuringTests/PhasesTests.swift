import Backends
import Execution
import Measuring
import Networks
import Results
import Testing

@Suite struct PhasesTests {
  private func options(_ layers: [String]) -> RunOptions {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = layers
    options.passes = [.isolated]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    options.measuresPhases = true
    return options
  }

  @Test("Winograd's phases are its transforms and products, and their shares add up")
  func winograd() throws {
    let record = try run(options(["conv1", "conv3", "norm1"]), [WinogradBackend()])
    func phases(_ layer: String) -> [String] {
      record.phases.filter { $0.key.layer == layer }.map(\.phase)
    }
    #expect(phases("conv3") == ["gemm", "input_transform", "output_transform"])
    #expect(phases("conv1") == ["pack", "gemm", "input_transform", "output_transform"])
    #expect(phases("norm1") == ["rest"])
    for (_, rows) in Dictionary(grouping: record.phases, by: \.key) {
      #expect(abs(rows.reduce(0) { $0 + $1.sharePercent } - 100) < 1e-6)
      #expect(rows.allSatisfy { $0.nanoseconds > 0 && $0.callCount >= 5 })
    }
  }

  @Test("A backend that does not tell has one phase")
  func whole() throws {
    let record = try run(options(["conv5", "pool5"]), [WrappedBackend(name: "a")])
    #expect(record.phases.map(\.phase) == ["gemm", "rest"])
    #expect(record.phases.map(\.sharePercent) == [100, 100])
  }

  @Test("Without being asked for there are none")
  func off() throws {
    var options = options(["conv5"])
    options.measuresPhases = false
    #expect(try run(options, [WrappedBackend(name: "a")]).phases.isEmpty)
  }

  @Test("The tiles tried are in the record, the row's command repeats the choice, a plan is obeyed")
  func plan() throws {
    var options = options(["conv3"])
    options.measuresPhases = false
    let first = try run(options, [WinogradBackend()])
    #expect(
      first.plan.map(\.tile).filter { !$0.contains("/") } == ["2", "4", "5", "6"],
      "divisions depend on the width of a register tile")
    let chosen = try #require(first.plan.filter(\.isChosen).first)
    #expect(chosen.key.layer == "conv3" && chosen.key.pass == .isolated)
    #expect(first.workloads[0].repro.contains("--tile conv3=\(chosen.tile)"))
    options.plan = first.plan
    for index in options.plan.indices {
      options.plan[index].isChosen = options.plan[index].tile == "2"
    }
    let second = try run(options, [WinogradBackend()])
    #expect(second.workloads[0].facts.tile == "F(2x2,3x3)")
    #expect(second.plan.isEmpty)
    options.tiles = ["conv3": "6"]
    let third = try run(options, [WinogradBackend()])
    #expect(third.workloads[0].facts.tile == "F(6x6,3x3)")
    options.tile = "4"
    let fourth = try run(options, [WinogradBackend()])
    #expect(fourth.workloads[0].repro.contains("--tile 4,conv3=6"))
  }
}
