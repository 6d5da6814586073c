import CSupport
import Execution
import Networks
import Tensors

/// The ways in which oneDNN can do each kind of layer, its own choice first.
struct OneDNNLayers {
  let library: OneDNNLibrary

  private func memory(_ dimensions: [Int], _ tag: Int) -> OneDNNMemory {
    OneDNNMemory(dimensions, tag: tag, library: library)
  }

  private func memory(_ shape: Shape, _ layout: Layout) -> OneDNNMemory {
    OneDNNMemory(shape, layout, library: library)
  }

  private let forward = Int32(ALEX_DNNL_FORWARD_INFERENCE)
  private let any = Int(ALEX_DNNL_ANY)

  // MARK: Layers with weights

  /// Directly in the layouts that the library wants and in nhwc, and by Winograd where it has that.
  /// - Parameter rectifies: whether a ReLU is fused.
  func convolution(
    _ spec: ConvolutionSpec, input: Shape, output: Shape, rectifies: Bool
  ) -> [OneDNNCandidate] {
    let (groups, kernel) = (spec.groups, spec.kernel)
    let filter = [spec.outputs / groups, input.c / groups, kernel.h, kernel.w]
    let dimensions = groups > 1 ? [groups] + filter : filter
    let weight = memory(dimensions, Int(groups > 1 ? ALEX_DNNL_ABCDE : ALEX_DNNL_ABCD))
    let wanted = memory(dimensions, any)
    let bias = spec.hasBias ? memory([spec.outputs], Int(ALEX_DNNL_A)) : nil
    // A filter may be larger than the padded input.
    let after = Extent(
      h: max(spec.pad.h, spec.dilation.h * (kernel.h - 1) + 1 - input.h - spec.pad.h),
      w: max(spec.pad.w, spec.dilation.w * (kernel.w - 1) + 1 - input.w - spec.pad.w))
    func candidates(_ algorithm: Int, _ layout: Layout?) -> [OneDNNCandidate] {
      let source = layout.map { memory(input, $0) } ?? memory(input.dimensions, any)
      let destination = layout.map { memory(output, $0) } ?? memory(output.dimensions, any)
      return OneDNNPrimitive.all(of: library, rectifies: rectifies) {
        library.api.dilated_convolution_forward_desc_init(
          $0, forward, Int32(algorithm), source.pointer, wanted.pointer, bias?.pointer,
          destination.pointer, numbers(spec.stride),
          numbers(Extent(h: spec.dilation.h - 1, w: spec.dilation.w - 1)), numbers(spec.pad),
          numbers(after))
      }.compactMap { primitive in
        guard let source = primitive.memory(Int(ALEX_DNNL_QUERY_SOURCE)),
          let destination = primitive.memory(Int(ALEX_DNNL_QUERY_DESTINATION)),
          let from = OneDNNMemory.layout(of: source, shape: input, library: library),
          let to = OneDNNMemory.layout(of: destination, shape: output, library: library)
        else { return nil }
        return OneDNNCandidate(
          primitive: primitive, operation: "conv", input: from, output: to, weight: weight,
          bias: bias)
      }
    }
    let direct = Int(ALEX_DNNL_CONVOLUTION_DIRECT)
    let all =
      (candidates(direct, nil) + candidates(direct, .channelsLast)
      + candidates(Int(ALEX_DNNL_CONVOLUTION_WINOGRAD), nil)).worthTrying()
    // im2col and a GEMM are what it falls back to.
    let own = all.filter { !$0.isGEMM }
    if !own.isEmpty { return own }
    return all.isEmpty ? candidates(direct, .nchw) : all
  }

