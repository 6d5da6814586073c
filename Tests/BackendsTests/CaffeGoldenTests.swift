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

  /// Compiles and runs a graph. Marks the test as skipped, with the reason, where the backend cannot
  /// run here.
  func run(
    _ graph: Graph, inputs: [GoldenArray], weights: any WeightSource, keepsAllBlobs: Bool = true
  ) throws -> CompiledNetwork {
    if let reason = backend.unavailability { try Test.cancel("\(reason)") }
    let options = try CompileOptions(
      kernels: instructionSet.kernels, pool: ThreadPool(threadCount: threadCount),
      boundary: .nchw, keepsAllBlobs: keepsAllBlobs)
    let steps = try backend.compile(graph, weights: weights, options: options)
    let compiled = CompiledNetwork(
      graph: graph, steps: steps, memory: keepsAllBlobs ? .keepAll : .liveness)
    for (value, input) in zip(graph.inputs, inputs) { compiled.setInput(value, to: input.tensor) }
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

/// The least precise numbers of these steps.
private func precision(of compiled: CompiledNetwork) -> Precision {
  compiled.steps.map(\.info.precision).first { $0 != .single } ?? .single
}

/// The tolerance for blobs of a network with these steps.
private func tolerance(of compiled: CompiledNetwork) -> Double {
  let precision = precision(of: compiled)
  if precision != .single { return precision.errorLimit }
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
      graph, inputs: [golden.input()], weights: golden.weights())
    for blob in try golden.blobNames() {
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
      graph, inputs: [golden.input()], weights: golden.weights(), keepsAllBlobs: false)
    let output = Operand(value: graph.outputs[0], layout: .nchw)
    let want = try golden.blob("prob")
    #expect(relativeError(compiled.values(of: output), want.values) <= tolerance(of: compiled))
  }

  @Test(
    "The loss of the networks with labels", arguments: GoldenConfiguration.all,
    Golden.networks.filter(\.hasLoss))
  func loss(configuration: GoldenConfiguration, golden: GoldenNetwork) throws {
    let graph = try golden.lossGraph()
    let compiled = try configuration.run(
      graph, inputs: golden.lossInputs(), weights: golden.weights(), keepsAllBlobs: false)
    let value = try #require(graph.value(ofBlob: "loss"))
    let got = compiled.values(of: Operand(value: value, layout: .nchw))
    let precision = precision(of: compiled)
    #expect(
      relativeError(got, try golden.loss().values)
        <= (precision == .single ? Golden.layerTolerance : precision.errorLimit))
  }

  @Test("Every single layer", arguments: GoldenConfiguration.all, Golden.layers)
  func layer(configuration: GoldenConfiguration, golden: GoldenLayer) throws {
    let graph = try golden.graph()
    let compiled = try configuration.run(
      graph, inputs: golden.inputs(), weights: golden.weights())
    let wanted = try golden.outputs()
    let node = graph.nodes[0]
    #expect(!wanted.isEmpty && wanted.count == node.outputs.count)
    for (value, want) in zip(node.outputs, wanted) {
      let error = relativeError(
        compiled.values(of: Operand(value: value, layout: .nchw)), want.values)
      if isCopy(node.layer.spec) {
        #expect(error == 0, "must be exact")
      } else {
        let precision = precision(of: compiled)
        #expect(error <= (precision == .single ? Golden.layerTolerance : precision.errorLimit))
      }
    }
  }

  /// Whether a layer only moves values.
  private func isCopy(_ spec: LayerSpec) -> Bool {
    switch spec {
    case .relu(let spec): spec.negativeSlope == 0
    case .pooling(let spec): spec.method == .max
    case .dropout, .flatten, .concat: true
    default: false
    }
  }
}
