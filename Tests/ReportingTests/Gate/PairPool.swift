import Foundation
import Results

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func uniform() -> Double { Double.random(in: 0..<1, using: &self) }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * Double.pi * uniform())
  }
}

/// Pairs of a program with itself, from which checks are drawn.
struct PairPool {
  struct Workload {
    var layer: String
    var stage: String
    var index: Int
    var role = PairRole.gated

    var isNet: Bool { layer == "net" }
  }

  typealias Times = (base: Double, head: Double)

  var workloads: [Workload]
  /// One array per pair, in it one element per workload.
  var pairs: [[Times]]

  /// Layers of AlexNet with the times of a machine, in nanoseconds.
  static let layers: [(layer: String, stage: String, nanoseconds: Double)] = [
    ("conv1", "conv1", 1_830_000), ("relu1", "conv1", 24_500), ("norm1", "conv1", 127_600),
    ("pool1", "conv1", 38_000), ("conv2", "conv2", 3_515_000), ("relu2", "conv2", 16_200),
    ("norm2", "conv2", 82_150), ("pool2", "conv2", 24_300), ("conv3", "conv3", 2_330_000),
    ("relu3", "conv3", 4_770), ("conv4", "conv4", 1_740_000), ("relu4", "conv4", 4_600),
    ("conv5", "conv5", 1_159_000), ("relu5", "conv5", 3_090), ("pool5", "conv5", 5_070),
    ("fc6", "fc6", 4_830_000), ("relu6", "fc6", 221), ("fc7", "fc7", 2_108_000),
    ("relu7", "fc7", 220), ("fc8", "fc8", 600_000), ("prob", "fc8", 947),
  ]
  static let netNanoseconds = 18_900_000.0

  /// Made-up pairs.
  /// - Parameters:
  ///   - spread: standard deviation of a side's time, relative.
  ///   - hogShare: of the sides' times that a hog makes longer, by up to a factor of 2.
  static func made(
    pairs: Int, spread: Double, hogShare: Double = 0, seed: UInt64
  ) -> PairPool {
    var generator = SeededGenerator(seed: seed)
    var workloads = layers.enumerated().map {
      Workload(layer: $1.layer, stage: $1.stage, index: $0)
    }
    workloads.append(Workload(layer: "net", stage: "net", index: -1))
    workloads.append(Workload(layer: "net", stage: "net", index: -1, role: .control))
    workloads.append(Workload(layer: "clock", stage: "clock", index: -1, role: .sentinel))
    let times = layers.map(\.nanoseconds) + [netNanoseconds, netNanoseconds, 0.3]
    func side(_ time: Double, _ drift: Double) -> Double {
      let noisy = time * drift * exp(spread * generator.normal())
      return generator.uniform() < hogShare ? noisy * (1 + generator.uniform()) : noisy
    }
    let made = (0..<pairs).map { _ -> [Times] in
      // Both sides of a pair see the same clock.
      let drift = exp(0.05 * generator.normal())
      return times.map { (side($0, drift), side($0, drift)) }
    }
    return PairPool(workloads: workloads, pairs: made)
  }

  /// With a control and a sentinel that never differ.
  func withControl() -> PairPool {
    var pool = self
    pool.workloads.append(Workload(layer: "net", stage: "net", index: -1, role: .control))
    pool.workloads.append(Workload(layer: "clock", stage: "clock", index: -1, role: .sentinel))
    pool.pairs = pairs.map { $0 + [(1, 1), (1, 1)] }
    return pool
  }

  /// Share of a layer in the sum over all layers.
  func share(of layer: String) -> Double {
    func median(_ index: Int) -> Double {
      pairs.map { $0[index].base }.sorted()[pairs.count / 2]
    }
    let layers = workloads.indices.filter { workloads[$0].role == .gated && !workloads[$0].isNet }
    let own = layers.first { workloads[$0].layer == layer }.map(median) ?? 0
    return own / layers.reduce(0) { $0 + median($1) }
  }

  /// Rows of a check whose pairs are drawn with replacement.
  /// - Parameters:
  ///   - range: numbers of the pairs.
  ///   - factors: by which the head is slower, by layer; the net accordingly.
  ///   - copies: as many backends, each with draws of its own.
  func check(
    pairs range: Range<Int>, attempt: Int = 1, factors: [String: Double] = [:], copies: Int = 1,
    using generator: inout SeededGenerator
  ) -> [PairRow] {
    let net = 1 + factors.reduce(0) { $0 + share(of: $1.key) * ($1.value - 1) }
    var rows: [PairRow] = []
    for copy in 0..<copies {
      for pair in range {
        let drawn = pairs[Int.random(in: 0..<pairs.count, using: &generator)]
        for (workload, times) in zip(workloads, drawn) {
          let factor = workload.isNet ? net : factors[workload.layer] ?? 1
          rows.append(
            makeRow(
              workload.layer, stage: workload.stage, index: workload.index, role: workload.role,
              backend: copy == 0 ? "simd" : "winograd", attempt: attempt, pair: pair,
              base: times.base, head: times.head * (workload.role == .gated ? factor : 1)))
        }
      }
    }
    return rows
  }
}

/// A row of a check of AlexNet with different code on both sides.
func makeRow(
  _ layer: String, stage: String, index: Int = 0, role: PairRole = .gated,
  backend: String = "simd", attempt: Int = 1, pair: Int, base: Double?, head: Double?
) -> PairRow {
  var row = PairRow(
    key: WorkloadKey(
      runID: "r", network: "alexnet", layerIndex: index, layer: layer, stage: stage,
      kind: layer == "net" ? "network" : "convolution", direction: .forward, backend: backend,
      isa: "avx512", threads: 1, batch: 1, pass: layer == "net" ? .net : .isolated, cache: .warm),
    role: role, attempt: attempt, pair: pair, isHeadFirst: pair % 2 == 1,
    repro: "alexbench check --against base --layer \(layer) --backend \(backend)")
  row.base.nanoseconds = base
  row.head.nanoseconds = head
  row.base.code = "b"
  row.head.code = role == .control ? "b" : "h"
  row.base.hostClass = "here"
  row.head.hostClass = "here"
  return row
}
