import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

@Suite("Backend catalog")
struct CatalogTests {
  @Test("names are unique and begin with naive")
  func names() {
    let names = BackendCatalog.all().map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.first == "naive")
    #expect(names.contains("im2col-openblas") && names.contains("im2col-blis"))
    #expect(BackendCatalog.all().allSatisfy { !$0.summary.isEmpty })
  }

  @Test("custom libraries come last, or take the place of a built-in one")
  func custom() {
    let built = BackendCatalog.all().map(\.name)
    let custom = [("mkl", "/opt/libmkl_rt.so"), ("openblas", "/opt/libopenblas.so")]
    let names = BackendCatalog.all(customBLAS: custom).map(\.name)
    #expect(names == built + ["im2col-mkl"])
    let replaced = BackendCatalog.backend(named: "im2col-openblas", customBLAS: custom)
    #expect(replaced?.summary.contains("/opt/libopenblas.so") == true)
  }

  @Test("an unknown name gives no backend")
  func unknown() {
    #expect(BackendCatalog.backend(named: "im2col") == nil)
  }

  @Test("a backend that cannot run says why", arguments: BackendCatalog.all().map(\.name))
  func unavailability(name: String) throws {
    let backend = try #require(BackendCatalog.backend(named: name))
    guard let unavailability = backend.unavailability else { return }
    #expect(!unavailability.reason.isEmpty && !unavailability.hint.isEmpty)
  }

  @Test(
    "a direction that a backend does not have is refused with a reason, not computed as forward",
    arguments: Candidate.all)
  func direction(candidate: Candidate) throws {
    let network = try #require(NetworkCatalog.network(named: "alexnet-mini"))
    var graph = try network.graph(batch: 1)
    let last = graph.nodes.count - 1
    graph.nodes[last].direction = .update
    #expect(
      throws: BackendError.unsupported(
        layer: graph.nodes[last].layer.name,
        reason: "\(candidate.backend.name) does not compute update")
    ) {
      try candidate.backend.steps(
        of: graph, weights: SeededWeights(seed: 1),
        options: candidate.options(threads: 1, boundary: .nchw))
    }
  }

  @Test("steps say what they are", arguments: Candidate.all)
  func info(candidate: Candidate) throws {
    let network = MiniNetwork.all[0]
    let steps = try candidate.backend.compile(
      network.graph, weights: network.weights,
      options: candidate.options(threads: 1, boundary: .nchw, keepsAllBlobs: true))
    for info in steps.map(\.info) where !info.isElided {
      #expect(info.implementation.hasPrefix(info.precision.rawValue + "-"))
      #expect(!info.kernelID.isEmpty && !info.isa.isEmpty)
      if info.kind == .convolution || info.kind == .innerProduct {
        let parameters = network.graph.cost(of: network.graph.nodes[info.nodes[0]]).parameters
        #expect(info.weightByteCount >= info.precision.byteCount(of: parameters * 4))
      }
      let flops = info.nodes.reduce(0) {
        $0 + network.graph.cost(of: network.graph.nodes[$1]).flops
      }
      if !info.implementation.contains("wino") {
        #expect(info.executedFLOPs == flops, "\(info.implementation)")
      } else if candidate.backend.name == "onednn" {
        #expect(info.executedFLOPs == nil && info.executedBytes == nil)
      } else {
        #expect(try #require(info.executedFLOPs) > flops / 5)
      }
    }
    let elided = steps.map(\.info).filter(\.isElided).map(\.kind)
    #expect(elided == [.dropout, .dropout])
  }
}
