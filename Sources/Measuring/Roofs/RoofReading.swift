import Results

/// Which roofs are asked for.
package struct RoofRequest: Codable, Hashable, Sendable {
  package var threads: Int
  /// CPUs in order of preference; empty for the affinity mask.
  package var cpus: [Int]

  package init(threads: Int, cpus: [Int] = []) {
    self.threads = threads
    self.cpus = cpus
  }
}

/// One probe of one roof.
package struct RoofReading: Codable, Hashable, Sendable {
  package var level: RoofLevel
  /// Instruction set of the kernel that probed.
  package var isa: String
  /// GFLOP/s or GB/s of all threads together.
  package var value: Double
  /// Bytes that all threads together read; nil for arithmetic.
  package var workingSetBytes: Int?
  /// What the caches of this level that the threads reach hold together; nil for arithmetic and
  /// memory.
  package var capacityBytes: Int?
  /// How the kernel read, in words; nil for arithmetic, and from workers that do not say.
  package var loop: String?

  package init(
    level: RoofLevel, isa: String, value: Double, workingSetBytes: Int? = nil,
    capacityBytes: Int? = nil, loop: String? = nil
  ) {
    self.level = level
    self.isa = isa
    self.value = value
    self.workingSetBytes = workingSetBytes
    self.capacityBytes = capacityBytes
    self.loop = loop
  }
}
