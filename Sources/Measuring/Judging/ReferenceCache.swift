import Execution
import Networks
import Reference
import Synchronization
import Tensors

/// The float64 results of a run, each computed once; with a store, once for all runs.
package final class ReferenceCache {
  private struct Key: Hashable {
    var network: String
    var layer: String
    var direction: Direction
    var isNet: Bool
    var batch: Int
    var seed: UInt64

    init(_ place: WorkloadPlace, _ seed: UInt64) {
      network = place.graph.networkName
      layer = place.layer
      direction = place.direction
      isNet = place.isNet
      batch = place.batch
      self.seed = seed
    }
  }

  private var layers: [Key: [ReferenceResult]] = [:]
  private var nets: [Key: [[Double]]] = [:]
  private let store: ReferenceStore?

  /// - Parameter store: of earlier results; nil to compute everything.
  package init(store: ReferenceStore? = nil) { self.store = store }

  /// The images that are checked: all, or of many the first, the middle and the last.
  /// - Returns: nil for all.
  package static func checkedImages(batch: Int) -> [Int]? {
    batch > 3 ? [0, batch / 2, batch - 1] : nil
  }

  /// The reference of a layer measured alone, one result for each of its outputs.
  func layer(_ place: WorkloadPlace, seed: UInt64) throws -> [ReferenceResult] {
    try compute([place], seed: seed)
    return layers[Key(place, seed)] ?? []
  }

  /// The reference of a whole net, one array per value.
  func net(_ place: WorkloadPlace, seed: UInt64) throws -> [[Double]] {
    try compute([place], seed: seed)
    return nets[Key(place, seed)] ?? []
  }

  /// Computes what ``judge(_:of:seed:facts:)`` needs, unless it is there.
  func compute(_ place: WorkloadPlace, seed: UInt64) throws { try compute([place], seed: seed) }

  /// Computes what several places need, on all processors.
  func compute(_ places: [WorkloadPlace], seed: UInt64) throws {
    var missing: [(key: Key, place: WorkloadPlace)] = []
    for place in places {
      let key = Key(place, seed)
      guard place.isNet ? nets[key] == nil : layers[key] == nil,
        !missing.contains(where: { $0.key == key })
      else { continue }
      missing.append((key, place))
    }
    // The longest first, so that nobody waits for it in the end.
    missing.sort { $0.place.cost.flops > $1.place.cost.flops }
    let work = missing.map(\.place)
    let results = OnAllProcessors.map(work.count) { [store] index in
      Result { try Answer(work[index], seed: seed, store: store) }
    }
    for (item, result) in zip(missing, results) {
      switch try result.get() {
      case .layer(let result): layers[item.key] = result
      case .net(let result): nets[item.key] = result
      }
    }
  }

  /// Judges what a workload of this place computed.
  func judge(
    _ blobs: [BlobValues], of place: WorkloadPlace, seed: UInt64, facts: PreparedFacts
  ) throws -> Verdict {
    if place.isNet {
      return Judge.judge(
        net: blobs, graph: place.graph, against: try net(place, seed: seed),
        limit: facts.facts.precision.errorLimit)
    }
    return Judge.judge(
      layer: blobs, of: place.compiledGraph, against: try layer(place, seed: seed),
      amplification: facts.errorAmplification, tile: facts.errorTile,
      limit: facts.facts.precision.errorLimit)
  }
}

/// One result, from a store or computed.
private enum Answer: Sendable {
  case layer([ReferenceResult])
  case net([[Double]])

  init(_ place: WorkloadPlace, seed: UInt64, store: ReferenceStore?) throws {
    let question = ReferenceStore.Question(place, seed: seed)
    let graph = place.compiledGraph
    let images = graph.mixesImages ? nil : ReferenceCache.checkedImages(batch: place.batch)
    if let numbers = store?.numbers(question),
      let known = Self.known(numbers, place, graph, images)
    {
      self = known
      return
    }
    let inputs = graph.inputs.map { place.input($0, seed: seed, of: graph).values }
    if place.isNet {
      let values = try Reference.forward(
        graph, inputs: inputs, weights: SeededWeights(seed: seed), images: images)
      store?.keep(values, for: question)
      self = .net(values)
    } else {
      let node = graph.nodes[0]
      let results = Reference.outputs(
        of: node, in: graph, inputs: inputs,
        weights: try SeededWeights(seed: seed).weights(of: node, in: graph), images: images)
      store?.keep(results.flatMap { [$0.values, $0.bounds] }, for: question)
      self = .layer(results)
    }
  }

  /// An entry of a store, where it has as many numbers as there must be.
  private static func known(
    _ numbers: [[Double]], _ place: WorkloadPlace, _ graph: Graph, _ images: [Int]?
  ) -> Answer? {
    func shape(_ value: Graph.ValueID) -> Shape {
      let shape = graph.values[value].shape
      return images.map { shape.withBatch($0.count) } ?? shape
    }
    guard !place.isNet else {
      let counts = graph.values.indices.map { shape($0).count }
      return numbers.map(\.count) == counts ? .net(numbers) : nil
    }
    let shapes = graph.nodes[0].outputs.map(shape)
    guard numbers.map(\.count) == shapes.flatMap({ [$0.count, $0.count] }) else { return nil }
    return .layer(
      shapes.enumerated().map { index, shape in
        ReferenceResult(
          shape: shape, values: numbers[2 * index], bounds: numbers[2 * index + 1])
      })
  }
}

/// Independent pieces of work on as many threads as there are processors; their threads are gone
/// before anything is timed.
private enum OnAllProcessors {
  private final class Work: Sendable {
    private let next = Atomic(0)
    private let count: Int
    private let body: @Sendable (Int) -> Void

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.body = body
    }

    func run() {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index)
      }
    }
  }

  static func map<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) -> Value
  ) -> [Value] {
    guard count > 1 else { return (0..<count).map(body) }
    let results = Mutex([Value?](repeating: nil, count: count))
    let work = Work(count: count) { index in
      let value = body(index)
      results.withLock { $0[index] = value }
    }
    // The calling thread may be pinned, and others would start where it is.
    Placement.free()
    let threads = min(count, (try? Placement(cpus: []).cpus.count) ?? 1)
    // The system may start no more threads, and this one is enough.
    let pool = (try? ThreadPool(threadCount: threads)) ?? ThreadPool()
    withExtendedLifetime(work) {
      var pointer = Unmanaged.passUnretained(work).toOpaque()
      pool.run(
        { arguments in
          let pointer = arguments.assumingMemoryBound(to: UnsafeRawPointer.self).pointee
          Unmanaged<Work>.fromOpaque(pointer).takeUnretainedValue().run()
        }, arguments: &pointer, stride: 0)
    }
    return results.withLock { $0.compactMap(\.self) }
  }
}
