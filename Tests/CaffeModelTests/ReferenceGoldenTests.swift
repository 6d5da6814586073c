import GoldenSupport
import Networks
import Reference
import Tensors
import Testing

@Suite("Float64 reference against real Caffe")
struct ReferenceGoldenTests {
  @Test("Every blob of the small networks", arguments: Golden.networks)
  func network(golden: GoldenNetwork) throws {
    let graph = try golden.graph()
    let input = try golden.input()
    let results = try Reference.forward(
      graph, inputs: [input.values], weights: golden.weights())
    #expect(results.count == graph.values.count)
    let blobs = try golden.blobNames()
    #expect(blobs == Set(graph.values.map(\.blob)).subtracting(["data"]).sorted())
    for blob in blobs {
      let want = try golden.blob(blob)
      let value = try #require(graph.value(ofBlob: blob))
      #expect(graph.values[value].shape == want.shape, "\(blob)")
      #expect(relativeError(results[value], want.values) <= Golden.networkTolerance, "\(blob)")
    }
  }

  @Test("The five largest outputs of each image, in order", arguments: Golden.networks)
  func topFive(golden: GoldenNetwork) throws {
    let graph = try golden.graph()
    let results = try Reference.forward(
      graph, inputs: [golden.input().values], weights: golden.weights())
    let got = try #require(graph.outputs.map { results[$0] }.first)
    let want = try golden.blob("prob")
    func top<T: Comparable>(_ values: ArraySlice<T>) -> [Int] {
      Array(values.indices.sorted { values[$0] > values[$1] }.prefix(5))
    }
    let (images, classes) = (want.shape.n, want.shape.c)
    for image in 0..<images {
      let range = image * classes..<(image + 1) * classes
      #expect(top(got[range]) == top(want.values[range]))
    }
  }

  @Test("The loss of the networks with labels", arguments: Golden.networks.filter(\.hasLoss))
  func loss(golden: GoldenNetwork) throws {
    let graph = try golden.lossGraph()
    let results = try Reference.forward(
      graph, inputs: golden.lossInputs().map(\.values), weights: golden.weights())
    let loss = try #require(graph.value(ofBlob: "loss"))
    let want = try golden.loss()
    #expect(graph.values[loss].shape == want.shape)
    #expect(relativeError(results[loss], want.values) <= Golden.layerTolerance)
  }

  @Test("Every single layer", arguments: Golden.layers)
  func layer(golden: GoldenLayer) throws {
    let graph = try golden.graph()
    let node = graph.nodes[0]
    let inputs = try golden.inputs()
    let wanted = try golden.outputs()
    #expect(graph.inputs.map { graph.values[$0].shape } == inputs.map(\.shape))
    #expect(node.outputs.map { graph.values[$0].shape } == wanted.map(\.shape))
    let results = Reference.outputs(
      of: node, in: graph, inputs: inputs.map(\.values),
      weights: try golden.weights().weights(of: node, in: graph))
    #expect(!wanted.isEmpty && results.count == wanted.count)
    for (result, want) in zip(results, wanted) {
      #expect(result.shape == want.shape)
      #expect(relativeError(result.values, want.values) <= Golden.layerTolerance)

      // Caffe itself is a float32 implementation: its error must be inside the derived bound.
      let norms = ErrorNorms(got: want.values, want: result.values, bound: result.bounds)
      let ratio = try #require(norms.maxBoundRatio)
      #expect(ratio <= 1, "Caffe's error is \(ratio) of the derived bound")
    }
  }
}
