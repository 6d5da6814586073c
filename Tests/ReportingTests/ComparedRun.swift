import Results

/// A run of three backends on two layers, an in-net pass and a net, with repeatable noise.
enum ComparedRun {
  static let backends = [("im2col-openblas", 1000), ("simd", 700), ("winograd", 500)]

  /// - Parameters:
  ///   - seed: of the noise, ±0.4 %.
  ///   - slower: percent by which layers of a backend take longer; in nets by their part.
  ///   - scale: of all times.
  static func make(
    seed: Int = 0, slower: [String: Int] = [:], scale: Int = 1000, count: Int = 24
  ) -> TestRun {
    var run = TestRun()
    var state = UInt64(seed) &* 977 &+ 3
    func times(_ center: Int) -> [Int] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return center + center * (Int(state >> 33) % 9 - 4) / 1000
      }
    }
    for (layer, flops) in [("conv1", 4000), ("conv2", 8000)] {
      run.addLayer(layer, index: layer == "conv1" ? 0 : 2, flops: flops)
    }
    run.addLayer("relu1", index: 1, kind: "relu", flops: 10)
    run.addLayer("net", index: -1, kind: "network", flops: 12000)
    for (backend, factor) in backends {
      let unit = factor * scale
      func time(_ layer: String, _ value: Int) -> Int {
        value + value * (slower["\(backend):\(layer)"] ?? 0) / 100
      }
      let parts = [
        ("conv1", 0, "convolution", time("conv1", 4 * unit / 10)),
        ("relu1", 1, "relu", time("relu1", unit / 50)),
        ("conv2", 2, "convolution", time("conv2", 5 * unit / 10)),
      ]
      for (layer, index, kind, center) in parts {
        run.add(
          TestRun.key(layer, index: index, backend: backend, kind: kind),
          implementation: slower["\(backend):\(layer)"].map { "f32-x+handicap\($0)%" } ?? "f32-x",
          delegatedTo: backend == "winograd" && layer == "relu1" ? "simd" : "",
          nanoseconds: times(center))
        let isFused = layer == "relu1" && backend != "im2col-openblas"
        run.add(
          TestRun.key(layer, index: index, backend: backend, kind: kind, pass: .inNet),
          status: isFused ? .fused : .ok, reason: isFused ? "into conv1" : "",
          nanoseconds: isFused ? [] : times(center))
      }
      run.add(
        TestRun.netKey(backend: backend),
        nanoseconds: times(parts.reduce(unit / 10) { $0 + $1.3 }))
    }
    for index in run.workloads.indices {
      let key = run.workloads[index].key
      // conv2 is a stage of its own.
      if key.layer == "conv2" { run.workloads[index].key.stage = "conv2" }
      run.workloads[index].repro = "alexbench run --layer \(key.layer) --backend \(key.backend)"
    }
    for index in run.samples.indices where run.samples[index].key.layer == "conv2" {
      run.samples[index].key.stage = "conv2"
    }
    return run
  }
}
