/// Finds what a user may have meant by a name that is not known.
package enum NameSuggestion {
  /// Number of insertions, deletions and substitutions of one character that turn `a` into `b`
  /// (Levenshtein 1966).
  package static func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a)
    let b = Array(b)
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }

  /// The nearest known name, or nil when none is near: more than half of the name would change.
  package static func nearest(to name: String, in known: [String]) -> String? {
    let lowered = name.lowercased()
    let best = known.map { ($0, editDistance(lowered, $0.lowercased())) }.min { $0.1 < $1.1 }
    guard let (candidate, distance) = best else { return nil }
    let isNear = distance * 2 <= max(name.count, 2)
    if isNear, distance <= 2 { return candidate }
    // A part ("openblas" is a suffix) is nearer than another word, however much is missing.
    let whole = known.first { $0.lowercased().contains(lowered) && !lowered.isEmpty }
    return whole ?? (isNear ? candidate : nil)
  }

  /// The members of `names` in `known`, or the error that names the first unknown one.
  package static func resolve(_ names: [String], what: String, known: [String])
    throws(MeasuringError)
  {
    for name in names where !known.contains(name) {
      throw .unknown(
        what: what, name: name, suggestion: nearest(to: name, in: known), known: known)
    }
  }
}
