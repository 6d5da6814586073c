/// What a run was asked to measure, so that it can be continued without its command line.
package struct RecordedOptions: Hashable, Sendable, Codable {
  /// `run` or `calibrate`.
  package var command: String
  package var networks: [String] = []
  package var problem: String?
  package var layers: [String]?
  package var backends: [String]?
  package var isas: [String] = []
  package var batches: [Int] = []
  package var threads: [Int] = []
  package var passes: [Pass] = []
  package var caches: [CacheMode] = []
  package var measuresPhases = false
  /// Events that are counted, by source in the order asked for; absent for none.
  package var counters: [Counters]?
  package var allowsMultiplexing: Bool?
  package var tiles: [String: String] = [:]
  package var tile: String?
  /// The choices given with `--plan`, as the text of a `plan.csv`.
  package var plan: String?
  package var rounds = 0
  package var maximumRounds: Int?
  /// 0.01 = 1 %.
  package var precision: Double?
  package var slowBlocks = 0
  package var seed: UInt64 = 0
  /// Further CBLAS libraries, path by name.
  package var customBLAS: [String: String] = [:]
  /// The user's own programs as `NAME=COMMAND`, in their order; nil for none.
  package var programs: [String]?
  package var cpus: [Int] = []
  package var launches: Int?
  package var warmUpNanoseconds = 0
  package var budgetNanoseconds: Int?
  package var handicaps: [String] = []

  /// Events of one source of counters.
  package struct Counters: Hashable, Sendable, Codable {
    package var source: String
    package var events: [String]

    package init(source: String, events: [String]) {
      self.source = source
      self.events = events
    }
  }

  package init(command: String) { self.command = command }

  enum CodingKeys: String, CodingKey {
    case command, networks, problem, layers, backends, isas, batches, threads, passes, caches
    case measuresPhases = "phases"
    case counters
    case allowsMultiplexing = "allow_multiplexing"
    case tiles, tile, plan, rounds
    case maximumRounds = "maximum_rounds"
    case precision
    case slowBlocks = "slow_blocks"
    case seed
    case customBLAS = "blas"
    case programs, cpus, launches
    case warmUpNanoseconds = "warm_up_ns"
    case budgetNanoseconds = "budget_ns"
    case handicaps
  }
}
