import Results

/// Footnotes on backends whose library chose lesser code, was steered, or does not tell.
struct LibraryNotes {
  private let warnings: [String]

  /// - Parameter warnings: of `environment.json`; one on a backend begins with its name and a colon.
  init(_ warnings: [String]) { self.warnings = warnings }

  /// What a reader of a backend's numbers must know, one sentence each.
  func texts(of backend: String) -> [String] { warnings.filter { $0.hasPrefix(backend + ": ") } }

  /// The name with marks of its footnotes.
  func marked(_ backend: String, _ notes: inout Footnotes) -> String {
    texts(of: backend).reduce(backend) { $0 + notes.mark($1) }
  }
}