  /// As an inner product or as a matrix product of rows; as an inner product of images too, which
  /// reads them in the layout they have.
  func innerProduct(_ spec: InnerProductSpec, input: Shape, rectifies: Bool) -> [OneDNNCandidate] {
    let split = AxisSplit(input, axis: 0)
    let rows = input.dimensions[..<spec.axis].reduce(1, *)
    let count = split.count * split.inner / max(rows, 1)
    let destination = memory([rows, spec.outputs], Int(ALEX_DNNL_AB))
    let bias = spec.hasBias ? memory([spec.outputs], Int(ALEX_DNNL_A)) : nil

    func products(
      of source: OneDNNMemory, weight dimensions: [Int], tag: Int, layout: Layout
    ) -> [OneDNNCandidate] {
      let wanted = memory(dimensions, any)
      return OneDNNPrimitive.all(of: library, rectifies: rectifies) {
        library.api.inner_product_forward_desc_init(
          $0, forward, source.pointer, wanted.pointer, bias?.pointer, destination.pointer)
      }.map {
        OneDNNCandidate(
          primitive: $0, operation: "fc", method: "ip-", input: layout, output: .nchw,
          weight: memory(dimensions, tag), bias: bias)
      }
    }
    let matrix = memory([rows, count], Int(ALEX_DNNL_AB))
    var all = products(
      of: matrix, weight: [spec.outputs, count], tag: Int(ALEX_DNNL_AB), layout: .nchw)
    let wanted = memory([count, spec.outputs], any)
    let row = spec.hasBias ? memory([1, spec.outputs], Int(ALEX_DNNL_AB)) : nil
    all += OneDNNPrimitive.all(of: library, rectifies: rectifies) {
      library.api.matmul_desc_init(
        $0, matrix.pointer, wanted.pointer, row?.pointer, destination.pointer)
    }.map {
      OneDNNCandidate(
        primitive: $0, operation: "fc", method: "matmul-", input: .nchw, output: .nchw,
        weight: memory([count, spec.outputs], Int(ALEX_DNNL_BA)), bias: row)
    }
    if input.rank == 4, spec.axis == 1 {
      for layout in OneDNNMemory.imageLayouts where layout != .nchw {
        all += products(
          of: memory(input, layout), weight: [spec.outputs] + input.dimensions.dropFirst(),
          tag: Int(ALEX_DNNL_ABCD), layout: layout)
      }
    }
    return all.worthTrying()
  }

  // MARK: Layers without

  /// In one layout; nil where the library has no such pooling.
  func pooling(
    _ spec: PoolingSpec, input: Shape, output: Shape, layout: Layout
  ) -> OneDNNCandidate? {
    let (kernel, stride, pad) = spec.window(over: input)
    // A size that is rounded down leaves out the end of the input; the library rounds down itself.
    let after = Extent(
      h: max((output.h - 1) * stride.h + kernel.h - input.h - pad.h, 0),
      w: max((output.w - 1) * stride.w + kernel.w - input.w - pad.w, 0))
    let algorithm: Int
    if spec.method == .max {
      algorithm = Int(ALEX_DNNL_POOLING_MAX)
    } else if pad == .zero {
      algorithm = Int(ALEX_DNNL_POOLING_EXCLUDE_PADDING)
    } else if after.h <= pad.h, after.w <= pad.w {
      algorithm = Int(ALEX_DNNL_POOLING_INCLUDE_PADDING)
    } else {
      // Caffe counts the padding, but not what hangs over it.
      return nil
    }
    let (source, destination) = (memory(input, layout), memory(output, layout))
    return first("pool-\(spec.method.rawValue)", layout) {
      library.api.pooling_forward_desc_init(
        $0, forward, Int32(algorithm), source.pointer, destination.pointer, numbers(stride),
        numbers(kernel), numbers(pad), numbers(after))
    }
  }

  func lrn(_ spec: LRNSpec, input: Shape, layout: Layout) -> OneDNNCandidate? {
    let isAcross = spec.region == .acrossChannels
    let data = memory(input, layout)
    return first("lrn", layout) {
      library.api.lrn_forward_desc_init(
        $0, forward, Int32(isAcross ? ALEX_DNNL_LRN_ACROSS : ALEX_DNNL_LRN_WITHIN), data.pointer,
        Int64(spec.size), spec.alpha, spec.beta, isAcross ? spec.k : 1)
    }
  }

  /// Element by element over whatever lies there, fill included.
  func relu(_ spec: ReLUSpec, input: Shape, layout: Layout) -> OneDNNCandidate? {
    let data = memory([layout.elementCount(of: input)], Int(ALEX_DNNL_A))
    return first("relu", layout) {
      library.api.eltwise_forward_desc_init(
        $0, forward, Int32(ALEX_DNNL_ELTWISE_RELU), data.pointer, spec.negativeSlope, 0)
    }
  }

