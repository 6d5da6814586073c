/// The networks known by name.
public enum NetworkCatalog {
  public struct Entry: Sendable {
    public let name: String
    /// One line for `alexbench list networks`.
    public let summary: String
    public let make: @Sendable () -> Network
  }

  public static let entries: [Entry] = [
    Entry(name: "alexnet", summary: "BVLC AlexNet: conv, relu, norm, pool; 227×227") {
      makeAlexNet(name: "alexnet", order: .normThenPool, widths: .full)
    },
    Entry(name: "caffenet", summary: "BVLC reference CaffeNet: conv, relu, pool, norm; 227×227") {
      makeAlexNet(name: "caffenet", order: .poolThenNorm, widths: .full)
    },
    Entry(name: "alexnet-mini", summary: "AlexNet with 16 to 48 channels, for tests and counts") {
      makeAlexNet(name: "alexnet-mini", order: .normThenPool, widths: .miniAlexNet)
    },
    Entry(name: "caffenet-mini", summary: "CaffeNet with 16 to 48 channels, for tests and counts") {
      makeAlexNet(name: "caffenet-mini", order: .poolThenNorm, widths: .miniCaffeNet)
    },
  ]

  /// The network of that name, or nil.
  public static func network(named name: String) -> Network? {
    entries.first { $0.name == name }?.make()
  }
}
