extension GateVerdict {
  /// GitHub shows no more of a step.
  static let annotationLimit = 10

  /// Lines by which GitHub marks what is wrong, the worst first: errors for what fails a check,
  /// warnings for what is unclear. At most ``annotationLimit``, the last one counting the rest.
  package func annotations() -> [String] {
    let errors = ranked(.failed) + ranked(.regression)
    let warnings = ranked(.environment) + ranked(.inconclusive)
    let all = errors.map { ("error", $0) } + warnings.map { ("warning", $0) }
    let rest = all.count - Self.annotationLimit
    return all.prefix(Self.annotationLimit).enumerated().map { index, entry in
      let (kind, finding) = entry
      var message = "\(finding.name): \(finding.reason)"
      if finding.outcome == .regression { message += "\n\(finding.repro)" }
      if rest > 0, index == Self.annotationLimit - 1 { message += "\nand \(rest) more" }
      let title = "\(finding.outcome.rawValue): \(finding.key.layer) (\(finding.key.backend))"
      return "::\(kind) title=\(Self.escaped(title, isProperty: true))::"
        + Self.escaped(message, isProperty: false)
    }
  }

  /// Source: GitHub's documentation of workflow commands, and actions/toolkit's `command.ts`.
  private static func escaped(_ text: String, isProperty: Bool) -> String {
    // Scalar by scalar: a carriage return and a line feed are one character to Swift.
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where isProperty: result += "%3A"
      case "," where isProperty: result += "%2C"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
