/// Percentages for people, one digit after the point.
enum Percent {
  static func text(_ percent: Double) -> String { NumberText.percent(percent) + " %" }

  static func signed(_ percent: Double) -> String { NumberText.difference(percent) + " %" }
}
