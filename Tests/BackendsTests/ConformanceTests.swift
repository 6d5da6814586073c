import Backends
import Execution
import Networks
import Reference
import Tensors
import Testing

/// Every backend computes what the float64 reference computes, within the derived bounds.
///
/// One after the other: a BLAS has one thread count for the whole process.
@Suite("Backend conformance", .serialized)
struct ConformanceTests {
  @Test("odd layers", arguments: Candidate.all, OddCases.all)
  func oddLayer(candidate: Candidate, layer: LayerCase) throws {
    let graph = try layer.graph()
    let inputs = layer.tensors(of: graph)
    let want = Reference.outputs(
      of: graph.nodes[0], in: graph, inputs: inputs.map(\.values),
      weights: try layer.weights.weights(of: graph.nodes[0], in: graph))
    for (threads, boundary) in candidate.settings {
      let outcome = try compare(
        candidate, graph, inputs: inputs, weights: layer.weights, want: want, threads: threads,
        boundary: boundary)
      #expect(
        outcome.maxBoundRatio <= 1,
        "max abs error \(outcome.maxAbsError), \(threads) threads, \(boundary)")
      // The transforms of a fast algorithm are not exact on integers.
      if layer.isExact, outcome.amplification == 1 { #expect(outcome.maxAbsError == 0) }
    }
  }

  @Test("layers of the small networks, one by one", arguments: Candidate.all, MiniNetwork.all)
  func layerOfNetwork(candidate: Candidate, network: MiniNetwork) throws {
    for (index, node) in network.graph.nodes.enumerated() {
      let operand = network.operands[index]
      for (threads, boundary) in candidate.settings {
        let outcome = try compare(
          candidate, operand.graph, inputs: operand.inputs, weights: network.weights,
          want: operand.want, threads: threads, boundary: boundary)
        #expect(
          outcome.maxBoundRatio <= 1,
          "\(node.layer.name): max abs error \(outcome.maxAbsError), \(threads) threads, \(boundary)"
        )
      }
    }
  }

  @Test(
    "whole small networks, every blob kept", arguments: Candidate.all, MiniNetwork.all)
  func wholeNetwork(candidate: Candidate, network: MiniNetwork) throws {
    for threads in candidate.threadCounts {
      let steps = try candidate.backend.compile(
        network.graph, weights: network.weights,
        options: candidate.options(threads: threads, boundary: .nchw, keepsAllBlobs: true))
      let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .keepAll)
      network.setInputs(of: compiled)
      compiled.run()
      var seen: Set<Graph.ValueID> = []
      for operand in steps.flatMap(\.info.outputs) {
        seen.insert(operand.value)
        try network.check(
          compiled.values(of: operand), of: operand.value, candidate.backend.precision)
      }
      // Every value but the input is there to be looked at.
      #expect(seen.isSuperset(of: network.graph.nodes.flatMap(\.outputs)))
      let kept = Set(steps.flatMap(\.info.nodes))
      #expect(kept == Set(network.graph.nodes.indices))
    }
  }

  @Test(
    "whole small networks, fused and in shared memory", arguments: Candidate.all, MiniNetwork.all)
  func fusedNetwork(candidate: Candidate, network: MiniNetwork) throws {
    for threads in candidate.threadCounts {
      let steps = try candidate.backend.compile(
        network.graph, weights: network.weights,
        options: candidate.options(threads: threads, boundary: .nchw))
      let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .liveness)
      network.setInputs(of: compiled)
      compiled.run()
      // Again, looking at each value while it is there.
      try compiled.run { step in
        for operand in step.info.outputs {
          try network.check(
            compiled.values(of: operand), of: operand.value, candidate.backend.precision)
        }
      }
      let covered = steps.flatMap(\.info.nodes).sorted()
      #expect(covered == Array(network.graph.nodes.indices), "each layer in one step")
    }
  }
}
