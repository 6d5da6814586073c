/// Instructions of one call of a layer under callgrind, and what they hold for
/// (`results/baselines/counts.csv`).
package struct CountRow: FileRow {
  package var network = ""
  package var layer = ""
  package var backend = ""
  package var isa = ""
  /// Empty unless one is fixed.
  package var tile = ""
  package var implementation = ""
  package var instructions = 0
  package var origin = Origin(architecture: "", compiler: "", libc: "", valgrind: "")

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

  package init() {}

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
  package static let counts = Schema(fileName: "counts.csv") {
    Column("network", \.network, "what is counted: the network", isRequired: true)
    Column(
      "layer", \.layer, "the layer; the name of a lone convolution is its problem",
      isRequired: true)
    Column("backend", \.backend, "the backend", isRequired: true)
    Column("isa", \.isa, "its instruction set", isRequired: true)
    Column("tile", \.tile, "the tile, where one was fixed")
    Column("implementation", \.implementation, "what ran")
    Column(
      "instructions", \.instructions,
      "of one call on one thread; calls before are not in it", isRequired: true)
    Column(
      "architecture", \.origin.architecture,
      "what the counts hold for; with another one of these four nothing is compared")
    Column("compiler", \.origin.compiler, "likewise")
    Column("libc", \.origin.libc, "likewise")
    Column("valgrind", \.origin.valgrind, "likewise")
  }
}
