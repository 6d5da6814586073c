import Results

/// What a run spent its time on, as a line for people.
enum TimeSpent {
  private static let total = "in all"

  /// The largest share first: `71 % timed blocks, 12 % preparing; 148 s in all`; nil for a run that does
  /// not say.
  static func text(_ environment: Environment) -> String? {
    guard let spent = environment.spentNanoseconds, let all = spent[total], all > 0 else {
      return nil
    }
    let shares = spent.filter { $0.key != total }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let texts = shares.map {
      (percent: Int(nearestTo: 100 * Double($0.value) / Double(all)), $0.key)
    }
    .filter { $0.percent > 0 }.map { "\($0.percent) % \($0.1)" }
    return texts.joined(separator: ", ")
      + "; \(NumberText.rate(Double(all) / 1e9)) s in all"
  }

  /// The host as a card, and the time.
  static func card(_ environment: Environment) -> [(String, String)] {
    HostCard.lines(
      host: environment.host, build: environment.build, libraries: environment.libraries)
      + (text(environment).map { [("time", $0)] } ?? [])
  }
}
