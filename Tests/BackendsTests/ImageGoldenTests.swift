import Execution
import Foundation
import GoldenSupport
import Images
import Networks
import Tensors
import Testing

/// From the picture's file to probabilities, on every backend.
@Suite("The cat on every backend", .serialized)
struct ImageGoldenTests {
  @Test(
    "It is what real Caffe takes it for: same order, probabilities within 1e-5, with 16-bit weights 1e-4",
    arguments: Candidate.all, ["ppm", "png"])
  func cat(candidate: Candidate, kind: String) throws {
    let golden = Golden.networks[0]
    let graph = try golden.network().graph(batch: 1)
    let transform = try ImageTransform(
      input: graph.values[graph.inputs[0]].shape,
      mean: ImageMean(channels: [104, 117, 123], name: "mean"))
    let image = try ImageFile.read(
      Golden.folder.appendingPathComponent("images/cat_256.\(kind)").path)
    let output = try #require(graph.classScores)
    // Image 1 of the golden batch.
    let want = largest(5, of: try golden.blob("prob").values[100..<200])
    for threads in candidate.threadCounts {
      let forward = try OutputForward(
        graph: graph, output: output, weights: golden.weights(), backend: candidate.backend,
        kernels: candidate.instructionSet.kernels, pool: ThreadPool(threadCount: threads))
      forward.setInputs([transform.tensor(of: [image])])
      forward.run()
      let got = largest(5, of: forward.values[...])
      #expect(got.map(\.index) == want.map(\.index))
      let limit: Float = candidate.backend.precision == .single ? 1e-5 : 1e-4
      for (got, want) in zip(got, want) { #expect(abs(got.value - want.value) <= limit) }
    }
  }
}
