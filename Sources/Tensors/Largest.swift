/// The largest values with their positions, best first; of equals the first.
public func largest(
  _ count: Int, of values: ArraySlice<Float>
) -> [(index: Int, value: Float)] {
  let order = values.indices.sorted { a, b in
    values[a] == values[b] ? a < b : values[a] > values[b]
  }
  return order.prefix(count).map { ($0 - values.startIndex, values[$0]) }
}
