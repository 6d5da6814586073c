import Networks
import Reference
import Tensors
import Testing

@Suite("Reference of joined blobs")
struct CombiningTests {
  @Test("a concatenation puts one input behind the other along its axis, exactly")
  func concat() throws {
    let shapes = [Shape([2, 1, 2]), Shape([2, 2, 2])]
    let channels = try SingleLayer(.concat(ConcatSpec()), inputs: shapes)
    let inputs: [[Float]] = [[1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11, 12]]
    let result = channels.outputs(inputs)[0]
    #expect(result.values == [1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12])
    #expect(result.bounds == [Double](repeating: 0, count: 12))
    let last = try SingleLayer(
      .concat(ConcatSpec(axis: -1)), inputs: [Shape([2, 1]), Shape([2, 2])])
    #expect(last.outputs([[1, 2], [3, 4, 5, 6]])[0].values == [1, 3, 4, 2, 5, 6])
  }

  @Test("sums have factors, products and maxima have not")
  func eltwise() throws {
    let shapes = [Shape([3]), Shape([3]), Shape([3])]
    let inputs: [[Float]] = [[1, -2, 3], [4, 5, -6], [0.5, 7, 0]]
    func values(_ spec: EltwiseSpec) throws -> [Double] {
      try SingleLayer(.eltwise(spec), inputs: shapes).outputs(inputs)[0].values
    }
    #expect(try values(EltwiseSpec()) == [5.5, 10, -3])
    #expect(try values(EltwiseSpec(coefficients: [1, -0.5, 2])) == [0, 9.5, 6])
    #expect(try values(EltwiseSpec(operation: .product)) == [2, -70, 0])
    #expect(try values(EltwiseSpec(operation: .maximum)) == [4, 7, 3])
  }

  @Test("the bound of a sum grows with its terms, not with what is left of them")
  func sumBound() throws {
    let layer = try SingleLayer(.eltwise(EltwiseSpec()), inputs: [Shape([1]), Shape([1])])
    let result = layer.outputs([[1], [-1]])[0]
    #expect(result.values == [0])
    #expect(result.bounds == [6 * 0x1p-24])
    let maximum = EltwiseSpec(operation: .maximum)
    let exact = try SingleLayer(.eltwise(maximum), inputs: [Shape([1]), Shape([1])])
    #expect(exact.outputs([[1], [-1]])[0].bounds == [0])
  }

  @Test("flattening keeps the values")
  func flatten() throws {
    let layer = try SingleLayer(.flatten(FlattenSpec()), input: Shape([2, 3, 2]))
    let result = layer.forward(counting(12))
    #expect(result.shape == Shape([2, 6]))
    #expect(result.values == counting(12).map(Double.init))
  }

  @Test("a mask tells where in its plane the first of the largest values stands")
  func mask() throws {
    let spec = PoolingSpec(method: .max, kernel: Extent(2), stride: Extent(2))
    let layer = try SingleLayer(
      .pooling(spec), inputs: [Shape([1, 2, 2, 4])], topCount: 2)
    let results = layer.outputs([[1, 5, 2, 2, 5, 0, 2, 2, -1, -2, -3, -4, -9, -8, -7, -6]])
    #expect(results[0].values == [5, 2, -1, -3])
    #expect(results[1].values == [1, 2, 0, 2])
    let empty = PoolingSpec(method: .max, kernel: .one, stride: Extent(3))
    let sparse = try SingleLayer(.pooling(empty), inputs: [Shape([1, 1, 1, 5])], topCount: 2)
    #expect(sparse.outputs([[1, 2, 3, 4, 5]])[1].values == [0, 3, -1])
  }

  @Test("a transposed inner product reads its weight by columns")
  func transposed() throws {
    let spec = InnerProductSpec(outputs: 2, isTransposed: true)
    let layer = try SingleLayer(.innerProduct(spec), input: Shape([1, 3]))
    let result = layer.forward([1, 10, 100], weight: [1, 2, 3, 4, 5, 6], bias: [0.5, 0.25])
    #expect(result.values == [531.5, 642.25])
    let straight = try SingleLayer(
      .innerProduct(InnerProductSpec(outputs: 2)), input: Shape([1, 3]))
    let same = straight.forward([1, 10, 100], weight: [1, 3, 5, 2, 4, 6], bias: [0.5, 0.25])
    #expect(same.values == result.values && same.bounds == result.bounds)
  }
}

@Suite("Reference of powers, sigmoid and hyperbolic tangent")
struct PowerTests {
  private func power(_ spec: PowerSpec, _ input: [Float]) throws -> ReferenceResult {
    try SingleLayer(.power(spec), input: Shape([input.count])).forward(input)
  }

  @Test("(shift + scale · x) ^ power")
  func power() throws {
    #expect(try power(PowerSpec(), [1, -2]).values == [1, -2])
    #expect(try power(PowerSpec(scale: 2, shift: 1), [1, -2]).values == [3, -3])
    #expect(try power(PowerSpec(power: 2, scale: 2, shift: 1), [1, -2]).values == [9, 9])
    #expect(try power(PowerSpec(power: -1, scale: 4), [1, -2]).values == [0.25, -0.125])
  }

  @Test("a power or a scale of 0 makes a constant, whatever x is")
  func constants() throws {
    #expect(try power(PowerSpec(power: 0, scale: 2), [0, .infinity]).values == [1, 1])
    #expect(try power(PowerSpec(power: 3, scale: 0, shift: 2), [5, .infinity]).values == [8, 8])
    #expect(try power(PowerSpec(power: 0), [5]).bounds == [0])
  }

  @Test("what cancels in the base widens the bound of the power")
  func bounds() throws {
    let spec = PowerSpec(power: 2, scale: 1, shift: -1)
    let result = try power(spec, [1.25, 1024])
    #expect(result.values == [0.0625, 1_046_529])
    // 2 · ¼ · (1.25 + 0.25) u for the base, and the power's own 8u.
    let u = 0x1p-24
    #expect(abs(result.bounds[0] - (0.75 * u + 0.5 * u)) < 1e-6 * u)
    #expect(result.bounds[1] < 13 * u * 1_046_529)
    #expect(try power(PowerSpec(), [3]).bounds[0] <= 6 * u)
  }

  @Test("sigmoid and hyperbolic tangent at points that are known")
  func curves() throws {
    let sigmoid = try SingleLayer(.sigmoid, input: Shape([3])).forward([0, 1, -200])
    #expect(sigmoid.values[0] == 0.5)
    #expect(abs(sigmoid.values[1] - 0.731_058_578_630_004_9) < 1e-15)
    #expect(sigmoid.values[2] < 1e-80 && sigmoid.values[2] > 0)
    let tanh = try SingleLayer(.tanh, input: Shape([3])).forward([0, 0.5, -100])
    #expect(tanh.values[0] == 0)
    #expect(abs(tanh.values[1] - 0.462_117_157_260_009_76) < 1e-15)
    #expect(tanh.values[2] == -1)
    #expect(tanh.bounds[0] < 1e-30)
  }
}
