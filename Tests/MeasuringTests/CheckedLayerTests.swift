import Backends
import Execution
import Kernels
import Measuring
import Networks
import Results
import Testing

@Suite struct CheckedLayerTests {
  private func prepare(
    _ layer: String?, _ backend: any Backend, _ host: LocalHost = LocalHost { _ in [] }
  ) throws -> CheckedLayer {
    try CheckedLayer(makeRequest(layer, network: "caffenet-mini", on: backend), on: host)
  }

  /// What preparing the layer fails with.
  private func failure(_ layer: String?, _ backend: any Backend) -> MeasuringError? {
    do {
      _ = try prepare(layer, backend)
      return nil
    } catch {
      return error as? MeasuringError
    }
  }

  @Test("Every layer that is a backend's own is right, and stays so while it is called")
  func ownLayersAreRight() throws {
    let backends = BackendCatalog.all()
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    let own = try OwnLayer.all(
      of: backends, in: network.graph(batch: 1), threads: 1, kernels: .baseline)
    #expect(own.count > 30)
    let host = LocalHost { _ in [] }
    defer { host.close() }
    for layer in own {
      // A tool that takes the times itself has no host of its own.
      let checked =
        layer.layer == "conv3"
        ? try CheckedLayer(layer) : try prepare(layer.layer, layer.backend, host)
      checked.place()
      for _ in 0..<3 { checked.run() }
      try checked.check()
      #expect(checked.facts.delegatedTo.isEmpty)
      #expect(checked.implementation.hasPrefix(checked.facts.precision.rawValue + "-"))
    }
  }

  @Test("A layer is a backend's own only where it computes it itself")
  func onlyOwnLayers() throws {
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    let graph = try network.graph(batch: 1)
    let backends: [any Backend] = [
      NaiveBackend(), Im2colSwiftBackend(), WinogradBackend(), SIMDBackend(),
      WrappedBackend(
        name: "absent", unavailability: Unavailability(reason: "not here", hint: "")),
      WrappedBackend(name: "refusing", flaw: .refuses),
    ]
    let own = try OwnLayer.all(of: backends, in: graph, threads: 1, kernels: .baseline)
    func layers(_ backend: String) -> [String] {
      own.filter { $0.backend.name == backend }.map(\.layer)
    }
    let working = graph.nodes.map(\.layer).filter { $0.spec.kind != .dropout }.map(\.name)
    #expect(layers("naive") == working)
    #expect(layers("simd") == working)
    #expect(layers("im2col-swift") == ["conv1", "conv2", "conv3", "conv4", "conv5"])
    // The groups of the others are narrower than its blocks.
    #expect(layers("winograd") == ["conv1", "conv3"])
    #expect(layers("absent").isEmpty)
    #expect(layers("refusing").isEmpty)
    #expect(own.allSatisfy { $0.cost.bytes > 0 })
  }

  @Test("A backend of one thread has no layers of its own at two threads or images")
  func singleThreaded() throws {
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    for (batch, threads) in [(1, 2), (2, 1)] {
      let own = try OwnLayer.all(
        of: [NaiveBackend(), SIMDBackend()], in: network.graph(batch: batch), threads: threads,
        kernels: .baseline)
      #expect(Set(own.map(\.backend.name)) == ["simd"])
    }
  }

  @Test("A layer that is handed on is refused, with the name of who would compute it")
  func delegated() throws {
    let error = try #require(failure("fc6", WinogradBackend()))
    #expect(
      error == .workload(status: .unsupported, reason: "the layer is handed on to simd"))
  }

  @Test("A layer computed by code that several backends share is refused")
  func plain() throws {
    let error = try #require(failure("relu1", Im2colSwiftBackend()))
    #expect(
      error
        == .workload(
          status: .unsupported,
          reason: "the layer is computed by the plain code that backends share"))
  }

  @Test("A layer with nothing to compute is refused")
  func elided() throws {
    let error = try #require(failure("drop6", NaiveBackend()))
    #expect(error == .workload(status: .unsupported, reason: "there is nothing to compute"))
  }

  @Test("A wrong result is refused, at once and later")
  func wrong() throws {
    let broken = WrappedBackend(name: "broken", flaw: .dropsLastTile, threading: .single)
    guard case .workload(.failed, _) = failure("conv1", broken) else {
      Issue.record("a tile that is never written was not noticed")
      return
    }
    // The first two calls are those that time it first and check it.
    let late = WrappedBackend(name: "late", flaw: .failsLater(call: 4), threading: .single)
    let layer = try prepare("conv1", late)
    layer.run()
    #expect(throws: MeasuringError.self) { try layer.check() }
  }

  @Test("A whole net is refused")
  func net() throws {
    let error = try #require(failure(nil, NaiveBackend()))
    #expect(
      error == .usage("a whole net is no layer; name the layer that is to be prepared"))
  }
}
