import Networks
import Reference
import Results
import Tensors

/// The outcome of comparing a workload's outputs with the float64 reference.
package struct Verdict: Hashable, Sendable {
  /// `ok`, `failed` or `mistrusted`.
  package var status: Status
  package var reason: String
  package var check: CheckFacts
  /// Of a net that is right, every blob that its steps write, by value of the graph.
  package var blobs: [Graph.ValueID: CheckFacts]

  package init(
    status: Status, reason: String = "", check: CheckFacts = CheckFacts(),
    blobs: [Graph.ValueID: CheckFacts] = [:]
  ) {
    self.status = status
    self.reason = reason
    self.check = check
    self.blobs = blobs
  }
}

/// Decides whether outputs are right.
package enum Judge {
  /// Largest share of zeros that a layer's output may have.
  static let zeroLimit = 0.99

  /// One layer, every output against its own bound.
  /// - Parameters:
  ///   - values: row-major, the images that the reference was computed for.
  ///   - amplification: factor on the bounds; 1 for direct methods.
  ///   - tile: side of the squares of outputs that share their errors; 1 for direct methods.
  ///   - limit: on the relative RMS error, where errors are amplified.
  package static func judge(
    layer values: [Float], kind: LayerKind, against reference: ReferenceResult,
    amplification: Double = 1, tile: Int = 1, limit: Double = Precision.single.errorLimit
  ) -> Verdict {
    guard values.count == reference.values.count else {
      return Verdict(
        status: .failed,
        reason: "\(values.count) outputs where the reference has \(reference.values.count)")
    }
    let bounds = reference.bounds(amplification: amplification, tile: tile)
    var worstRatio = -1.0
    var worst = 0
    var maximum = 0.0
    var squares = 0.0
    var power = 0.0
    for index in values.indices {
      let want = reference.values[index]
      let error = abs(Double(values[index]) - want)
      maximum = max(maximum, error)
      squares += error * error
      power += want * want
      // An exact result is fine even where the bound is 0.
      let ratio = error == 0 ? 0 : error / bounds[index]
      // NaN is worse than anything.
      if !(ratio <= worstRatio) {
        worstRatio = ratio
        worst = index
        if ratio.isNaN { break }
      }
    }
    if let reason = notFinite(values) {
      return Verdict(status: .failed, reason: reason, check: CheckFacts(maxAbsError: .nan))
    }
    let check = CheckFacts(
      maxAbsError: maximum, nrmse: squares == 0 ? 0 : (squares / power).squareRoot(),
      errorBound: values.isEmpty ? nil : bounds[worst])
    guard worstRatio <= 1 else {
      let place = position(of: worst, in: reference.shape)
      return Verdict(
        status: .failed,
        reason: "output [\(place)] is \(values[worst]) instead of \(reference.values[worst]), "
          + "off by \(short(worstRatio)) times its error bound",
        check: check)
    }
    // The worst case of a fast algorithm is far from what rounding does on average: its bound alone
    // would let a wrong tile pass.
    if amplification != 1, let nrmse = check.nrmse, nrmse > limit {
      return Verdict(
        status: .failed,
        reason: "relative RMS error of \(short(nrmse)), above \(limit)", check: check)
    }
    if let reason = implausible(values, kind: kind) {
      return Verdict(status: .mistrusted, reason: reason, check: check)
    }
    return Verdict(status: .ok, check: check)
  }

  /// All outputs of one layer measured alone.
  /// - Parameters:
  ///   - blobs: what a host returns, of the images that the reference was computed for.
  ///   - graph: of that layer alone.
  ///   - results: one for each output of the layer.
  ///   - amplification: factor on the bounds; 1 for direct methods.
  ///   - tile: side of the squares of outputs that share their errors; 1 for direct methods.
  static func judge(
    layer blobs: [BlobValues], of graph: Graph, against results: [ReferenceResult],
    amplification: Double, tile: Int, limit: Double
  ) -> Verdict {
    let node = graph.nodes[0]
    var verdict = Verdict(status: .ok)
    for (output, result) in zip(node.outputs, results) {
      guard let blob = blobs.last(where: { $0.value == output }) else {
        return Verdict(status: .failed, reason: "no step writes the layer's output")
      }
      let next = judge(
        layer: blob.values, kind: node.layer.spec.kind, against: result,
        amplification: amplification, tile: tile, limit: limit)
      verdict.check = verdict.check.worst(next.check)
      if verdict.status == .ok { (verdict.status, verdict.reason) = (next.status, next.reason) }
    }
    return verdict
  }

  /// A whole net, at every blob that its steps write.
  /// - Parameters:
  ///   - blobs: row-major, the images that the reference was computed for.
  ///   - reference: one array per value of the graph.
  ///   - limit: on the relative RMS error of each blob.
  package static func judge(
    net blobs: [BlobValues], graph: Graph, against reference: [[Double]],
    limit: Double = Precision.single.errorLimit
  ) -> Verdict {
    var worst: (blob: String, norms: ErrorNorms)?
    var checks: [Graph.ValueID: CheckFacts] = [:]
    for blob in blobs {
      let want = reference[blob.value]
      guard want.count == blob.values.count else {
        return Verdict(
          status: .failed,
          reason: "blob '\(blob.blob)' has \(blob.values.count) values where the reference has "
            + "\(want.count)")
      }
      if let choice = Choice(of: blob.value, in: graph, limit: limit) {
        if let reason = choice.refusal(of: blob.values, against: reference) {
          return Verdict(status: .failed, reason: "blob '\(blob.blob)': \(reason)")
        }
        continue
      }
      let norms = ErrorNorms(got: blob.values, want: want)
      if let reason = notFinite(blob.values) {
        return Verdict(
          status: .failed, reason: "blob '\(blob.blob)': \(reason)",
          check: CheckFacts(maxAbsError: .nan, errorBound: limit))
      }
      let check = CheckFacts(
        maxAbsError: norms.maxAbsError, nrmse: norms.nrmse, errorBound: limit)
      checks[blob.value] = checks[blob.value]?.worst(check) ?? check
      if worst.map({ norms.nrmse > $0.norms.nrmse }) ?? true { worst = (blob.blob, norms) }
    }
    guard let worst, let final = finalBlob(of: graph, among: blobs) else {
      return Verdict(status: .failed, reason: "no step writes a blob")
    }
    let norms = ErrorNorms(got: final.values, want: reference[final.value])
    let check = CheckFacts(
      maxAbsError: norms.maxAbsError, nrmse: norms.nrmse, errorBound: limit)
    guard worst.norms.nrmse <= limit else {
      return Verdict(
        status: .failed,
        reason: "blob '\(worst.blob)' has a relative RMS error of \(short(worst.norms.nrmse)), "
          + "above \(limit)",
        check: check)
    }
    if let reason = implausible(final.values, kind: .network) {
      return Verdict(status: .mistrusted, reason: "blob '\(final.blob)': \(reason)", check: check)
    }
    return Verdict(status: .ok, check: check, blobs: checks)
  }

  /// The blob that tells most of a net: what the last inner product writes, since softmax hides
  /// errors; without one the last blob.
  private static func finalBlob(of graph: Graph, among blobs: [BlobValues]) -> BlobValues? {
    let last = graph.nodes.last { $0.layer.spec.kind == .innerProduct }
    return last.flatMap { node in blobs.last { node.outputs.contains($0.value) } } ?? blobs.last
  }

  private static func notFinite(_ values: [Float]) -> String? {
    guard let first = values.firstIndex(where: { !$0.isFinite }) else { return nil }
    let count = values.count { !$0.isFinite }
    return "\(count) of \(values.count) outputs are not finite or were never written, "
      + "the first at \(first)"
  }

  private static func implausible(_ values: [Float], kind: LayerKind) -> String? {
    // Below this, a few zeros say nothing.
    guard values.count >= 16, kind != .dropout, kind != .reorder else { return nil }
    let zeros = values.count { $0 == 0 }
    guard Double(zeros) > zeroLimit * Double(values.count) else { return nil }
    return "\(zeros) of \(values.count) outputs are zero"
  }

  private static func position(of index: Int, in shape: Shape) -> String {
    var rest = index
    var place: [Int] = []
    for extent in shape.dimensions.reversed() {
      place.append(rest % max(extent, 1))
      rest /= max(extent, 1)
    }
    return place.reversed().map(String.init).joined(separator: ",")
  }

  private static func short(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return "\(value)" }
    // Three digits, without depending on a formatter.
    var scale = 1.0
    while value * scale < 100 { scale *= 10 }
    while value * scale >= 1000 { scale /= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}

extension CheckFacts {
  /// The larger errors of two checks of the same outputs.
  func worst(_ other: CheckFacts) -> CheckFacts {
    guard let mine = maxAbsError else { return other }
    guard let theirs = other.maxAbsError else { return self }
    return theirs > mine || theirs.isNaN ? other : self
  }
}