  /// Row-major.
  func softmax(_ spec: SoftmaxSpec, input: Shape) -> OneDNNCandidate? {
    let split = AxisSplit(input, axis: spec.axis)
    let data =
      split.inner == 1
      ? memory([split.outer, split.count], Int(ALEX_DNNL_AB))
      : memory([split.outer, split.count, split.inner], Int(ALEX_DNNL_ABC))
    return first("softmax", .nchw) {
      library.api.softmax_forward_desc_init($0, forward, data.pointer, 1)
    }
  }

  /// A change of layout of an image blob.
  func reorder(_ shape: Shape, from: Layout, to: Layout) -> OneDNNCandidate {
    let destination = memory(shape, to)
    let primitive = withExtendedLifetime(destination) {
      OneDNNPrimitive.reorder(
        from: memory(shape, from), to: destination.pointer, library: library)
    }
    guard let primitive else {
      preconditionFailure("oneDNN does not reorder \(shape) from \(from) to \(to)")
    }
    return OneDNNCandidate(
      primitive: primitive, operation: "reorder-\(from)-\(to)", input: from, output: to)
  }

  private func first(
    _ operation: String, _ layout: Layout, describe: (UnsafeMutableRawPointer) -> Int32
  ) -> OneDNNCandidate? {
    OneDNNPrimitive.all(of: library, describe: describe).first.map {
      OneDNNCandidate(primitive: $0, operation: operation, input: layout, output: layout)
    }
  }

  /// As `dnnl_dims_t`, of which the library copies all places.
  private func numbers(_ extent: Extent) -> [Int64] {
    [Int64(extent.h), Int64(extent.w)]
      + [Int64](repeating: 0, count: Int(ALEX_DNNL_MAX_DIMENSIONS) - 2)
  }
}

/// One way to compute a layer: a primitive, and the layouts in which it reads and writes.
struct OneDNNCandidate {
  let primitive: OneDNNPrimitive
  /// Second part of the implementation's name: `conv`, `pool-max`.
  let operation: String
  /// `ip-` or `matmul-`, where one layer may be either of two operations.
  var method = ""
  let input: Layout
  let output: Layout
  /// How the network's weights and bias lie; nil for layers without.
  var weight: OneDNNMemory?
  var bias: OneDNNMemory?

  /// As the `tile` column and `plan.csv` have it: `brgconv:avx512_core@nhwc`.
  var name: String { "\(method)\(primitive.implementation)@\(input)" }

  /// The transform of a Winograd convolution; nil for direct methods.
  var transform: WinogradTransform? { Self.transform(of: primitive.implementation) }

  /// The points of oneDNN's F(4×4, 3×3) are 0, ±5/8, ±3/2, ∞, of its F(2×2, 3×3) 0, ±1, ∞.
  private static func transform(of implementation: String) -> WinogradTransform? {
    if implementation.contains("wino_4x3") {
      return WinogradTransform(outputs: 4, taps: 3, pairs: [Rational(5, 8), Rational(3, 2)])
    }
    if implementation.contains("wino_2x3") {
      return WinogradTransform(outputs: 2, taps: 3, pairs: [Rational(1)])
    }
    return nil
  }

  /// Whether it is a Winograd convolution whose error bound is not known.
  var hasUnknownError: Bool { primitive.implementation.contains("wino") && transform == nil }

  var isGEMM: Bool {
    primitive.implementation == "gemm:jit" || primitive.implementation.hasSuffix(":gemm:jit")
  }
}

extension [OneDNNCandidate] {
  /// Those worth trying, in the same order: of the widest instruction set that any has, with a known
  /// error, each once.
  func worthTrying() -> [OneDNNCandidate] {
    func rank(_ candidate: OneDNNCandidate) -> Int {
      let isa = candidate.primitive.library.identity
        .isa(ofImplementation: candidate.primitive.implementation)
      return LibraryWarnings.rank(ofISA: isa) ?? 0
    }
    let best = map(rank).max() ?? 0
    var seen: Set<String> = []
    return filter {
      rank($0) == best && !$0.hasUnknownError && seen.insert($0.name).inserted
    }
  }
}
