import Foundation
import Reporting
import Results
import Statistics

/// Blocks of one program built twice, as checks measured them on a host: launch by launch, round by
/// round, the two sides next to each other.
struct RecordedLaunches {
  /// One workload in one launch: nanoseconds per call of each round.
  struct Series {
    var base: [Double] = []
    var head: [Double] = []
  }

  /// Layers in the order of the file.
  private(set) var layers: [String] = []
  /// By launch, then by layer.
  private(set) var launches: [[String: Series]] = []

  /// - Parameter name: a file of `Tests/Golden/gate`: `launch,layer,base_ns,head_ns`.
  init(_ name: String) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "Golden/gate/\(name)")
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst()
    for fields in lines.map({ $0.split(separator: ",").map(String.init) }) {
      guard fields.count == 4, let launch = Int(fields[0]), let base = Double(fields[2]),
        let head = Double(fields[3]), launch <= launches.count
      else { throw CocoaError(.fileReadCorruptFile) }
      if launch == launches.count { launches.append([:]) }
      if !layers.contains(fields[1]) { layers.append(fields[1]) }
      launches[launch][fields[1], default: Series()].base.append(base)
      launches[launch][fields[1], default: Series()].head.append(head)
    }
  }

  /// Launches that are made of the rounds of one, for a recording of a single process: what processes
  /// differ by is not in them.
  init(roundsOf url: URL, perLaunch count: Int) throws {
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst()
    let rows = Dictionary(grouping: lines.map { $0.split(separator: ",").map(String.init) }) {
      $0[0]
    }
    layers = rows.keys.sorted()
    for layer in layers {
      for (round, fields) in (rows[layer] ?? []).enumerated() {
        guard fields.count == 3, let base = Double(fields[1]), let head = Double(fields[2]) else {
          throw CocoaError(.fileReadCorruptFile)
        }
        let launch = round / count
        if launch == launches.count { launches.append([:]) }
        launches[launch][layer, default: Series()].base.append(base)
        launches[launch][layer, default: Series()].head.append(head)
      }
    }
  }

  /// The pairs of a check, for ``PairPool``.
  /// - Parameter isCentered: takes ratios relative to their estimate over the recording, in which the
  ///   two sides may differ by chance, as far as so many launches may.
  func pool(isCentered: Bool = false) -> PairPool {
    let way = RatioOfLaunch.neighbours
    let centers = layers.map { layer in
      LaunchRatio(launches.compactMap { $0[layer].map(way.ratio) })?.estimate ?? 1
    }
    let workloads = layers.enumerated().map { index, layer in
      PairPool.Workload(layer: layer, stage: layer, index: layer == "net" ? -1 : index)
    }
    let pairs = launches.map { launch in
      zip(layers, centers).map { layer, center -> PairPool.Times in
        let series = launch[layer] ?? Series()
        let base = OrderStatistics(series.base)?.median ?? 1
        return (base, base * way.ratio(series) / (isCentered ? center : 1))
      }
    }
    return PairPool(workloads: workloads, pairs: pairs).withControl()
  }
}

/// Ways to tell the ratio of two programs from the blocks of one pair of launches.
enum RatioOfLaunch: String, CaseIterable {
  /// What the gate does: the median over neighbouring blocks.
  case neighbours
  /// The quotient of the two medians.
  case medians
  /// The quotient of the two lower quartiles: of the times in which a neighbour disturbed least.
  case lowerQuartiles

  func ratio(_ series: RecordedLaunches.Series) -> Double {
    func quantile(_ values: [Double], _ share: Double) -> Double {
      let sorted = values.sorted()
      return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }
    switch self {
    case .neighbours:
      return medianRatio(of: zip(series.base, series.head).map { $1 / $0 }) ?? 1
    case .medians: return quantile(series.head, 0.5) / quantile(series.base, 0.5)
    case .lowerQuartiles: return quantile(series.head, 0.25) / quantile(series.base, 0.25)
    }
  }
}
