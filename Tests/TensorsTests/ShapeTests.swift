import Tensors
import Testing

@Suite("Shape")
struct ShapeTests {
  @Test("Four axes have Caffe's names")
  func names() {
    let shape = Shape(n: 2, c: 3, h: 4, w: 5)
    #expect([shape.n, shape.c, shape.h, shape.w] == [2, 3, 4, 5])
    #expect(shape.count == 120)
    #expect(shape.byteCount == 480)
    #expect(shape.countPerImage == 60)
    #expect(shape.rank == 4)
    #expect("\(shape)" == "2x3x4x5")
  }

  @Test("Missing axes count as 1, and a scalar has one element")
  func missingAxes() {
    let matrix = Shape([7, 9])
    #expect([matrix.n, matrix.c, matrix.h, matrix.w] == [7, 9, 1, 1])
    #expect(Shape([]).count == 1)
    #expect(Shape.scalar.count == 1)
    #expect(Shape.scalar.rank == 0)
    #expect("\(Shape.scalar)" == "scalar")
    #expect(Shape([3, 0, 2]).count == 0)
  }

  @Test("A negative axis counts from the end; outside there is none")
  func canonicalAxis() {
    let shape = Shape([2, 3, 4])
    #expect((-4...3).map(shape.canonicalAxis) == [nil, 0, 1, 2, 0, 1, 2, nil])
    #expect(Shape.scalar.canonicalAxis(0) == nil)
    #expect(shape.count(of: 1..<3) == 12)
    #expect(shape.count(of: 1..<1) == 1)
  }

  @Test("Another batch size changes the first axis only")
  func withBatch() {
    #expect(Shape([10, 3, 227, 227]).withBatch(1) == Shape([1, 3, 227, 227]))
    #expect(Shape([10, 1000]).withBatch(4) == Shape([4, 1000]))
  }
}
