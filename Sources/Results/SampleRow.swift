/// One timed block (`samples.csv`).
package struct SampleRow: FileRow {
  package var key = WorkloadKey()
  package var launch = 0
  package var round = 0
  package var position = 0
  package var seed: UInt64 = 0
  package var block = BlockMeasurement()

  package init() {}

  package init(
    key: WorkloadKey, launch: Int, round: Int, position: Int, seed: UInt64, block: BlockMeasurement
  ) {
    self.key = key
    self.launch = launch
    self.round = round
    self.position = position
    self.seed = seed
    self.block = block
  }
}

/// What is read off one timed block. Totals over `iterations` calls.
package struct BlockMeasurement: Hashable, Sendable, Codable {
  package var iterations = 0
  package var startNanoseconds = 0
  package var wallNanoseconds = 0
  package var cpuUserNanoseconds = 0
  package var cpuSystemNanoseconds = 0
  package var faults = 0
  package var switches = 0
  package var migrations = 0
  /// Time that the hypervisor took from this machine's CPUs; nil where the system does not tell.
  package var stealNanoseconds: Int?
  package var clockGHz = 0.0
  package var isContaminated = false
  package var isSteady = true
  /// Threads of the process at the end of the block; nil where the system does not tell. In no
  /// file: the warm-up looks at it.
  package var threadCount: Int?
  /// Time of the untimed calls just before; in no file either.
  package var primeNanoseconds: Int?

  package init() {}

  package init(
    iterations: Int, startNanoseconds: Int, wallNanoseconds: Int, cpuUserNanoseconds: Int,
    cpuSystemNanoseconds: Int, faults: Int, switches: Int, migrations: Int,
    stealNanoseconds: Int?, clockGHz: Double, isContaminated: Bool, isSteady: Bool
  ) {
    self.iterations = iterations
    self.startNanoseconds = startNanoseconds
    self.wallNanoseconds = wallNanoseconds
    self.cpuUserNanoseconds = cpuUserNanoseconds
    self.cpuSystemNanoseconds = cpuSystemNanoseconds
    self.faults = faults
    self.switches = switches
    self.migrations = migrations
    self.stealNanoseconds = stealNanoseconds
    self.clockGHz = clockGHz
    self.isContaminated = isContaminated
    self.isSteady = isSteady
  }

  /// A worker may leave to its runner what the runner knows better: the clock rate, 0 then, and what
  /// the last two say.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    iterations = try number(.iterations)
    startNanoseconds = try number(.startNanoseconds)
    wallNanoseconds = try number(.wallNanoseconds)
    cpuUserNanoseconds = try number(.cpuUserNanoseconds)
    cpuSystemNanoseconds = try number(.cpuSystemNanoseconds)
    faults = try number(.faults)
    switches = try number(.switches)
    migrations = try number(.migrations)
    stealNanoseconds = try values.decodeIfPresent(Int.self, forKey: .stealNanoseconds)
    clockGHz = try values.decodeIfPresent(Double.self, forKey: .clockGHz) ?? 0
    isContaminated = try values.decodeIfPresent(Bool.self, forKey: .isContaminated) ?? false
    isSteady = try values.decodeIfPresent(Bool.self, forKey: .isSteady) ?? true
    threadCount = try values.decodeIfPresent(Int.self, forKey: .threadCount)
    primeNanoseconds = try values.decodeIfPresent(Int.self, forKey: .primeNanoseconds)
  }
}

extension Schema where Row == SampleRow {
  /// `samples.csv`: one row per timed block, in order.
  package static let samples = Schema(fileName: "samples.csv", key: \.key) {
    Column("launch", \.launch, "process launch from 0", isRequired: true)
    Column(
      "round", \.round, "round from 0; in each every workload has its turn", isRequired: true)
    Column("position", \.position, "place of the block in the round")
    Column("seed", \.seed, "seed of the run")
    Column("block_iterations", \.block.iterations, "calls in the block", isRequired: true)
    Column("t_start_ns", unit: "ns", \.block.startNanoseconds, "monotonic clock at the start")
    Column("wall_ns", unit: "ns", \.block.wallNanoseconds, "elapsed time", isRequired: true)
    Column(
      "cpu_user_ns", unit: "ns", \.block.cpuUserNanoseconds,
      "processor time of the process, own code")
    Column(
      "cpu_system_ns", unit: "ns", \.block.cpuSystemNanoseconds,
      "processor time of the process, kernel")
    Column("faults", \.block.faults, "page faults")
    Column("switches", \.block.switches, "involuntary context switches")
    Column("migrations", \.block.migrations, "1 when the calling thread changed its CPU")
    Column(
      "steal_ns", unit: "ns", \.block.stealNanoseconds,
      """
      time the hypervisor took from the machine's CPUs; empty where `/proc/stat` does not tell
      """)
    Column(
      "clock_ghz", unit: "GHz", \.block.clockGHz,
      "clock rate from a chain of dependent additions beside the block")
    Column(
      "contaminated", \.block.isContaminated,
      """
      1 when something foreign touched the block: stolen time, involuntary switches, a migration, \
      or other threads of the process that were still running 60 ms after they were waited for
      """)
    Column(
      "steady", \.block.isSteady,
      """
      1 when the workload had reached a steady state before: in 5 blocks in a row no page faults, \
      no threads that came or went, and a Theil–Sen slope of at most ±2 % over them
      """)
  }
}
