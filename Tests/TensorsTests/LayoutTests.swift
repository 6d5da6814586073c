import Tensors
import Testing

@Suite("Layout")
struct LayoutTests {
  static let layouts: [Layout] = [
    .nchw, .blockedChannels(block: 4), .blockedChannels(block: 8), .blockedChannels(block: 16),
    .channelsLast,
  ]
  static let shapes = [
    Shape(n: 2, c: 3, h: 4, w: 5), Shape(n: 1, c: 16, h: 1, w: 1), Shape(n: 3, c: 17, h: 2, w: 3),
    Shape([4, 10]), Shape([6]), Shape(n: 1, c: 1, h: 7, w: 2), Shape(n: 1, c: 32, h: 3, w: 3),
  ]

  @Test("Offsets are distinct and inside the blob", arguments: layouts, shapes)
  func offsets(layout: Layout, shape: Shape) {
    var seen: Set<Int> = []
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for h in 0..<shape.h {
          for w in 0..<shape.w {
            seen.insert(layout.offset(n: n, c: c, h: h, w: w, in: shape))
          }
        }
      }
    }
    #expect(seen.count == shape.count)
    #expect(seen.allSatisfy { (0..<layout.elementCount(of: shape)).contains($0) })
  }

  @Test("Packing puts each element at its offset and zero elsewhere", arguments: layouts, shapes)
  func packs(layout: Layout, shape: Shape) {
    let source = (0..<shape.count).map { Float($0 + 1) }
    let count = layout.elementCount(of: shape)
    var packed = [Float](repeating: .nan, count: count)
    source.withUnsafeBufferPointer { from in
      packed.withUnsafeMutableBufferPointer { to in
        if let from = from.baseAddress, let to = to.baseAddress {
          layout.pack(from, shape: shape, into: to)
        }
      }
    }
    var want = [Float](repeating: 0, count: count)
    var index = 0
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for h in 0..<shape.h {
          for w in 0..<shape.w {
            want[layout.offset(n: n, c: c, h: h, w: w, in: shape)] = source[index]
            index += 1
          }
        }
      }
    }
    #expect(packed == want)
  }

  @Test("A tensor comes back from any layout unchanged", arguments: layouts, shapes)
  func roundTrips(layout: Layout, shape: Shape) {
    let values = (0..<shape.count).map { Float($0) * 0.5 - 3 }
    let tensor = Tensor(shape, values: values)
    let other = tensor.converted(to: layout)
    #expect(other.layout == layout)
    #expect(other.values == values)
    #expect(other.converted(to: .nchw).values == values)
  }

  @Test("The row-major offset is that of C")
  func rowMajor() {
    let shape = Shape(n: 2, c: 3, h: 4, w: 5)
    #expect(Layout.nchw.offset(n: 1, c: 2, h: 3, w: 4, in: shape) == 119)
    #expect(Layout.nchw.offset(n: 1, c: 0, h: 0, w: 1, in: shape) == 61)
  }

  @Test("A blocked layout keeps a block of channels side by side")
  func blocked() {
    let shape = Shape(n: 1, c: 20, h: 2, w: 2)
    let layout = Layout.blockedChannels(block: 16)
    #expect(layout.elementCount(of: shape) == 2 * 16 * 4)
    #expect(layout.offset(n: 0, c: 15, h: 0, w: 0, in: shape) == 15)
    #expect(layout.offset(n: 0, c: 0, h: 0, w: 1, in: shape) == 16)
    #expect(layout.offset(n: 0, c: 16, h: 0, w: 0, in: shape) == 64)
    #expect("\(layout)" == "nChw16c")
    #expect("\(Layout.nchw)" == "nchw")
  }

  @Test("Channels last are side by side, without fill")
  func channelsLast() {
    let shape = Shape(n: 2, c: 3, h: 4, w: 5)
    let layout = Layout.channelsLast
    #expect(layout.elementCount(of: shape) == shape.count)
    #expect(layout.offset(n: 0, c: 2, h: 0, w: 0, in: shape) == 2)
    #expect(layout.offset(n: 0, c: 0, h: 0, w: 1, in: shape) == 3)
    #expect(layout.offset(n: 1, c: 1, h: 2, w: 3, in: shape) == 60 + (2 * 5 + 3) * 3 + 1)
    #expect("\(layout)" == "nhwc")
  }

  @Test("A row-major blob of more than four axes is copied whole")
  func manyAxes() {
    let shape = Shape([2, 2, 2, 2, 3])
    let values = (0..<shape.count).map { Float($0) }
    #expect(Tensor(shape, values: values).values == values)
  }
}
