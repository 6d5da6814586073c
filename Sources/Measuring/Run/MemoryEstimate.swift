import Execution
import Networks
import Results
import Tensors

/// What measuring a layer or a net holds in memory at a time, at most, about.
struct MemoryEstimate {
  private let place: WorkloadPlace
  private let graph: Graph
  private let isCheckOnly: Bool
  /// Weights as they are made, from which every backend gets copies.
  private let weights: Int

  /// What a program with an engine of its own takes before it has a model, about.
  private static let programByteCount = 150 << 20
  private static let float = MemoryLayout<Float>.stride
  private static let double = MemoryLayout<Double>.stride

  /// - Parameter options: of the run; only whether it takes times counts.
  init(of place: WorkloadPlace, _ options: RunOptions) {
    self.place = place
    graph = place.compiledGraph
    isCheckOnly = options.isCheckOnly
    weights = graph.nodes.reduce(0) { $0 + place.compiledGraph.cost(of: $1).weightBytes }
  }

  /// Bytes while all these contenders are alive, beyond those of the program.
  /// - Parameter roofs: what the probes of roofs have already.
  func byteCount(of contenders: [Contender], roofs known: Int = 0) -> Int {
    guard !contenders.isEmpty else { return 0 }
    // Of whoever is prepared last, with all others there.
    var preparing = 0
    for contender in contenders where !RepeatedBackend.sharesInstance(contender.backend.name) {
      let need = contender.backend.memoryNeed(of: graph)
      let choosing = need.measuresChoices ? 2 * LastLevelCache.byteCount : 0
      // The cost of reordering is found with a second compilation.
      let again = place.isNet || isCheckOnly ? 0 : need.weights + blobs
      preparing = max(preparing, need.compiling + choosing + again)
    }
    // The roofs are probed once everything is prepared and checked.
    return weights + keptByteCount(of: contenders)
      + max(known + max(preparing, checking), roofs)
  }

  /// What these contenders keep once they are prepared.
  func keptByteCount(of contenders: [Contender]) -> Int {
    contenders.filter { !RepeatedBackend.sharesInstance($0.backend.name) }.reduce(0) {
      sum, contender in
      let need = contender.backend.memoryNeed(of: graph)
      // A process of its own, which also reads the weights from a file.
      let program =
        contender.backend.program == nil ? 0 : Self.programByteCount + need.weights
      return sum + program + ring(need) + need.workspace
    }
  }

  /// Bytes of the reference that stay until the end of the run.
  var referenceByteCount: Int {
    let values = place.isNet ? graph.values.map(\.shape) : graph.nodes[0].outputs.map(shape)
    // Of a layer alone with a bound for each value.
    return checked(values) * Self.double * (place.isNet ? 1 : 2)
  }

  /// What the probes of the roofs read; it stays until the end of the run.
  var roofs: Int {
    guard !isCheckOnly else { return 0 }
    return MemoryWindow.bufferByteCount(
      cacheBytes: LastLevelCache.byteCount, availableBytes: ResourceLimits().memory?.byteCount) ?? 0
  }

  private func shape(_ value: Graph.ValueID) -> Shape { graph.values[value].shape }

  /// A contender's copies of what has to be cold, or its one compilation.
  private func ring(_ need: MemoryNeed) -> Int {
    switch place.cache {
    case .warm: need.weights + blobs
    case .coldWeights: copies(need.weights) * need.weights + blobs
    case .cold: copies(need.weights + blobs) * (need.weights + blobs)
    }
  }

  private func copies(_ byteCount: Int) -> Int {
    min(
      ColdRing.count(byteCount: byteCount, cacheByteCount: LastLevelCache.byteCount),
      ColdRing.largestCount)
  }

  /// Of a net, values whose lifetimes do not overlap share memory.
  private var blobs: Int {
    let steps = graph.nodes.indices.map { index in
      StepInfo(
        nodes: [index], in: graph, from: .nchw, to: .nchw, implementation: "", kernelID: "", isa: ""
      )
    }
    return MemoryPlan(graph: graph, steps: steps, sharing: place.isNet).floatCount * Self.float
  }

  /// What comparing with the reference takes for a while: outputs, inputs, and the weights of a
  /// layer made once more.
  private var checking: Int {
    let largest = graph.nodes.map { graph.cost(of: $0).weightBytes }.max() ?? 0
    let outputs = graph.nodes.flatMap(\.outputs).map(shape)
    let inputs = graph.inputs.map { shape($0).byteCount }.reduce(0, +)
    return largest + checked(outputs) * Self.float + inputs + referenceByteCount
      + (outputs.map(\.byteCount).max() ?? 0)
  }

  /// Values of the images that are checked.
  private func checked(_ shapes: [Shape]) -> Int {
    let images = graph.mixesImages ? nil : ReferenceCache.checkedImages(batch: place.batch)
    return shapes.reduce(0) { sum, shape in
      sum + (images.map { $0.count * shape.countPerImage } ?? shape.count)
    }
  }
}

/// What a whole run holds at a time.
struct RunMemory {
  private let program: Int
  private var references = 0
  private var roofs = 0
  /// The most of all groups so far, and what the program itself has.
  private(set) var byteCount = 0
  private let workerBytes: Int

  /// - Parameters:
  ///   - programBytes: what this process has with its libraries, before anything is prepared.
  ///   - options: with launches there is a worker beside this process, with libraries of its own.
  init(programBytes: Int, _ options: RunOptions) {
    program = programBytes
    workerBytes = options.launches == nil ? 0 : programBytes
  }

  /// Goes on with the next group.
  mutating func add(_ estimate: MemoryEstimate, of contenders: [Contender]) {
    guard !contenders.isEmpty else { return }
    let group = estimate.byteCount(of: contenders, roofs: roofs)
    byteCount = max(byteCount, program + workerBytes + references + group)
    references += estimate.referenceByteCount
    roofs = max(roofs, estimate.roofs)
  }
}

/// What this process has in memory now.
enum CurrentMemory {
  static var byteCount: Int {
    SystemFiles().text("/proc/self/status").flatMap { parseMemoryInfo($0, field: "VmRSS") } ?? 0
  }
}
