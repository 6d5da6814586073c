import Backends
import Benchmark
import Execution
import Foundation
import Measuring
import Networks

/// Where the tool's generated entry point finds the suite.
let benchmarks: @Sendable () -> Void = {
  do {
    try Suite(settings: Settings(ProcessInfo.processInfo.environment)).register()
  } catch {
    FileHandle.standardError.write(Data("Benchmarks: \(error)\n".utf8))
    exit(64)
  }
}

/// Every layer on every backend that computes it itself, each a benchmark.
///
/// The tool starts a process to list the benchmarks and one more for each that it runs. All register
/// everything; only what is run is prepared, in its setup.
struct Suite {
  let settings: Settings

  func register() throws {
    let backends = try settings.chosen(from: BackendCatalog.all())
    for name in settings.networks {
      guard let network = NetworkCatalog.network(named: name) else { continue }
      let graph = try network.graph(batch: settings.batch)
      let own = try OwnLayer.all(
        of: backends, in: graph, threads: settings.threads, kernels: settings.kernels)
      for layer in own { register(layer, network: name) }
    }
  }

  private func register(_ own: OwnLayer, network: String) {
    let slot = Slot()
    Benchmark(
      settings.name(network: network, layer: own.layer, backend: own.backend.name),
      configuration: configuration(own)
    ) { benchmark in
      guard let layer = slot.layer else {
        benchmark.error("nothing was prepared")
        return
      }
      layer.place()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { layer.run() }
      benchmark.stopMeasurement()
    } setup: {
      let layer = try CheckedLayer(own)
      layer.warmUp()
      slot.layer = layer
    } teardown: {
      try slot.layer?.check()
      slot.layer = nil
    }
  }

  private func configuration(_ own: OwnLayer) -> Benchmark.Configuration {
    Benchmark.Configuration(
      // No CPU time: on Linux the tool reads it in units of 10 ms, longer than most samples. No
      // throughput: it is the same once more, with thresholds of its own to trip over.
      metrics: [.wallClock],
      warmupIterations: 3,
      scalingFactor: Self.isShort(own) ? .kilo : .one,
      maxDuration: .seconds(2),
      maxIterations: 1_000_000,
      thresholds: [.wallClock: BenchmarkThresholds(relative: [.p50: 10, .p90: 20])])
  }

  /// Whether a call is so short that a sample takes a thousand. Told by the layer's size rather than by
  /// its time, so that all runs decide alike and baselines can be compared.
  private static func isShort(_ own: OwnLayer) -> Bool {
    let isPlain = own.backend.threading == .single
    let seconds = max(
      Double(own.cost.flops) / (isPlain ? 1e9 : 5e10),
      Double(own.cost.bytes) / (isPlain ? 2e9 : 2e10))
    return seconds < 20e-6
  }
}

/// The layer that is being measured, between its setup and its teardown.
private final class Slot: @unchecked Sendable {
  var layer: CheckedLayer?
}
