import Execution

/// All backends, in the order in which tables show them.
public enum BackendCatalog {
  /// - Parameter customBLAS: further CBLAS libraries, each a backend `im2col-NAME`; one with the
  ///   name of a built-in backend takes its place.
  public static func all(customBLAS: [(name: String, path: String)] = []) -> [any Backend] {
    var backends: [any Backend] = [
      NaiveBackend(),
      Im2colBackend(.openBLAS),
      Im2colBackend(.blis),
      OneDNNBackend(),
      Im2colSwiftBackend(),
      WinogradBackend(),
      SIMDBackend(),
      HalfWeightsBackend(),
    ]
    let peers = PeerEnvironment().backends
    var custom: [any Backend] = []
    for (name, path) in customBLAS {
      let backend = Im2colBackend(.custom(name: name, path: path))
      if let index = backends.firstIndex(where: { $0.name == backend.name }) {
        backends[index] = backend
      } else {
        custom.append(backend)
      }
    }
    return backends + [AutoBackend(of: backends + custom)] + peers + custom
  }

  /// The backend of that name, or nil.
  public static func backend(
    named name: String, customBLAS: [(name: String, path: String)] = []
  ) -> (any Backend)? {
    all(customBLAS: customBLAS).first { $0.name == name }
  }
}
