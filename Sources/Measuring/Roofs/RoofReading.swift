import Results

/// Which roofs are asked for.
public struct RoofRequest: Codable, Hashable, Sendable {
  public var threads: Int
  /// CPUs in order of preference; empty for the affinity mask.
  public var cpus: [Int]

  public init(threads: Int, cpus: [Int] = []) {
    self.threads = threads
    self.cpus = cpus
  }
}

/// One probe of one roof.
public struct RoofReading: Codable, Hashable, Sendable {
  public var level: RoofLevel
  /// Instruction set of the kernel that probed.
  public var isa: String
  /// GFLOP/s or GB/s of all threads together.
  public var value: Double
  /// Bytes that all threads together read; nil for arithmetic.
  public var workingSetBytes: Int?
  /// What the caches of this level that the threads reach hold together; nil for arithmetic and
  /// memory.
  public var capacityBytes: Int?

  public init(
    level: RoofLevel, isa: String, value: Double, workingSetBytes: Int? = nil,
    capacityBytes: Int? = nil
  ) {
    self.level = level
    self.isa = isa
    self.value = value
    self.workingSetBytes = workingSetBytes
    self.capacityBytes = capacityBytes
  }
}
