import Results

/// The roofs of a run, to hold workloads against.
///
/// The least time that a workload can take is the larger of its arithmetic at the peak rate and its
/// bytes at the bandwidth of the level of memory that holds them. Operations are counted as direct
/// convolution, bytes once each; an algorithm with fewer operations may stay below that time.
struct Roofs {
  /// A least time, and what sets it.
  struct Limit: Equatable {
    var nanoseconds: Double
    /// `compute`, or a level of memory.
    var bound: String
  }

  /// Why a workload has no roof.
  struct Missing: Error, Equatable { var reason: String }

  private let rows: [Int: [RoofRow]]

  init(_ rows: [RoofRow]) { self.rows = Dictionary(grouping: rows, by: \.threads) }

  /// - Parameter layer: of the workload, with its operations and bytes.
  func limit(of key: WorkloadKey, layer: LayerRow) throws(Missing) -> Limit {
    guard !rows.isEmpty else { throw Missing(reason: "roofs are not measured yet") }
    let threads = key.threads
    let own = rows[threads] ?? []
    guard let peak = Self.peak(own.filter { $0.kind == .compute }, isa: key.isa) else {
      throw Missing(reason: "no arithmetic was probed at \(Self.text(threads))")
    }
    let memory = try Self.memoryLimit(of: key, layer: layer, roofs: own.filter { $0.kind == .read })
    let arithmetic = Double(layer.flops) / peak
    return arithmetic >= memory.nanoseconds
      ? Limit(nanoseconds: arithmetic, bound: RoofKind.compute.rawValue) : memory
  }

  /// Instruction sets by what they offer, least first; libraries name some that we have no kernels
  /// for.
  private static let order = ["baseline", "avx", "avx2", "avx512"]

  /// The peak of an instruction set, or of the next better one that was probed; of the best for one
  /// that is not known.
  static func peak(_ roofs: [RoofRow], isa: String) -> Double? {
    let candidates = order.firstIndex(of: isa).map { order[$0...] } ?? []
    let value =
      candidates.lazy.compactMap { name in roofs.first { $0.isa == name }?.value }.first
      ?? roofs.map(\.value).max()
    return value.flatMap { $0 > 0 ? $0 : nil }
  }

  private static func memoryLimit(
    of key: WorkloadKey, layer: LayerRow, roofs: [RoofRow]
  ) throws(Missing) -> Limit {
    let weights = layer.weightBytes
    let others = layer.inputBytes + layer.outputBytes
    switch key.cache {
    case .warm: return try time(of: weights + others, in: roofs, threads: key.threads)
    case .cold: return try time(of: weights + others, in: roofs, threads: key.threads, isCold: true)
    case .coldWeights:
      // One after the other: the same loads wait for both.
      let cold = try time(of: weights, in: roofs, threads: key.threads, isCold: true)
      let warm = try time(of: others, in: roofs, threads: key.threads)
      return Limit(
        nanoseconds: cold.nanoseconds + warm.nanoseconds,
        bound: (cold.nanoseconds >= warm.nanoseconds ? cold : warm).bound)
    }
  }

  /// Reading from the smallest level that holds so many bytes, or from memory.
  private static func time(
    of bytes: Int, in roofs: [RoofRow], threads: Int, isCold: Bool = false
  ) throws(Missing) -> Limit {
    let caches = roofs.compactMap { roof in roof.capacityBytes.map { (roof, $0) } }
    guard isCold || !caches.isEmpty else {
      throw Missing(reason: "the sizes of the caches are not known at \(text(threads))")
    }
    let smallest = caches.filter { $0.1 >= bytes }.min { $0.1 < $1.1 }?.0
    let level = isCold ? nil : smallest
    guard let roof = level ?? roofs.first(where: { $0.level == .memory }), roof.value > 0 else {
      throw Missing(reason: "the bandwidth of memory was not probed at \(text(threads))")
    }
    return Limit(nanoseconds: Double(bytes) / roof.value, bound: roof.level.rawValue)
  }

  private static func text(_ threads: Int) -> String { count(threads, "thread") }
}

/// The line below a table that names the machine's roofs.
enum RoofLine {
  /// For example `roofs at 1 thread: fma 118 GFLOP/s (avx512), 30.2 (baseline); read L1 201, L2 120,
  /// memory 16.3 GB/s`; nil when none was probed with so many threads. A number stays with its name.
  static func text(_ roofs: [RoofRow], threads: Int) -> String? {
    let own = roofs.filter { $0.threads == threads }
    let parts = [compute(own), read(own)].compactMap(\.self)
    guard !parts.isEmpty else { return nil }
    return "roofs at \(count(threads, "thread")): "
      + parts.joined(separator: "; ")
  }

  /// The unit stands once, at the first.
  private static func compute(_ roofs: [RoofRow]) -> String? {
    let peaks = roofs.filter { $0.kind == .compute }
    guard let first = peaks.first else { return nil }
    let texts = peaks.enumerated().map { index, roof in
      let unit = index == 0 ? "\(fixedBlank)\(RoofKind.compute.unit)" : ""
      return "\(NumberText.rate(roof.value))\(unit)\(fixedBlank)(\(roof.isa))"
    }
    return "\(first.level.rawValue)\(fixedBlank)" + texts.joined(separator: ", ")
  }

  /// The unit stands once, at the last.
  private static func read(_ roofs: [RoofRow]) -> String? {
    let texts = roofs.filter { $0.kind == .read }.map {
      "\($0.level.rawValue)\(fixedBlank)\(NumberText.rate($0.value))"
    }
    return texts.isEmpty
      ? nil : "read " + texts.joined(separator: ", ") + "\(fixedBlank)\(RoofKind.read.unit)"
  }
}
