import Backends
import Execution
import Kernels
import Networks
import Testing

/// Under emulation a part of the shapes has to do.
private let isEmulated = ProcessEnvironment.isEmulated

@Suite("Kernels on random shapes stay inside the derived bound")
struct RandomShapeTests {
  private func check(
    _ cases: [LayerCase], _ backend: any Backend, isa: InstructionSet, exact: Bool = false
  ) throws {
    let cases = isEmulated ? Array(cases.prefix(20)) : cases
    for (index, layerCase) in cases.enumerated() {
      let outcome = try layerCase.run(backend, isa: isa, threads: 1 + index % 2)
      let ratio = try #require(outcome.norms.maxBoundRatio)
      #expect(ratio <= 1, "\(outcome.implementation): \(layerCase), error/bound \(ratio)")
      if exact {
        #expect(
          outcome.norms.maxAbsError == 0,
          "\(outcome.implementation) is not exact on integers: \(layerCase)")
      }
    }
  }

  @Test("direct convolution", arguments: instructionSetsUnderTest)
  func convolution(isa: InstructionSet) throws {
    try check(RandomShapes.convolutions(count: 200), SIMDBackend(), isa: isa)
  }

  @Test("direct convolution over planes", arguments: instructionSetsUnderTest)
  func planarConvolution(isa: InstructionSet) throws {
    try check(RandomShapes.planar(count: 200), SIMDBackend(), isa: isa)
  }

  @Test("direct convolution of integers is exact", arguments: instructionSetsUnderTest)
  func integerConvolution(isa: InstructionSet) throws {
    let cases = RandomShapes.convolutions(count: 40, stream: "integers").map {
      LayerCase(spec: $0.spec, input: $0.input, usesIntegers: true)
    }
    try check(cases, SIMDBackend(), isa: isa, exact: true)
  }

  @Test("im2col and GEMM", arguments: instructionSetsUnderTest)
  func gemm(isa: InstructionSet) throws {
    let cases = RandomShapes.convolutions(count: 200)
    try check(cases, Im2colSwiftBackend(), isa: isa)
    let first = try cases[0].run(Im2colSwiftBackend(), isa: isa)
    #expect(first.implementation.hasPrefix("f32-conv-im2col-gemm-"))
    #expect(first.implementation.hasSuffix(isa.rawValue) && first.delegatedTo == nil)
  }

  @Test("im2col and GEMM of integers is exact", arguments: instructionSetsUnderTest)
  func integerGEMM(isa: InstructionSet) throws {
    let cases = RandomShapes.convolutions(count: 200, stream: "integer products").map {
      LayerCase(spec: $0.spec, input: $0.input, usesIntegers: true)
    }
    try check(cases, Im2colSwiftBackend(), isa: isa, exact: true)
  }

  @Test("Winograd convolution", arguments: instructionSetsUnderTest)
  func winograd(isa: InstructionSet) throws {
    let cases = RandomShapes.winograd(count: 200)
    try check(cases, WinogradBackend(), isa: isa)
    let first = try cases[0].run(WinogradBackend(), isa: isa)
    #expect(first.implementation.contains("winograd") && first.delegatedTo == nil)
  }

  @Test("Winograd convolution over stride phases", arguments: instructionSetsUnderTest)
  func stridePhases(isa: InstructionSet) throws {
    let cases = RandomShapes.stridePhases(count: 100)
    try check(cases, WinogradBackend(), isa: isa)
    let first = try cases[0].run(WinogradBackend(), isa: isa)
    #expect(first.implementation.contains("winograd") && first.delegatedTo == nil)
  }

  @Test("fully connected", arguments: instructionSetsUnderTest)
  func innerProduct(isa: InstructionSet) throws {
    try check(RandomShapes.innerProducts(count: 200), SIMDBackend(), isa: isa)
  }

  @Test("fully connected with 16-bit weights", arguments: instructionSetsUnderTest)
  func halfInnerProduct(isa: InstructionSet) throws {
    let cases = RandomShapes.innerProducts(count: 200)
    try check(cases, HalfWeightsBackend(), isa: isa)
    let first = try cases[0].run(HalfWeightsBackend(), isa: isa)
    #expect(first.implementation.hasPrefix("w16-fc-") && first.delegatedTo == nil)
    // Rounding the weights shows, and is allowed for by their precision only.
    let single = try cases[0].run(SIMDBackend(), isa: isa)
    #expect(first.norms.nrmse > 20 * single.norms.nrmse)
  }

  @Test("16-bit weights that are integers are exact", arguments: instructionSetsUnderTest)
  func integerHalves(isa: InstructionSet) throws {
    let cases = RandomShapes.innerProducts(count: 100, stream: "integer halves").map {
      LayerCase(spec: $0.spec, input: $0.input, usesIntegers: true)
    }
    try check(cases, HalfWeightsBackend(), isa: isa, exact: true)
  }

  @Test(
    "16-bit weights of any size", arguments: instructionSetsUnderTest,
    [-100, -30, -14, 0, 16, 40, 100])
  func sizesOfHalves(isa: InstructionSet, exponent: Int) throws {
    for images in [1, 10] {
      var layer = LayerCase(
        spec: .innerProduct(InnerProductSpec(outputs: 37)), input: [images, 129].shape)
      layer.weightExponent = exponent
      let outcome = try layer.run(HalfWeightsBackend(), isa: isa)
      #expect(try #require(outcome.norms.maxBoundRatio) <= 1, "\(images) images")
    }
  }

  @Test("streams of weights", arguments: instructionSetsUnderTest, [1, 2])
  func streams(isa: InstructionSet, threads: Int) throws {
    for (outputs, inputs) in [(1, 1), (37, 129), (255, 64), (513, 3)] {
      let layer = LayerCase(
        spec: .innerProduct(InnerProductSpec(outputs: outputs)), input: [1, inputs].shape)
      for name in ["2x2048", "2x0", "4x0", "4x512", "4x1024", "1x4096"] {
        for backend: any Backend in [SIMDBackend(), HalfWeightsBackend()] {
          let plan = TilePlan(tiles: ["layer": name], cacheByteCount: 1 << 20)
          let outcome = try layer.run(backend, isa: isa, threads: threads, tiles: plan)
          #expect(try #require(outcome.norms.maxBoundRatio) <= 1, "\(name), \(outputs) outputs")
        }
      }
    }
  }

  @Test("the streams of weights are measured, or those of a plan")
  func chosenStreams() throws {
    let layer = LayerCase(
      spec: .innerProduct(InnerProductSpec(outputs: 64)), input: [1, 64].shape)
    let plan = TilePlan(cacheByteCount: 1 << 20)
    _ = try layer.run(SIMDBackend(), isa: .baseline, tiles: plan)
    #expect(plan.candidates.count == 6 && plan.candidates.count(where: \.isChosen) == 1)
    #expect(plan.candidates.allSatisfy { $0.nanoseconds > 0 })
    let wrong = TilePlan(tiles: ["layer": "3x7"], cacheByteCount: 1 << 20)
    #expect(throws: BackendError.self) {
      try layer.run(SIMDBackend(), isa: .baseline, tiles: wrong)
    }
  }

  @Test("pooling", arguments: instructionSetsUnderTest)
  func pooling(isa: InstructionSet) throws {
    try check(RandomShapes.poolings(count: 200), SIMDBackend(), isa: isa)
  }

  @Test("local response normalisation", arguments: instructionSetsUnderTest)
  func normalization(isa: InstructionSet) throws {
    try check(RandomShapes.normalizations(count: 200), SIMDBackend(), isa: isa)
  }

  @Test("ReLU and softmax", arguments: instructionSetsUnderTest)
  func elementwise(isa: InstructionSet) throws {
    var shapes = ShapeGenerator("elementwise")
    let cases = (0..<100).map { index in
      let length = shapes.pick(1...1100)
      return index % 2 == 0
        ? LayerCase(spec: .softmax(SoftmaxSpec()), input: [shapes.pick(1...12), length].shape)
        : LayerCase(
          spec: .relu(ReLUSpec(negativeSlope: shapes.pick([0, 0.1]))), input: [2, length].shape)
    }
    try check(cases, SIMDBackend(), isa: isa)
  }
}
