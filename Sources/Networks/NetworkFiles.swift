import Synchronization

/// Networks in files.
///
/// The code that measures networks does not know file formats. The program registers a reader once;
/// from then on a file name can stand wherever a name of the catalog can, in worker processes too.
public enum NetworkFiles {
  /// Reads the network in a file, or resolves one of the catalog with options that are not standard.
  public typealias Reader =
    @Sendable (_ name: String, _ options: DescriptionOptions) throws -> Network

  private static let reader = Mutex<Reader?>(nil)

  /// Sets how files are read, in this process from now on.
  public static func register(_ reader: @escaping Reader) {
    Self.reader.withLock { $0 = reader }
  }

  /// Whether a name is that of a file rather than of the catalog.
  public static func isFileName(_ name: String) -> Bool {
    guard NetworkCatalog.network(named: name) == nil else { return false }
    return name.contains("/") || name.contains(".")
  }

  /// The network that a reader makes; nil when none is registered.
  static func network(_ name: String, _ options: DescriptionOptions) throws -> Network? {
    try reader.withLock { $0 }?(name, options)
  }
}

extension NetworkCatalog {
  /// The network of that name in the catalog or in a file; nil when there is none.
  /// - Throws: what is wrong with the file.
  public static func resolve(
    _ name: String, options: DescriptionOptions = DescriptionOptions()
  ) throws -> Network? {
    if let network = network(named: name) {
      return options.areStandard ? network : try NetworkFiles.network(name, options)
    }
    return NetworkFiles.isFileName(name) ? try NetworkFiles.network(name, options) : nil
  }
}
