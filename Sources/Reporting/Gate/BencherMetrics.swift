import Foundation

extension GateVerdict {
  /// Bencher Metric Format: of every workload the head's time in nanoseconds, and its ratio to the
  /// base with the interval.
  package func bencherMetrics() -> String {
    var metrics: [String: [String: Metric]] = [:]
    for finding in findings {
      let key = finding.key
      let name =
        "\(key.network)/\(key.layer)/\(key.backend)/\(key.isa)/batch\(key.batch)/threads\(key.threads)"
      var own: [String: Metric] = [:]
      own["latency"] = finding.headNanoseconds.map { Metric(value: $0) }
      own["head-over-base"] = finding.ratio.map {
        Metric(value: $0, lower: finding.lower, upper: finding.upper)
      }
      if !own.isEmpty { metrics[name] = own }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Times and ratios of pairs are finite.
    guard let data = try? encoder.encode(metrics) else { preconditionFailure("not encodable") }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private struct Metric: Encodable {
    var value: Double
    var lower: Double?
    var upper: Double?

    enum CodingKeys: String, CodingKey {
      case value
      case lower = "lower_value"
      case upper = "upper_value"
    }
  }
}
