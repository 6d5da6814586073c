import KernelInterface
import Kernels
import Tensors
import Testing

struct RoofProbeTests {
  @Test(
    "The probe of multiply-adds works on all its accumulators, and on nothing else",
    arguments: instructionSetsUnderTest, [Int64(0), 1, 2, 3, 10])
  func multiplyAdds(isa: InstructionSet, rounds: Int64) {
    let table = isa.kernels
    let count = Int(table.probe_accumulators * table.lanes)
    let values = AlignedBuffer(count: count + 16)
    for index in 0..<(count + 16) { values.pointer[index] = Float(index) }
    var arguments = MultiplyAddProbeArguments(
      values: values.pointer, factor: 0.5, addend: 1, rounds: rounds)
    table.multiply_add_probe(&arguments)
    for index in 0..<(count + 16) {
      var want = Float(index)
      if index < count { for _ in 0..<rounds { want = want * 0.5 + 1 } }
      #expect(values.pointer[index] == want)
    }
  }

  @Test(
    "However long it probes, values stay normal numbers", arguments: instructionSetsUnderTest)
  func fixedPoint(isa: InstructionSet) {
    let table = isa.kernels
    let values = AlignedBuffer(count: Int(table.probe_accumulators * table.lanes))
    var arguments = MultiplyAddProbeArguments(
      values: values.pointer, factor: 0.5, addend: 1, rounds: 1000)
    table.multiply_add_probe(&arguments)
    #expect(values.elements.allSatisfy { $0 == 2 })
  }

  @Test("Independent accumulators fill the registers", arguments: instructionSetsUnderTest)
  func accumulators(isa: InstructionSet) {
    let table = isa.kernels
    #expect(table.probe_accumulators >= 2 * table.pixel_tile)
    #expect(table.probe_accumulators.isMultiple(of: 2))
  }

  @Test(
    "The read probe reads every float of its share once per pass",
    arguments: instructionSetsUnderTest, [(0, 1), (1, 1), (1, 3), (5, 2)] as [(Int, Int)])
  func reads(isa: InstructionSet, size: (steps: Int, passes: Int)) {
    let table = isa.kernels
    for streams in [1, 2, 3, 8] {
      let count = size.steps * streams * Int(READ_PROBE_FLOATS)
      // What stands around the share must not be read.
      let input = AlignedBuffer(count: count + 32)
      let bits = UnsafeMutableRawPointer(input.pointer).assumingMemoryBound(to: Int32.self)
      for index in 0..<(count + 32) {
        bits[index] = (16..<(count + 16)).contains(index) ? Int32(index) : 1_000_000
      }
      let lanes = Int(table.lanes)
      let want = (0..<count).reduce(0) { $0 + 16 + $1 } * size.passes
      for distance in [0, 16, 1024] as [Int32] {
        let memory = AlignedBuffer(count: lanes + 1)
        let sums = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: Int32.self)
        for lane in 0...lanes { sums[lane] = -1 }
        var arguments = ReadProbeArguments(
          input: input.pointer + 16, count: Int64(count), passes: Int64(size.passes),
          streams: Int32(streams), prefetch_distance: distance, sums: sums)
        table.read_probe(&arguments)
        #expect((0..<lanes).reduce(0) { $0 + Int(sums[$1]) } == want)
        #expect(sums[lanes] == -1)
      }
    }
  }
}
