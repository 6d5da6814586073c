import Foundation

/// A picture for a report.
public struct ReportPlot: Sendable {
  public var title: String
  /// Text of an SVG file.
  public var svg: String

  public init(title: String, svg: String) {
    self.title = title
    self.svg = svg
  }

  /// As an image of its own: scripts in it do not run, nothing is loaded, and names inside one
  /// picture do not meet those of another.
  var dataURI: String { "data:image/svg+xml;base64," + Data(svg.utf8).base64EncodedString() }
}
