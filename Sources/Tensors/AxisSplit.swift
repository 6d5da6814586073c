/// A shape seen from one axis: what lies before it, its length, what lies behind it.
package struct AxisSplit: BitwiseCopyable {
  package let outer: Int
  package let count: Int
  package let inner: Int

  package init(_ shape: Shape, axis: Int) {
    outer = shape.dimensions[..<axis].reduce(1, *)
    count = shape.dimensions[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
  }
}
