import Results

/// What an interrupted run has left: everything that is complete, to go on from.
package struct RunProgress: Sendable {
  private(set) var done: Set<LaunchedGroup> = []
  private(set) var partial: [LaunchedGroup: GroupProgress] = [:]
  private(set) var roofs: [(threads: Int, readings: [RoofReading])] = []
  package private(set) var samples: [SampleRow] = []
  private(set) var workloads: [WorkloadRow] = []
  /// Lines of the journal that are true.
  package private(set) var noteCount = 0
  private(set) var phases: [PhaseRow] = []
  private(set) var counters: [CounterRow] = []
  private(set) var plan: [PlanRow] = []
  /// What the user should know, one sentence each.
  package private(set) var notices: [String] = []

  /// A run that has nothing behind it.
  init() {}

  /// Reads a run's folder.
  /// - Throws: a file that is corrupt in another way than by a last line that was cut off.
  package init(folder path: String) throws(ResultsError) {
    let earlier = try RunFolder.earlierSamples(in: path)
    let lines = try RunFolder.journalLines(in: path) ?? []
    for (index, line) in lines.enumerated() {
      let entry = try JournalEntry(line: line, file: path + "/.journal", number: index + 1)
      // After a power cut the journal may know more than there is.
      guard entry.sampleCount <= earlier.rows.count else { break }
      take(entry)
      noteCount += 1
    }
    for place in done { partial[place] = nil }
    if earlier.isCut { notices.append("the last line of samples.csv was cut off and is removed") }
    for sample in earlier.rows where keeps(sample) {
      samples.append(sample)
      partial[LaunchedGroup(sample)]?.samples.append(sample)
    }
    if samples.count < earlier.rows.count {
      notices.append(
        "\(earlier.rows.count - samples.count) samples of a round that was not complete are removed"
      )
    }
    let groups = Set(done.map(\.group))
    workloads = try Schema.workloads.rowsIfPresent(inFolder: path)
      .filter { groups.contains(GroupID($0.key)) }
    phases = try Schema.phases.rowsIfPresent(inFolder: path)
      .filter { groups.contains(GroupID($0.key)) }
    // Derived ones are computed from all at the end.
    counters = try Schema.counters.rowsIfPresent(inFolder: path)
      .filter { groups.contains(GroupID($0.key)) && $0.source != CounterRow.derivedSource }
    plan = try Schema.plan.rowsIfPresent(inFolder: path)
    notices.append(
      "\(done.count) groups of layers or nets are complete"
        + (partial.isEmpty ? "" : ", \(partial.count) in part"))
  }

  /// Those known to be complete, in the order of time.
  private mutating func take(_ entry: JournalEntry) {
    if !entry.roofs.isEmpty { roofs.append((entry.place.group.threads, entry.roofs)) }
    switch entry.event {
    case .began(let schedule): partial[entry.place] = GroupProgress(schedule: schedule)
    case .round(let round): partial[entry.place]?.roundCount = round + 1
    case .block(let block, let contender):
      partial[entry.place]?.blockCounts[contender] = block + 1
    case .done: done.insert(entry.place)
    }
  }

  /// Whether a block belongs to something complete, so that it is not measured again.
  package func keeps(_ sample: SampleRow) -> Bool {
    let place = LaunchedGroup(sample)
    if done.contains(place) { return true }
    guard let group = partial[place] else { return false }
    // Contenders outside are placed behind all that take turns, and come after them.
    let schedule = group.schedule
    let position = sample.position / max(schedule.passCount, 1)
    if position < schedule.inside.count { return sample.round < group.roundCount }
    let rank = position - schedule.inside.count
    guard rank < schedule.outside.count else { return false }
    return sample.round < group.blockCounts[schedule.outside[rank]] ?? 0
  }
}

extension LaunchedGroup {
  init(_ sample: SampleRow) {
    self.init(launch: sample.launch, group: GroupID(sample.key))
  }
}
