import Kernels
import Results

/// Options as a run's files keep them.
extension RunOptions {
  /// - Parameter command: that measures them.
  package func recorded(command: String) -> RecordedOptions {
    var record = RecordedOptions(command: command)
    record.networks = networks
    record.problem = problem?.description
    record.layers = layers
    record.backends = backends
    record.isas = isas.map(\.rawValue)
    record.batches = batches
    record.threads = threads
    record.passes = passes
    record.caches = caches
    record.measuresPhases = measuresPhases
    record.counters = counters?.requests.map { .init(source: $0.source, events: $0.events) }
    record.allowsMultiplexing = counters?.allowsMultiplexing
    record.tiles = tiles
    record.tile = tile
    record.plan = plan.isEmpty ? nil : Schema.plan.text(plan)
    record.rounds = rounds
    record.maximumRounds = maximumRounds
    record.precision = precision
    record.slowBlocks = slowBlocks
    record.seed = seed
    record.customBLAS = Dictionary(customBLAS.map { ($0.name, $0.path) }) { $1 }
    record.programs = programs.isEmpty ? nil : programs.map(\.text)
    record.cpus = cpus
    record.launches = launches
    record.warmUpNanoseconds = warmUpNanoseconds
    record.budgetNanoseconds = budgetNanoseconds
    record.handicaps = handicaps.map(\.description)
    return record
  }

  /// - Parameter file: that they were read from, for errors.
  /// - Throws: a value that this program does not know.
  package init(_ record: RecordedOptions, file: String) throws {
    self.init()
    networks = record.networks
    problem = try record.problem.map { text throws in try Problem(text) }
    layers = record.layers
    backends = record.backends
    isas = try record.isas.map { name throws in
      guard let isa = InstructionSet(rawValue: name) else {
        throw ResultsError.corrupt(
          file: file, line: 0, column: "options.isas", reason: "'\(name)' is no instruction set")
      }
      return isa
    }
    batches = record.batches
    threads = record.threads
    passes = record.passes
    caches = record.caches
    measuresPhases = record.measuresPhases
    counters = record.counters.map { requests in
      CounterOptions(
        requests: requests.map { CounterRequest(source: $0.source, events: $0.events) })
    }
    counters?.allowsMultiplexing = record.allowsMultiplexing ?? false
    tiles = record.tiles
    tile = record.tile
    plan = try record.plan.map { text throws in try Schema.plan.rows(in: text, file: file) } ?? []
    rounds = record.rounds
    maximumRounds = record.maximumRounds
    precision = record.precision
    slowBlocks = record.slowBlocks
    seed = record.seed
    customBLAS = record.customBLAS.sorted { $0.key < $1.key }.map {
      CustomBLAS(name: $0.key, path: $0.value)
    }
    programs = try (record.programs ?? []).map { text throws in
      guard let program = CustomProgram(text) else {
        throw ResultsError.corrupt(
          file: file, line: 0, column: "options.programs",
          reason: "'\(text)' is not of the form NAME=COMMAND")
      }
      return program
    }
    cpus = record.cpus
    launches = record.launches
    warmUpNanoseconds = record.warmUpNanoseconds
    budgetNanoseconds = record.budgetNanoseconds
    handicaps = try record.handicaps.map { text throws in try Handicap(text) }
  }
}
