import Foundation

/// A picture for a report.
package struct ReportPlot: Sendable {
  package var title: String
  /// Text of an SVG file.
  package var svg: String

  package init(title: String, svg: String) {
    self.title = title
    self.svg = svg
  }

  /// As an image of its own: scripts in it do not run, nothing is loaded, and names inside one
  /// picture do not meet those of another.
  var dataURI: String { "data:image/svg+xml;base64," + Data(svg.utf8).base64EncodedString() }
}
