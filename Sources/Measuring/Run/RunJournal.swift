import Foundation
import Networks
import Results

/// Names a group of a run.
struct GroupID: Hashable, Codable, Sendable {
  var network: String
  var batch: Int
  var threads: Int
  /// Nil for the net.
  var layer: String?
  /// Nil for forward.
  var direction: Direction?
  var cache: CacheMode

  init(_ place: WorkloadPlace) {
    network = place.graph.networkName
    batch = place.batch
    threads = place.threads
    layer = place.node == nil ? nil : place.layer
    direction = place.direction == .forward ? nil : place.direction
    cache = place.cache
  }

  /// Of the group that a row belongs to.
  init(_ key: WorkloadKey) {
    network = key.network
    batch = key.batch
    threads = key.threads
    layer = key.pass == .isolated ? key.layer : nil
    direction = key.pass == .isolated && key.direction != .forward ? key.direction : nil
    cache = key.cache
  }
}

/// A group in one of the launches.
struct LaunchedGroup: Hashable, Codable, Sendable {
  var launch: Int
  var group: GroupID
}

/// A line of a run's journal: something that is complete, its samples being in `samples.csv`.
package struct JournalEntry: Codable, Sendable {
  var place: LaunchedGroup
  var event: Event
  /// Rows in `samples.csv` when it was written.
  var sampleCount: Int
  /// Probed with it.
  var roofs: [RoofReading] = []

  enum Event: Codable, Sendable, Equatable {
    /// The order is made.
    case began(ScheduleRecord)
    /// A round of those who take turns.
    case round(Int)
    /// A block of a contender outside of the rounds.
    case block(Int, contender: Int)
    /// All of the group, checks and rows included.
    case done
  }

  func line() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  init(_ place: LaunchedGroup, _ event: Event, sampleCount: Int, roofs: [RoofReading] = []) {
    self.place = place
    self.event = event
    self.sampleCount = sampleCount
    self.roofs = roofs
  }

  package init(line: String, file: String, number: Int) throws(ResultsError) {
    do { self = try JSONDecoder().decode(Self.self, from: Data(line.utf8)) } catch {
      throw .corrupt(file: file, line: number, column: "", reason: "is no note of this program")
    }
  }
}

/// Who takes turns, for a journal; contenders by their index in the group.
struct ScheduleRecord: Codable, Hashable, Sendable {
  var inside: [Int]
  var outside: [Int]
  /// Calls per block of each that is inside.
  var iterations: [Int]
  /// Blocks in a turn.
  var passCount: Int
}

/// Where the results of a group go as they come: into the run's folder and its journal.
struct GroupLog {
  var folder: RunFolder?
  var place: LaunchedGroup
  /// What an earlier process has left of this group.
  var earlier: GroupProgress?
  var ledger: TimeLedger
  /// Gets the choices of tiles as soon as they are made.
  var writePlan: ([PlanRow]) throws -> Void

  func note(
    _ event: JournalEntry.Event, samples: [SampleRow] = [], roofs: [RoofReading] = []
  ) throws {
    try append(samples)
    try ledger.measure(.writing) {
      // After the samples: a note without them would claim too much.
      guard let folder else { return }
      let entry = JournalEntry(place, event, sampleCount: folder.sampleCount, roofs: roofs)
      try folder.note(try entry.line())
    }
  }

  /// Samples of a round that is not complete.
  func append(_ samples: [SampleRow]) throws {
    try ledger.measure(.writing) { try folder?.append(samples) }
  }
}

/// What is complete of a group that is not.
struct GroupProgress: Sendable {
  var schedule: ScheduleRecord
  var roundCount = 0
  /// Blocks of contenders outside of the rounds.
  var blockCounts: [Int: Int] = [:]
  var samples: [SampleRow] = []
}
