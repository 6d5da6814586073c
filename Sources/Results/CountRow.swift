import Foundation

/// Instructions of one call of a layer under callgrind, and what they hold for
/// (`results/baselines/counts.csv`).
public struct CountRow: Hashable, Sendable {
  public var network: String
  public var layer: String
  public var backend: String
  public var isa: String
  /// Empty unless one is fixed.
  public var tile: String
  public var implementation: String
  public var instructions: Int
  public var origin: Origin

  /// What must match for counts to be comparable.
  public struct Origin: Hashable, Sendable {
    public var architecture: String
    public var compiler: String
    public var libc: String
    public var valgrind: String

    public init(architecture: String, compiler: String, libc: String, valgrind: String) {
      self.architecture = architecture
      self.compiler = compiler
      self.libc = libc
      self.valgrind = valgrind
    }
  }

  /// What names a count.
  public struct Key: Hashable, Sendable {
    public var network, layer, backend, isa, tile: String
  }

  public var key: Key {
    Key(network: network, layer: layer, backend: backend, isa: isa, tile: tile)
  }

  public init(
    network: String, layer: String, backend: String, isa: String, tile: String,
    implementation: String, instructions: Int, origin: Origin
  ) {
    self.network = network
    self.layer = layer
    self.backend = backend
    self.isa = isa
    self.tile = tile
    self.implementation = implementation
    self.instructions = instructions
    self.origin = origin
  }
}

extension Schema where Row == CountRow {
  /// `counts.csv`: one row per layer, backend, instruction set and tile.
  public static let counts = Schema(
    fileName: "counts.csv",
    blank: CountRow(
      network: "", layer: "", backend: "", isa: "", tile: "", implementation: "", instructions: 0,
      origin: .init(architecture: "", compiler: "", libc: "", valgrind: "")),
    columns: [
      Column("network", \.network), Column("layer", \.layer), Column("backend", \.backend),
      Column("isa", \.isa), Column("tile", \.tile), Column("implementation", \.implementation),
      Column("instructions", \.instructions), Column("architecture", \.origin.architecture),
      Column("compiler", \.origin.compiler), Column("libc", \.origin.libc),
      Column("valgrind", \.origin.valgrind),
    ])
}
