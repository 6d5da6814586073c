import Results

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
