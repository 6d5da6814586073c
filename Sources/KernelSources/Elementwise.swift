import KernelInterface

/// max(x, 0) + slope · min(x, 0).
func rectify(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: RectifyArguments.self)
  let input = a.pointee.input
  let output = a.pointee.output
  let count = Int(a.pointee.count)
  let slope = a.pointee.negative_slope
  let zero = Vector(repeating: 0)
  var i = 0
  if slope == 0 {
    while i + Vector.scalarCount <= count {
      storeVector(maximum(loadVector(input + i), zero), output + i)
      i += Vector.scalarCount
    }
  } else {
    while i + Vector.scalarCount <= count {
      let x = loadVector(input + i)
      storeVector(x.replacing(with: x * Vector(repeating: slope), where: x .< zero), output + i)
      i += Vector.scalarCount
    }
  }
  while i < count {
    let x = input[i]
    output[i] = x > 0 ? x : x * slope
    i += 1
  }
}

/// exp(x − max) ∕ Σ exp(x − max) over each row.
func softmax(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: SoftmaxArguments.self)
  let length = Int(a.pointee.length)
  let whole = length / Vector.scalarCount * Vector.scalarCount
  for row in Int(a.pointee.first_row)..<Int(a.pointee.last_row) {
    let input = a.pointee.input + row * length
    let output = a.pointee.output + row * length
    var largest = input[0]
    for i in 1..<length where input[i] > largest { largest = input[i] }
    let shift = Vector(repeating: largest)
    var sums = Vector(repeating: 0)
    var i = 0
    while i < whole {
      let value = exponential(loadVector(input + i) - shift)
      storeVector(value, output + i)
      sums += value
      i += Vector.scalarCount
    }
    var sum: Float = 0
    for lane in 0..<Vector.scalarCount { sum += sums[lane] }
    if whole < length {
      var tail = Vector(repeating: 0)
      for lane in 0..<(length - whole) { tail[lane] = input[whole + lane] - largest }
      tail = exponential(tail)
      for lane in 0..<(length - whole) {
        output[whole + lane] = tail[lane]
        sum += tail[lane]
      }
    }
    let divisor = Vector(repeating: sum)
    i = 0
    while i < whole {
      storeVector(loadVector(output + i) / divisor, output + i)
      i += Vector.scalarCount
    }
    while i < length {
      output[i] /= sum
      i += 1
    }
  }
}
