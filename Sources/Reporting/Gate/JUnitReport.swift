import OrderedCollections
import Statistics

extension GateVerdict {
  /// JUnit XML: a suite per backend, a case per layer. Regressions are failures, wrong results errors;
  /// what is unclear or muted is skipped with its reason.
  package func junit() -> String {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuites name=\"alexbench check\" \(counts(findings))>\n"
    for (backend, own) in OrderedDictionary(grouping: findings, by: \.key.backend) {
      let skipped = own.count { $0.outcome.isSkipped }
      text += "  <testsuite name=\"\(xml(backend))\" \(counts(own)) skipped=\"\(skipped)\">\n"
      for finding in own { text += testCase(finding) }
      text += "  </testsuite>\n"
    }
    return text + "</testsuites>\n"
  }

  private func counts(_ findings: [GateFinding]) -> String {
    let failures = findings.count { $0.outcome == .regression }
    let errors = findings.count { $0.outcome == .failed }
    return "tests=\"\(findings.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
  }

  private func testCase(_ finding: GateFinding) -> String {
    let key = finding.key
    let group = "\(key.network).\(key.isa).batch\(key.batch).threads\(key.threads)"
    let layer = key.layer
    let seconds = finding.headNanoseconds.map { " time=\"\(Decimals.seconds($0))\"" } ?? ""
    let head = "    <testcase classname=\"\(xml(group))\" name=\"\(xml(layer))\"\(seconds)"
    let element: String
    switch finding.outcome {
    case .pass, .improvement: return head + "/>\n"
    case .regression: element = "failure"
    case .failed: element = "error"
    case .environment, .inconclusive, .muted: element = "skipped"
    }
    let message = "message=\"\(xml(finding.reason))\""
    let body = finding.outcome == .regression ? xml(finding.repro) : ""
    return head + ">\n      <\(element) type=\"\(finding.outcome.rawValue)\" \(message)>\(body)"
      + "</\(element)>\n    </testcase>\n"
  }
}

extension GateOutcome {
  fileprivate var isSkipped: Bool {
    switch self {
    case .environment, .inconclusive, .muted: true
    case .pass, .regression, .improvement, .failed: false
    }
  }
}

/// Text for an attribute or an element; what XML 1.0 has no characters for is left out.
private func xml(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\n": result += "&#10;"
    case "\t": result += "&#9;"
    default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
    }
  }
  return result
}

private enum Decimals {
  /// Seconds of nanoseconds, nine digits after the point; no exponent.
  static func seconds(_ nanoseconds: Double) -> String {
    let whole = Swift.max(Int(nearestTo: nanoseconds), 0)
    let digits = "\(whole % 1_000_000_000)"
    return "\(whole / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}
