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
    Entry(name: "zfnet", summary: "Zeiler and Fergus 2013: AlexNet's successor; 224×224") {
      makeZFNet()
    },
    Entry(name: "googlenet", summary: "BVLC GoogLeNet: inception modules joined; 224×224") {
      makeGoogLeNet()
    },
    Entry(name: "lenet", summary: "BVLC LeNet for MNIST: two convolutions; 28×28") {
      makeLeNet()
    },
    Entry(name: "cifar10_quick", summary: "BVLC CIFAR-10 quick: three convolutions; 32×32") {
      CIFAR10.quick()
    },
    Entry(
      name: "cifar10_full", summary: "BVLC CIFAR-10 full: with LRN within each channel; 32×32"
    ) {
      CIFAR10.full()
    },
    Entry(name: "alexnet-mini", summary: "AlexNet with 16 to 48 channels, for tests and counts") {
      makeAlexNet(name: "alexnet-mini", order: .normThenPool, widths: .miniAlexNet)
    },
    Entry(name: "caffenet-mini", summary: "CaffeNet with 16 to 48 channels, for tests and counts") {
      makeAlexNet(name: "caffenet-mini", order: .poolThenNorm, widths: .miniCaffeNet)
    },
    Entry(name: "layers-mini", summary: "every kind of layer, branches and losses, for tests") {
      makeLayersMini()
    },
  ]

  /// The network of that name, or nil.
  public static func network(named name: String) -> Network? {
    entries.first { $0.name == name }?.make()
  }
}
