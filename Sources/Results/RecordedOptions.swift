/// What a run was asked to measure, so that it can be continued without its command line.
public struct RecordedOptions: Hashable, Sendable, Codable {
  /// `run` or `calibrate`.
  public var command: String
  public var networks: [String] = []
  public var problem: String?
  public var layers: [String]?
  public var backends: [String]?
  public var isas: [String] = []
  public var batches: [Int] = []
  public var threads: [Int] = []
  public var passes: [Pass] = []
  public var caches: [CacheMode] = []
  public var measuresPhases = false
  /// Events that are counted, by source in the order asked for; absent for none.
  public var counters: [Counters]?
  public var allowsMultiplexing: Bool?
  public var tiles: [String: String] = [:]
  public var tile: String?
  /// The choices given with `--plan`, as the text of a `plan.csv`.
  public var plan: String?
  public var rounds = 0
  public var maximumRounds: Int?
  /// 0.01 = 1 %.
  public var precision: Double?
  public var slowBlocks = 0
  public var seed: UInt64 = 0
  /// Further CBLAS libraries, path by name.
  public var customBLAS: [String: String] = [:]
  /// The user's own programs as `NAME=COMMAND`, in their order; nil for none.
  public var programs: [String]?
  public var cpus: [Int] = []
  public var launches: Int?
  public var warmUpNanoseconds = 0
  public var budgetNanoseconds: Int?
  public var handicaps: [String] = []

  /// Events of one source of counters.
  public struct Counters: Hashable, Sendable, Codable {
    public var source: String
    public var events: [String]

    public init(source: String, events: [String]) {
      self.source = source
      self.events = events
    }
  }

  public init(command: String) { self.command = command }

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
