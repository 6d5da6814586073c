import Execution
import Kernels
import Networks
import Results

/// Finds the backend of each stage of nets by measuring in place: whole nets in which one stage is
/// computed otherwise, beside the best so far, so that what a change of layout costs and what caches
/// hold is part of what is compared.
package final class Tuner {
  private let matrix: RunMatrix
  let backends: [any Backend]
  let host: LocalHost
  let planned: any Backend
  private let progress: Progress
  private let isInterrupted: () -> Bool
  var options: RunOptions { matrix.options }
  let references = ReferenceCache()
  /// Of the rows.
  private let runID: String
  /// Of the search in one net; what comes after is not begun.
  let budgetNanoseconds: Int

  /// - Parameters:
  ///   - options: networks, batches, threads, and the backends to choose from; nil for all that
  ///     compute in this process and are not slow by definition.
  ///   - backends: all that there are.
  ///   - budgetNanoseconds: after so long no further change is tried in a net.
  /// - Throws: an option that makes no sense, or a backend that cannot be chosen.
  package init(
    options: RunOptions, backends: [any Backend], host: LocalHost, runID: String,
    budgetNanoseconds: Int, progress: Progress = Progress(),
    isInterrupted: @escaping () -> Bool = { Interruption.signalNumber != nil }
  ) throws {
    guard let planned = backends.first(where: \.needsPlan) else {
      throw MeasuringError.usage("there is no backend that executes plans")
    }
    guard options.directions == [.forward] else {
      throw MeasuringError.usage("a net is tuned for its forward pass; leave --direction out")
    }
    func canTakePart(_ backend: any Backend) -> Bool {
      backend.program == nil && backend.threading != .single && !backend.needsPlan
        && backend.precision == .single
    }
    let named = try options.backends.map { try RunMatrix.choose($0, from: backends) }
    if let other = named?.first(where: { !canTakePart($0) }) {
      throw MeasuringError.usage(
        "'\(other.name)' cannot be a part of a net: that takes float32 backends of this process which "
          + "use all threads, such as "
          + backends.filter(canTakePart).map(\.name).joined(separator: ", "))
    }
    self.backends = named ?? backends.filter { canTakePart($0) && $0.unavailability == nil }
    var options = options
    options.passes = [.net]
    matrix = try RunMatrix(options, backends: backends)
    self.planned = planned
    self.host = host
    self.runID = runID
    self.budgetNanoseconds = budgetNanoseconds
    self.progress = progress
    self.isInterrupted = isInterrupted
  }

  /// Tunes every network at every batch and number of threads.
  /// - Parameter each: gets what was found, as soon as it is.
  /// - Throws: also ``MeasuringError/workload(status:reason:)`` when a net is wrong.
  /// - Returns: false when it was interrupted; what was passed on is complete.
  package func run(_ each: (TunedNet) throws -> Void) throws -> Bool {
    progress.expect(Double(matrix.places.count))
    defer {
      progress.clear()
      host.close()
    }
    do {
      for place in matrix.places {
        for isa in options.isas {
          try each(try NetTuning(tuner: self, place: place, isa: isa).run())
        }
        progress.advance(1)
      }
    } catch is Interrupted {
      return false
    }
    return true
  }

  func proceed(_ place: WorkloadPlace, _ what: @autoclosure () -> String) throws {
    if isInterrupted() { throw Interrupted() }
    progress.show(
      "\(place.graph.networkName), batch \(place.batch), "
        + "\(place.threads) thread\(place.threads == 1 ? "" : "s"): \(what())")
  }

  func key(_ place: WorkloadPlace, backend: String, isa: String) -> WorkloadKey {
    var key = place.key(runID: runID, backend: backend, isa: isa)
    key.pass = .net
    return key
  }
}
