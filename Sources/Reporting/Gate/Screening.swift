import Results
import Statistics

/// Who looks slower in one stage of a check, by the hierarchical family: nets and stages first, layers
/// only inside a stage that stands out.
struct Screening {
  /// A workload or stage that is slower than its margin allows.
  struct Suspect: Hashable {
    /// Index of the member.
    var member: Int
    /// Index of the layer in the stage; nil for a net, or for a stage of which no layer stands out.
    var part: Int?
  }

  private(set) var suspects: [Suspect] = []
  /// Layers of a stage are compared among themselves once it stands out.
  private(set) var isFlagged: [Bool]

  /// - Parameter times: of the first stage; exchange the sides to look for improvements.
  init(_ campaign: Campaign, policy: GatePolicy, _ times: (TimePairs) -> TimePairs = { $0 }) {
    let members = campaign.members
    let sums = members.map { times($0.times(attempt: 1)) }
    isFlagged = holm(
      zip(members, sums).map { member, sum in
        Self.screen(sum, parts: member.parts.map { times($0[1]) })
      }
    ).map { $0 <= policy.alpha }
    let beyond = holm(
      zip(members, sums).map { member, sum in sum.pValue(beyond: Self.limit(member, policy)) })
    for (index, member) in members.enumerated() {
      let threshold = campaign.threshold(member.setting, policy)
      let isBeyond = beyond[index] <= policy.alpha && sums[index].medianChange >= threshold
      guard member.level == .stage else {
        if isBeyond { suspects.append(Suspect(member: index)) }
        continue
      }
      guard isFlagged[index] else { continue }
      let parts = member.parts.map { times($0[1]) }
      let adjusted = holm(
        zip(member.parts, parts).map { $1.pValue(beyond: policy.limit($0.key)) })
      let slow = parts.indices.filter {
        adjusted[$0] <= policy.alpha && parts[$0].medianChange >= threshold
      }
      suspects += slow.map { Suspect(member: index, part: $0) }
      if slow.isEmpty, isBeyond { suspects.append(Suspect(member: index)) }
    }
  }

  /// Whether anything in a member is slower at all: its sum, or any of its parts, since the noise of
  /// a long layer would hide a short one's change in the sum. No margin here, as a part's change is
  /// smaller in the sum; the margin decides later.
  private static func screen(_ sum: TimePairs, parts: [TimePairs]) -> Double {
    guard parts.count > 1 else { return sum.pValue(beyond: 1) }
    let least = parts.map { $0.pValue(beyond: 1) }.min() ?? 1
    return min(1, 2 * min(sum.pValue(beyond: 1), Double(parts.count) * least))
  }

  /// A stage may lose as much as its most patient layer.
  static func limit(_ member: Campaign.Member, _ policy: GatePolicy) -> Double {
    member.parts.map { policy.limit($0.key) }.max() ?? 1
  }
}
