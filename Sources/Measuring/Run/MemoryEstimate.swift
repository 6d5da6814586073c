import Execution
import Networks
import Results
import Tensors

/// What measuring a layer or a net holds in memory at a time, at most, about.
struct MemoryEstimate {
  private let place: WorkloadPlace
  private let graph: Graph
  private let isCheckOnly: Bool
  /// Weights as they are made, from which every backend gets copies, by layer.
  private let weights: [String: Int]

  /// What a program with an engine of its own takes before it has a model, about.
  private static let programByteCount = 150 << 20
  private static let float = MemoryLayout<Float>.stride
  private static let double = MemoryLayout<Double>.stride

  /// - Parameter options: of the run; only whether it takes times counts.
  init(of place: WorkloadPlace, _ options: RunOptions) {
    self.place = place
    graph = place.compiledGraph
    isCheckOnly = options.isCheckOnly
    let graph = graph
    weights = Dictionary(
      graph.nodes.map { ("\(graph.networkName)/\($0.layer.name)", graph.cost(of: $0).weightBytes) }
    ) { first, _ in first }
  }

  /// Bytes while all these contenders are alive, beyond those of the program.
  func byteCount(of contenders: [Contender]) -> Int {
    Self.byteCount(of: [(self, contenders)], roofs: 0)
  }

  /// Bytes while the contenders of several places are alive, which share the weights as they are made.
  /// - Parameter roofs: what the probes of roofs have already.
  static func byteCount(
    of groups: [(estimate: MemoryEstimate, contenders: [Contender])], roofs known: Int
  ) -> Int {
    let groups = groups.filter { !$0.contenders.isEmpty }
    guard !groups.isEmpty else { return 0 }
    var weights: [String: Int] = [:]
    for group in groups { weights.merge(group.estimate.weights) { first, _ in first } }
    let held = groups.reduce(weights.values.reduce(0, +)) {
      $0 + $1.estimate.keptByteCount(of: $1.contenders)
    }
    // Of whoever is prepared last, with all others there.
    let passing = groups.map { $0.estimate.passing($0.contenders) }.max() ?? 0
    // The roofs are probed once something is prepared and checked.
    let roofs = groups.map(\.estimate.roofs).max() ?? 0
    return held + max(known + passing, groups.count > 1 ? roofs + passing : roofs)
  }

  /// What these contenders keep once they are prepared.
  func keptByteCount(of contenders: [Contender]) -> Int {
    own(contenders).reduce(0) { held, contender in
      let need = contender.backend.memoryNeed(of: graph)
      // A process of its own, which also reads the weights from a file.
      let program = contender.backend.program == nil ? 0 : Self.programByteCount + need.weights
      return held + program + ring(need) + need.workspace
    }
  }

  /// What compiling and checking take for a while.
  private func passing(_ contenders: [Contender]) -> Int {
    own(contenders).reduce(checking) { largest, contender in
      let need = contender.backend.memoryNeed(of: graph)
      let choosing = need.measuresChoices ? 2 * LastLevelCache.byteCount : 0
      // The cost of reordering is found with a second compilation.
      let again = place.isNet || isCheckOnly ? 0 : need.weights + blobs
      return max(largest, need.compiling + choosing + again)
    }
  }

  private func own(_ contenders: [Contender]) -> [Contender] {
    contenders.filter { !RepeatedBackend.sharesInstance($0.backend.name) }
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
    let buffer = MemoryWindow.bufferByteCount(
      cacheBytes: LastLevelCache.byteCount, availableBytes: ResourceLimits().memory?.byteCount)
    // For a while there is a window of small pages beside it.
    return buffer.map { $0 + MemoryWindow.byteCount } ?? 0
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

  /// Goes on with the next groups, which are there at the same time.
  mutating func add(_ groups: [(estimate: MemoryEstimate, contenders: [Contender])]) {
    let groups = groups.filter { !$0.contenders.isEmpty }
    guard !groups.isEmpty else { return }
    let kept = groups.reduce(references) { $0 + $1.estimate.referenceByteCount }
    let needed = MemoryEstimate.byteCount(of: groups, roofs: roofs)
    // A group's own reference is part of what checking it takes.
    let last = groups.last?.estimate.referenceByteCount ?? 0
    byteCount = max(byteCount, program + workerBytes + kept - last + needed)
    references = kept
    roofs = max(roofs, groups.map(\.estimate.roofs).max() ?? 0)
  }
}

/// Which groups are held in memory at the same time.
package enum HeldGroups {
  /// Of the memory that may still be had: it must leave ``MemoryGuard`` room for the last of them.
  private static let limitPercent = 35

  /// Places in the order of the run, in parts that fit.
  static func divide(_ places: [WorkloadPlace], _ matrix: RunMatrix) -> [[WorkloadPlace]] {
    let groups = places.map { place in
      (
        estimate: MemoryEstimate(of: place, matrix.options),
        contenders: matrix.contenders.filter { $0.obstacle(place) == nil }
      )
    }
    return divide(groups, matrix.options).map { Array(places[$0]) }
  }

  static func divide(
    _ groups: [(estimate: MemoryEstimate, contenders: [Contender])], _ options: RunOptions
  ) -> [Range<Int>] {
    guard !options.isCheckOnly, options.precision == nil else {
      return groups.indices.map { $0..<$0 + 1 }
    }
    return divide(
      byteCounts: groups.map { $0.estimate.byteCount(of: $0.contenders) },
      memory: ResourceLimits().memory?.byteCount)
  }

  /// - Parameters:
  ///   - byteCounts: of each group alone.
  ///   - memory: that may still be had; nil = unknown.
  /// - Returns: parts that fit, each with one group at least.
  package static func divide(byteCounts: [Int], memory: Int?) -> [Range<Int>] {
    let limit = memory.map { $0 / 100 * limitPercent } ?? .max
    var parts: [Range<Int>] = []
    var held = 0
    for (index, own) in byteCounts.enumerated() {
      if let last = parts.last, own <= limit - held {
        parts[parts.count - 1] = last.lowerBound..<index + 1
        held += own
      } else {
        parts.append(index..<index + 1)
        held = own
      }
    }
    return parts
  }
}

/// What this process has in memory now.
enum CurrentMemory {
  static var byteCount: Int {
    SystemFiles().text("/proc/self/status").flatMap { parseMemoryInfo($0, field: "VmRSS") } ?? 0
  }
}
