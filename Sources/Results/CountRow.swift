import Foundation

/// Instructions of one call of a layer under callgrind, and what they hold for
/// (`results/baselines/counts.csv`).
package struct CountRow: Hashable, Sendable {
  package var network: String
  package var layer: String
  package var backend: String
  package var isa: String
  /// Empty unless one is fixed.
  package var tile: String
  package var implementation: String
  package var instructions: Int
  package var origin: Origin

  /// What must match for counts to be comparable.
  package struct Origin: Hashable, Sendable {
    package var architecture: String
    package var compiler: String
    package var libc: String
    package var valgrind: String

    package init(architecture: String, compiler: String, libc: String, valgrind: String) {
      self.architecture = architecture
      self.compiler = compiler
      self.libc = libc
      self.valgrind = valgrind
    }
  }

  /// What names a count.
  package struct Key: Hashable, Sendable {
    package var network, layer, backend, isa, tile: String
  }

  package var key: Key {
    Key(network: network, layer: layer, backend: backend, isa: isa, tile: tile)
  }

  package init(
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
  package static let counts = Schema(
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
