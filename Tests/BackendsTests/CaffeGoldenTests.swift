import Backends
import Execution
import Foundation
import GoldenSupport
import KernelInterface
import Kernels
import Networks
import Tensors
import Testing

/// One way to run: a backend, an instruction set for our own kernels, a thread count.
struct GoldenConfiguration: Sendable, CustomTestStringConvertible {
  let backend: any Backend
  let instructionSet: InstructionSet
  let threadCount: Int

  var testDescription: String {
    "\(backend.name), \(instructionSet.rawValue), \(threadCount) threads"
  }

  /// Every backend × instruction set usable here (or those that `ALEXBENCH_ISA` names) × threads,
  /// as far as they differ.
  static let all: [GoldenConfiguration] = {
    let forced = ProcessInfo.processInfo.environment["ALEXBENCH_ISA"] ?? "all"
    let names = forced.split(separator: ",").map(String.init)
    let sets = InstructionSet.usable.filter {
      ["all", "auto"].contains(forced) || names.contains($0.rawValue)
    }
    precondition(!sets.isEmpty, "ALEXBENCH_ISA=\(forced) cannot run here")
    var configurations: [GoldenConfiguration] = []
    for backend in BackendCatalog.all() where backend.program == nil {
      var seen: Set<String> = []
      // A backend whose code does not depend on the set has the same `isa` with all of them.
      for set in sets where seen.insert(backend.isa(with: set.kernels)).inserted {
        for threadCount in backend.threading.isSingle ? [1] : [1, 2] {
          configurations.append(
            GoldenConfiguration(backend: backend, instructionSet: set, threadCount: threadCount))
        }
      }
    }
    return configurations
  }()

  /// Compiles and runs a graph once. Marks the test as skipped, with the reason, where the backend
  /// cannot run here, or refuses a layer that AlexNet doesn't have.
  func run(
    _ graph: Graph, input: GoldenArray, weights: any WeightSource, keepsAllBlobs: Bool = true
  ) throws -> CompiledNetwork {
    if let reason = backend.unavailability { try Test.cancel("\(reason)") }
    let options = CompileOptions(
      kernels: instructionSet.kernels, pool: ThreadPool(threadCount: threadCount),
      boundary: .nchw, keepsAllBlobs: keepsAllBlobs)
    let steps: [any Step]
    do {
      steps = try backend.compile(graph, weights: weights, options: options)
    } catch {
      guard case .unsupported(let layer, let reason) = error, !reason.isEmpty,
        !hasAlexNetLayers(graph)
      else { throw error }
      try Test.cancel("\(backend.name) refuses \(layer): \(reason)")
    }
    let compiled = CompiledNetwork(
      graph: graph, steps: steps, memory: keepsAllBlobs ? .keepAll : .liveness)
    compiled.setInput(graph.inputs[0], to: input.tensor)
    // Twice: a step that spoils its weights or its workspace would be right only once.
    compiled.run()
    compiled.run()
    return compiled
  }
}

extension Threading {
  fileprivate var isSingle: Bool {
    if case .single = self { true } else { false }
  }
}

/// Whether AlexNet or CaffeNet has these layers, but for the number of outputs, on blobs with as
/// many axes: what every backend must be able to run.
private func hasAlexNetLayers(_ graph: Graph) -> Bool {
  func withoutOutputs(_ spec: LayerSpec) -> LayerSpec {
    switch spec {
    case .convolution(var spec):
      spec.outputs = 0
      return .convolution(spec)
    case .innerProduct(var spec):
      spec.outputs = 0
      return .innerProduct(spec)
    default: return spec
    }
  }
  struct Kind: Hashable {
    var spec: LayerSpec
    var rank: Int
  }
  func kinds(_ graph: Graph) -> Set<Kind> {
    Set(
      graph.nodes.map {
        Kind(spec: withoutOutputs($0.layer.spec), rank: graph.inputShape(of: $0).rank)
      })
  }
  let known = ["alexnet", "caffenet"].compactMap { name in
    NetworkCatalog.network(named: name).flatMap { try? $0.graph(batch: 1) }
  }
  return kinds(graph).isSubset(of: known.map(kinds).reduce([]) { $0.union($1) })
}

/// The tolerance for blobs of a network with these steps.
private func tolerance(of compiled: CompiledNetwork) -> Double {
  let isFast = compiled.steps.contains { $0.info.errorAmplification != 1 }
  return isFast ? Golden.fastNetworkTolerance : Golden.networkTolerance
}

/// Serialized: the configurations compete for the same few cores and library thread counts.
@Suite("Backends against real Caffe", .serialized)
struct CaffeGoldenTests {
  @Test(
    "Every blob of the small networks", arguments: GoldenConfiguration.all, Golden.networks)
  func network(configuration: GoldenConfiguration, golden: GoldenNetwork) throws {
    let graph = try golden.graph()
    let compiled = try configuration.run(
      graph, input: golden.input(), weights: golden.weights())
    let blobs = Set(graph.values.map(\.blob)).subtracting(["data"])
    #expect(blobs.count == 14)
    for blob in blobs.sorted() {
      let want = try golden.blob(blob)
      // The last version: in-place layers overwrite the blob.
      let value = try #require(graph.value(ofBlob: blob))
      let operands = Set(compiled.steps.flatMap(\.info.outputs).filter { $0.value == value })
      #expect(!operands.isEmpty, "no step writes \(blob)")
      for operand in operands {
        let error = relativeError(compiled.values(of: operand), want.values)
        #expect(error <= tolerance(of: compiled), "\(blob) in \(operand.layout)")
      }
    }
  }

  @Test(
    "The form that is timed: fused where the backend can, memory shared",
    arguments: GoldenConfiguration.all, Golden.networks)
  func timedForm(configuration: GoldenConfiguration, golden: GoldenNetwork) throws {
    let graph = try golden.graph()
    let compiled = try configuration.run(
      graph, input: golden.input(), weights: golden.weights(), keepsAllBlobs: false)
    let output = Operand(value: graph.outputs[0], layout: .nchw)
    let want = try golden.blob("prob")
    #expect(relativeError(compiled.values(of: output), want.values) <= tolerance(of: compiled))
  }

  @Test("Every single layer", arguments: GoldenConfiguration.all, Golden.layers)
  func layer(configuration: GoldenConfiguration, golden: GoldenLayer) throws {
    let graph = try golden.graph()
    let compiled = try configuration.run(
      graph, input: golden.input(), weights: golden.weights())
    let got = compiled.values(of: Operand(value: graph.outputs[0], layout: .nchw))
    let want = try golden.output()
    let error = relativeError(got, want.values)
    switch graph.nodes[0].layer.spec {
    case .relu(let spec) where spec.negativeSlope == 0: #expect(error == 0, "must be exact")
    case .pooling(let spec) where spec.method == .max: #expect(error == 0, "must be exact")
    case .dropout: #expect(error == 0, "must be exact")
    default: #expect(error <= Golden.layerTolerance)
    }
  }
}
