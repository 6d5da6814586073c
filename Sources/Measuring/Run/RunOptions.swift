import Foundation
import Kernels
import Networks
import Results

/// What a run measures, and how long. Recorded as it is in `environment.json`.
package struct RunOptions: Sendable, Codable {
  /// The command that measures: `run`, `calibrate` or `check`.
  package var command = "run"
  /// Names in the catalog, or of files; ignored when ``problem`` is there.
  package var networks = ["alexnet"]
  /// What the descriptions of ``networks`` leave open.
  package var description = DescriptionOptions()
  package var problem: Problem?
  /// Layers to measure alone; nil for all.
  package var layers: [String]?
  /// Backends by name; nil for all that there are.
  package var backends: [String]?
  /// Instruction sets of our own kernels, the best one first or those asked for.
  package var isas = [InstructionSet.best]
  package var batches = [1]
  package var threads = [1]
  package var passes = Pass.allCases
  /// Of the layers that are measured alone.
  package var directions = [Direction.forward]
  /// Whether the gradients of the networks' inputs are among them.
  package var allGradients = false
  /// What is in the caches when a layer is measured alone; nets are as they are.
  package var caches: [CacheMode] = [.warm]
  /// Whether phases are timed too, in calls of their own.
  package var measuresPhases = false
  /// Events that are counted too, in calls of their own; nil for none.
  package var counters: [CounterRequest]?
  /// Whether values that were counted part of the time are extrapolated.
  package var allowsMultiplexing = false
  /// Tiles by layer that are not to be chosen.
  package var tiles: [String: String] = [:]
  /// The tile of every layer that ``tiles`` does not name.
  package var tile: String?
  /// Choices of an earlier run, by what they were made for.
  @RecordedAsCSV package var plan: [PlanRow] = []
  /// Least number of rounds; whole Williams squares are run.
  package var rounds = 20
  /// Rounds at most, where a precision or a budget decides; nil to run ``rounds``.
  package var maximumRounds: Int?
  /// Rounds end when every entrant's 95 % interval is at most this far from its median, relative to
  /// it.
  package var precision: Double?
  /// Blocks of a backend that is too slow for the square.
  package var slowBlocks = 3
  package var seed: UInt64 = 1
  /// CBLAS libraries that the user adds as backends `im2col-NAME`, path by name.
  package var customBLAS: [String: String] = [:]
  /// The user's own programs, for the commands of rows.
  package var programs: [CustomProgram] = []
  /// CPUs in order of preference; empty for the affinity mask.
  package var cpus: [Int] = []
  /// Fresh worker processes; nil to measure in this process.
  package var launches: Int?
  /// Longest warm-up of a workload.
  package var warmUpNanoseconds = 2_000_000_000
  /// Time after which the rest is measured in a hurry; nil for any. With ``maximumRounds`` it is
  /// divided among the groups, which fill their shares.
  package var budgetNanoseconds: Int?

  /// What is slowed down on purpose.
  package var slowDowns: [SlowDown] = []
  /// Only check, time nothing.
  package var isCheckOnly = false

  private enum CodingKeys: String, CodingKey {
    case command, networks, description, problem, layers, backends, isas, batches, threads, passes,
      directions, caches
    case allGradients = "all_gradients"
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
    case slowDowns = "handicaps"
  }

  package init() {}

  /// - Parameters:
  ///   - record: what ``recorded()`` gave, in this version or an earlier one: what is not in it has
  ///     its default value.
  ///   - file: that it was read from, for errors.
  /// - Throws: a value that this program does not know.
  package init(_ record: [String: JSONValue], file: String) throws {
    let all = RunOptions().recorded().merging(record) { $1 }
    do {
      self = try JSONDecoder().decode(Self.self, from: JSONEncoder().encode(all))
    } catch {
      let (option, reason) = Self.flaw(error)
      throw ResultsError.corrupt(
        file: file, line: 0, column: (["options"] + option).joined(separator: "."), reason: reason)
    }
  }

  /// Where in a record something is wrong, and what.
  private static func flaw(_ error: any Error) -> (option: [String], reason: String) {
    switch error as? DecodingError {
    case .keyNotFound(_, let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context), .dataCorrupted(let context):
      let option = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
      return (option, context.debugDescription)
    default: return ([], "\(error)")
    }
  }

  /// The options as a run's files keep them.
  package func recorded() -> [String: JSONValue] {
    do {
      return try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(self))
    } catch { preconditionFailure("options are JSON: \(error)") }
  }

  /// The time that the run is to fill; nil where it takes what it needs.
  var filledNanoseconds: Int? { maximumRounds == nil ? nil : budgetNanoseconds }

  /// A run of two and a half minutes at most: as many rounds as verdicts take, short warm-ups.
  package mutating func makeQuick() {
    rounds = 6
    maximumRounds = 72
    warmUpNanoseconds = 50_000_000
    budgetNanoseconds = 150_000_000_000
  }

  /// So many rounds, whatever time there is: when that is used up, the rest is measured in a hurry.
  package mutating func fix(rounds count: Int) {
    rounds = count
    maximumRounds = nil
  }

  /// Rounds until a precision is reached or the budget is used up, as many as make an interval at
  /// least.
  package mutating func makeOpenEnded() {
    rounds = 6
    maximumRounds = 500
  }

  /// - Throws: an unknown name, or a count that makes no sense.
  package func validate(backends known: [String]) throws(MeasuringError) {
    if problem == nil {
      try NameSuggestion.resolve(
        networks.filter { !NetworkFiles.isFileName($0) }, what: "network",
        known: NetworkCatalog.entries.map(\.name))
    }
    if let backends {
      try NameSuggestion.resolve(
        backends.map(RepeatedBackend.baseName), what: "backend", known: known)
    }
    for batch in batches { try CountRange.images.check(batch) }
    for count in threads { try CountRange.threads.check(count) }
    try CountRange.rounds.check(rounds)
    if let maximumRounds {
      try CountRange.rounds.check(maximumRounds)
      guard maximumRounds >= rounds else {
        throw .usage("with --precision or --budget there are at most \(maximumRounds) rounds")
      }
    }
    if let launches { try CountRange.launches.check(launches) }
    // Only a file that somebody changed has other values.
    guard CountRange.rounds.includes(slowBlocks),
      [warmUpNanoseconds, budgetNanoseconds ?? 0].allSatisfy(
        DurationOption.isPossible(nanoseconds:))
    else { throw .usage("the recorded options have a count or a time beyond all sense") }
    for isa in isas where !isa.isUsable {
      throw .unavailable(
        "instruction set '\(isa.rawValue)' cannot be executed by this processor; it has "
          + InstructionSet.usable.map(\.rawValue).joined(separator: ", "))
    }
    guard !networks.isEmpty, !batches.isEmpty, !threads.isEmpty, !passes.isEmpty, !isas.isEmpty,
      !caches.isEmpty, backends?.isEmpty != true
    else { throw .usage("a list of networks, backends, batches, threads or passes is empty") }
    _ = try Placement(cpus: cpus)
    if let refusal = ResourceLimits().refusal(moreThreads: (threads.max() ?? 1) - 1) {
      throw .unavailable(refusal)
    }
    try NameSuggestion.resolve(
      slowDowns.compactMap(\.backend), what: "backend", known: backends ?? known)
  }
}

/// Choices that are recorded as the text of a `plan.csv`.
@propertyWrapper package struct RecordedAsCSV: Codable, Sendable {
  package var wrappedValue: [PlanRow]

  package init(wrappedValue: [PlanRow]) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    wrappedValue = text.isEmpty ? [] : try Schema.plan.rows(in: text, file: "options.plan")
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue.isEmpty ? "" : Schema.plan.text(wrappedValue))
  }
}

extension Problem: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension CustomProgram: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let program = CustomProgram(text) else {
      throw MeasuringError.usage("'\(text)' is not of the form NAME=COMMAND")
    }
    self = program
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
