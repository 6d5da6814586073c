import Backends
import CSupport
import Execution
import Kernels
import Networks
import Tensors
import Testing

@Suite("BLAS libraries", .serialized)
struct BLASLibraryTests {
  private static let both = [BLASSource.openBLAS, .blis].allSatisfy {
    (try? BLASLibrary.load($0)) != nil
  }

  @Test("OpenBLAS and BLIS in one process are two libraries", .enabled(if: both))
  func twoLibraries() throws {
    let openBLAS = try BLASLibrary.load(.openBLAS)
    let blis = try BLASLibrary.load(.blis)
    let addresses = [openBLAS, blis].map { unsafeBitCast($0.sgemm, to: UnsafeRawPointer.self) }
    #expect(addresses[0] != addresses[1])
    let files = addresses.map { alex_library_path($0).map { String(cString: $0) } }
    #expect(files[0] != files[1])
    #expect(files == [openBLAS.path, blis.path])
    #expect(openBLAS.identity.family == "openblas")
    #expect(blis.identity.family == "blis")
    for library in [openBLAS, blis] {
      #expect(!library.identity.version.isEmpty)
      #expect(!library.identity.core.isEmpty)
    }
  }

  @Test("a library is opened once", arguments: [BLASSource.openBLAS, .blis])
  func once(source: BLASSource) throws {
    guard let first = try? BLASLibrary.load(source) else { return }
    #expect(first === (try BLASLibrary.load(source)))
    // By another name too: a file has one thread count.
    #expect(first === (try BLASLibrary.load(.custom(name: "mine", path: first.path))))
  }

  @Test("a missing library makes its backend unavailable, with what to do about it")
  func missing() throws {
    let backend = try #require(
      BackendCatalog.backend(
        named: "im2col-other", customBLAS: [("other", "/nowhere/libother.so")]))
    let unavailability = try #require(backend.unavailability)
    #expect(unavailability.reason.contains("/nowhere/libother.so"))
    #expect(unavailability.hint.contains("--blas other=PATH"))
    #expect(backend.warnings.isEmpty)
    let network = try #require(NetworkCatalog.network(named: "alexnet-mini"))
    let options = CompileOptions(
      kernels: Candidate.all[0].instructionSet.kernels, pool: ThreadPool(),
      boundary: .nchw)
    #expect(throws: BackendError.unavailable(unavailability)) {
      try backend.compile(
        network.graph(batch: 1), weights: SeededWeights(seed: 1), options: options)
    }
  }

  @Test("a library without CBLAS is refused by name")
  func noCBLAS() throws {
    let backend = try #require(
      BackendCatalog.backend(named: "im2col-libc", customBLAS: [("libc", "libc.so.6")]))
    let unavailability = try #require(backend.unavailability)
    #expect(unavailability.reason.contains("libc.so.6 has no cblas_sgemm"))
  }

  @Test("a custom library runs under its own name and tells what it is", .enabled(if: both))
  func custom() throws {
    let path = try BLASLibrary.load(.openBLAS).path
    let backend = try #require(
      BackendCatalog.backend(named: "im2col-mine", customBLAS: [("mine", path)]))
    #expect(backend.unavailability == nil)
    let candidate = Candidate(backend: backend, instructionSet: .baseline)
    let layer = OddCases.convolutions[0]
    let graph = try layer.graph()
    let steps = try backend.compile(
      graph, weights: layer.weights, options: candidate.options(threads: 1, boundary: .nchw))
    #expect(steps[0].info.kernelID.hasPrefix("openblas-"))
    #expect(steps[0].info.isa == backend.isa(with: InstructionSet.baseline.kernels))
  }

  @Test("a single row goes to sgemv, several to sgemm, 1×1 kernels skip im2col", .enabled(if: both))
  func implementations() throws {
    func implementation(_ spec: LayerSpec, _ input: Shape) throws -> StepInfo {
      let layer = LayerCase(name: "layer", spec: spec, input: input)
      let backend = try #require(BackendCatalog.backend(named: "im2col-openblas"))
      let candidate = Candidate(backend: backend, instructionSet: .baseline)
      return try backend.compile(
        layer.graph(), weights: layer.weights,
        options: candidate.options(threads: 1, boundary: .native))[0].info
    }
    let kernel = try BLASLibrary.load(.openBLAS).identity.kernelID
    let fc = LayerSpec.innerProduct(InnerProductSpec(outputs: 4))
    #expect(try implementation(fc, Shape([1, 8])).implementation == "f32-fc-sgemv-\(kernel)")
    #expect(try implementation(fc, Shape([2, 8])).implementation == "f32-fc-sgemm-\(kernel)")
    let pointwise = LayerSpec.convolution(ConvolutionSpec(outputs: 4, kernel: .one))
    let plain = LayerSpec.convolution(ConvolutionSpec(outputs: 4, kernel: Extent(3)))
    let image = Shape([1, 2, 5, 5])
    #expect(try implementation(pointwise, image).implementation == "f32-conv-sgemm-\(kernel)")
    #expect(try implementation(pointwise, image).workspaceByteCount == 0)
    #expect(try implementation(plain, image).implementation == "f32-conv-im2col-sgemm-\(kernel)")
    #expect(try implementation(plain, image).workspaceByteCount == 2 * 9 * 9 * 4)
    #expect(try implementation(plain, image).kernelID == kernel)
  }

  @Test("networks with other thread counts may alternate", .enabled(if: both))
  func alternatingThreads() throws {
    let network = MiniNetwork.all[0]
    for name in ["im2col-openblas", "im2col-blis"] {
      let backend = try #require(BackendCatalog.backend(named: name))
      let candidate = Candidate(backend: backend, instructionSet: .baseline)
      let compiled = try [1, 2, 1].map { threads in
        let steps = try backend.compile(
          network.graph, weights: network.weights,
          options: candidate.options(threads: threads, boundary: .nchw))
        let compiled = CompiledNetwork(graph: network.graph, steps: steps, memory: .liveness)
        network.setInputs(of: compiled)
        return compiled
      }
      let output = try #require(network.graph.outputs.last)
      for _ in 0..<2 {
        for compiled in compiled {
          compiled.run()
          try network.check(
            compiled.values(of: Operand(value: output, layout: .nchw)), of: output)
        }
      }
    }
  }
}
