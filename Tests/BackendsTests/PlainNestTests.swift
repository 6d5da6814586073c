import Backends
import Execution
import Kernels
import Networks
import PlainNestBackend
import Testing

@Suite("The loop nests in C")
struct PlainNestTests {
  @Test("give the values of naive, bit by bit", arguments: OddCases.all)
  func values(layer: LayerCase) throws {
    if case .softmaxWithLoss = layer.spec { return }
    if case .accuracy = layer.spec { return }
    let graph = try layer.graph()
    let inputs = layer.tensors(of: graph)
    let options = CompileOptions(
      kernels: InstructionSet.baseline.kernels, pool: try ThreadPool(threadCount: 1),
      boundary: .nchw)
    let results = try ([NaiveBackend(), PlainNestBackend()] as [any Backend]).map { backend in
      let compiled = CompiledNetwork(
        graph: graph,
        steps: try backend.steps(of: graph, weights: layer.weights, options: options),
        memory: .keepAll)
      for (value, input) in zip(graph.inputs, inputs) { compiled.setInput(value, to: input) }
      compiled.run()
      return graph.nodes[0].outputs.map {
        compiled.values(of: Operand(value: $0, layout: .nchw)).map(\.bitPattern)
      }
    }
    #expect(results[0] == results[1])
  }
}
