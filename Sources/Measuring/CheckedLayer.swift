import Execution
import Networks
import Results

/// A layer on one backend, prepared, warmed and checked as in a run, for a tool that takes the times
/// itself.
///
/// The data, the weights, the compiled step and its memory are those of a run with the same request,
/// and ``run()`` is what a block of the run repeats.
package final class CheckedLayer {
  private let host: LocalHost
  private let prepared: PreparedWorkload
  private let workload: LocalWorkload
  private let references = ReferenceCache()

  /// What runs, as in the rows of a run.
  package var facts: WorkloadFacts { prepared.facts }

  /// Compiles the layer, calls it once, and compares what it computes with the reference.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when the backend refuses the layer, hands
  ///   it on or has nothing to do, and when a result is wrong.
  package init(_ request: WorkloadRequest, on host: LocalHost) throws {
    guard request.layer != nil else {
      throw MeasuringError.usage("a whole net is no layer; name the layer that is to be prepared")
    }
    self.host = host
    prepared = try host.prepare(request)
    workload = try host.workload(prepared.handle)
    do {
      if let reason = Self.refusal(of: workload.compiled.steps, by: workload.backend) {
        throw MeasuringError.workload(status: .unsupported, reason: reason)
      }
      try check()
    } catch {
      try host.release(prepared.handle)
      throw error
    }
  }

  /// Compares with the reference what one more call computes, in the memory that is timed.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when it is wrong.
  package func check() throws {
    let images = ReferenceCache.checkedImages(batch: workload.request.batch)
    let verdict = Judge.judge(
      layer: try host.outputs(prepared.handle, images: images), of: workload.graph,
      against: try references.layer(workload.request, graph: workload.graph),
      amplification: prepared.errorAmplification, tile: prepared.errorTile)
    guard verdict.status != .ok else { return }
    throw MeasuringError.workload(status: verdict.status, reason: verdict.reason)
  }

  /// Times blocks as a run does until they stand still, or for as long as a run would.
  /// - Returns: whether they did.
  @discardableResult package func warmUp() throws -> Bool {
    let options = RunOptions()
    let iterations = Schedule.iterations(nanoseconds: prepared.facts.firstNanoseconds ?? 0)
    return try WarmUp.run(capNanoseconds: options.warmUpNanoseconds) {
      try host.time(
        prepared.handle, BlockRequest(iterations: iterations, isPrimed: false))
    }
  }

  /// Pins or frees the calling thread as for a block of a run; to be called on the thread that
  /// calls ``run()``.
  package func place() throws { try host.place(workload) }

  /// Computes the layer once.
  package func run() { workload.run() }

  /// The kernel id of the row-major code that backends share for layers which are not their point.
  private static let plainKernelID = "swift"

  /// Why steps are not a backend's own computation of a layer, or nil if they are.
  ///
  /// Stricter than a run, which counts the shared plain code as part of the backends that have it:
  /// three benchmarks of different names would measure the same loops. Plain loops are at home only
  /// in a backend of one thread by definition.
  static func refusal(of steps: [any Step], by backend: any Backend) -> String? {
    let working = steps.map(\.info).filter { !$0.nodes.isEmpty && !$0.isElided }
    if working.isEmpty { return "there is nothing to compute" }
    if let other = working.lazy.compactMap(\.delegatedTo).first {
      return "the layer is handed on to \(other)"
    }
    guard backend.threading != .single, working.contains(where: { $0.kernelID == plainKernelID })
    else { return nil }
    return "the layer is computed by the plain code that backends share"
  }
}
