import CSupport
import Execution
import Networks
import Tensors

/// A layer by one primitive of oneDNN, its weights packed as the primitive wants them.
final class OneDNNStep: Step {
  let info: StepInfo
  private let primitive: OneDNNPrimitive
  private let call: OneDNNCall
  private let weights: [(argument: Int, buffer: AlignedBuffer, memory: UnsafeRawPointer?)]

  /// - Parameters:
  ///   - nodes: covered; the first is the main one.
  ///   - weights: as the network has them.
  convenience init(
    _ candidate: OneDNNCandidate, nodes: [Int], in graph: Graph, weights: LayerWeights? = nil,
    threadCount: Int
  ) {
    self.init(candidate, weights: weights, threadCount: threadCount) { name, kernelID, isa in
      var info = StepInfo(
        nodes: nodes, in: graph, from: candidate.input, to: candidate.output,
        implementation: name, kernelID: kernelID, isa: isa)
      info.canRunInPlace = info.kind == .relu
      // The library tells neither what its transforms compute nor how it unfolds an image.
      if candidate.transform != nil { info.executedFLOPs = nil }
      if candidate.transform != nil || candidate.isGEMM { info.executedBytes = nil }
      return info
    }
  }

  /// A change of layout of one value.
  convenience init(
    reordering value: Graph.ValueID, _ candidate: OneDNNCandidate, in graph: Graph,
    threadCount: Int
  ) {
    self.init(candidate, weights: nil, threadCount: threadCount) {
      StepInfo(
        reordering: value, in: graph, from: candidate.input, to: candidate.output,
        implementation: $0, kernelID: $1, isa: $2)
    }
  }

  private init(
    _ candidate: OneDNNCandidate, weights: LayerWeights?, threadCount: Int,
    info makeInfo: (_ implementation: String, _ kernelID: String, _ isa: String) -> StepInfo
  ) {
    let primitive = candidate.primitive
    self.primitive = primitive
    let identity = primitive.library.identity
    var packed: [(argument: Int, buffer: AlignedBuffer, memory: UnsafeRawPointer?)] = []
    if let weights, let weight = candidate.weight {
      let wanted = Int(ALEX_DNNL_QUERY_WEIGHTS)
      packed.append(
        (
          Int(ALEX_DNNL_ARG_WEIGHTS),
          primitive.packed(
            weights.weight.buffer, lying: weight, as: wanted, threadCount: threadCount),
          primitive.memory(wanted)
        ))
      if let values = weights.bias, let bias = candidate.bias {
        packed.append(
          (
            Int(ALEX_DNNL_ARG_BIAS),
            primitive.packed(
              values.buffer, lying: bias, as: wanted, index: 1, threadCount: threadCount),
            primitive.memory(wanted, index: 1)
          ))
      }
    }
    self.weights = packed
    call = OneDNNCall(primitive, threadCount: threadCount)
    var info = makeInfo(
      "f32-\(candidate.operation)-onednn-\(candidate.method)\(primitive.implementation)",
      "\(identity.name) \(primitive.implementation)",
      identity.isa(ofImplementation: primitive.implementation))
    info.weightByteCount = packed.reduce(0) { $0 + $1.buffer.byteCount }
    info.workspaceByteCount = primitive.byteCount(Int(ALEX_DNNL_QUERY_SCRATCHPAD))
    if !packed.isEmpty { info.tile = candidate.name }
    if let transform = candidate.transform, let shape = weights?.weight.shape {
      info.errorAmplification = transform.errorAmplification(channels: shape.c)
      info.errorTile = transform.outputs
    }
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    call.unbind()
    call.bind(
      Int(ALEX_DNNL_ARG_SOURCE), primitive.memory(Int(ALEX_DNNL_QUERY_SOURCE)),
      at: bindings.inputs[0])
    call.bind(
      Int(ALEX_DNNL_ARG_DESTINATION), primitive.memory(Int(ALEX_DNNL_QUERY_DESTINATION)),
      at: bindings.outputs[0])
    for weight in weights { call.bind(weight.argument, weight.memory, at: weight.buffer.pointer) }
    call.bind(
      Int(ALEX_DNNL_ARG_SCRATCHPAD), primitive.memory(Int(ALEX_DNNL_QUERY_SCRATCHPAD)),
      at: bindings.workspace)
  }

  func run() { call.run() }
}

/// A primitive with its operands: ready to run.
final class OneDNNCall {
  private let primitive: OneDNNPrimitive
  private let threadCount: Int
  private let made: UnsafeMutableRawPointer
  private var memories: [UnsafeMutableRawPointer] = []
  private let arguments: UnsafeMutablePointer<alex_dnnl_argument>
  private var argumentCount = 0
  private static let capacity = 5

  /// Makes the primitive, which generates its code.
  init(_ primitive: OneDNNPrimitive, threadCount: Int) {
    self.primitive = primitive
    self.threadCount = threadCount
    primitive.library.useThreads(threadCount)
    var made: UnsafeMutableRawPointer?
    let status = primitive.library.api.primitive_create(&made, primitive.descriptor)
    primitive.library.endIfOutOfMemory(status)
    guard status == 0, let made else {
      preconditionFailure("oneDNN offers \(primitive.implementation) but does not make it")
    }
    self.made = made
    arguments = .allocate(capacity: Self.capacity)
  }

  deinit {
    unbind()
    arguments.deallocate()
    _ = primitive.library.api.primitive_destroy(made)
  }

  func unbind() {
    for memory in memories { _ = primitive.library.api.memory_destroy(memory) }
    memories = []
    argumentCount = 0
  }

  /// Adds an operand, lying as `description` says. oneDNN sets the fill of blocks to zero here.
  func bind(_ argument: Int, _ description: UnsafeRawPointer?, at data: UnsafeMutableRawPointer) {
    precondition(argumentCount < Self.capacity)
    let library = primitive.library
    var memory: UnsafeMutableRawPointer?
    let status = library.api.memory_create(&memory, description, library.engine, data)
    library.endIfOutOfMemory(status)
    guard status == 0, let memory else {
      preconditionFailure("oneDNN takes no memory for argument \(argument)")
    }
    memories.append(memory)
    (arguments + argumentCount).initialize(
      to: alex_dnnl_argument(argument: Int32(argument), memory: memory))
    argumentCount += 1
  }

  func run() {
    let library = primitive.library
    library.useThreads(threadCount)
    let status = library.api.primitive_execute(
      made, library.stream, Int32(argumentCount), arguments)
    let waited = library.api.stream_wait(library.stream)
    library.endIfOutOfMemory(status)
    library.endIfOutOfMemory(waited)
    precondition(status == 0 && waited == 0, "oneDNN fails with status \(status)")
  }
}

extension OneDNNPrimitive {
  /// A tensor as this primitive wants it: a copy made by the library, in memory of ours; the
  /// original where it lies as wanted already.
  /// - Parameters:
  ///   - query: which operand, with `index` among several.
  ///   - source: how `buffer` lies.
  func packed(
    _ buffer: AlignedBuffer, lying source: OneDNNMemory, as query: Int, index: Int = 0,
    threadCount: Int
  ) -> AlignedBuffer {
    guard let wanted = memory(query, index: index) else {
      preconditionFailure("\(implementation) has no operand \(query)")
    }
    if source.isSame(as: wanted, library: library) { return buffer }
    guard let reorder = Self.reorder(from: source, to: wanted, library: library) else {
      preconditionFailure("oneDNN does not pack the weights of \(implementation)")
    }
    let result = AlignedBuffer(count: (byteCount(query, index: index) + 3) / 4)
    let scratch = AlignedBuffer(count: reorder.byteCount(Int(ALEX_DNNL_QUERY_SCRATCHPAD)) / 4 + 1)
    let call = OneDNNCall(reorder, threadCount: threadCount)
    call.bind(Int(ALEX_DNNL_ARG_SOURCE), source.pointer, at: buffer.pointer)
    call.bind(Int(ALEX_DNNL_ARG_DESTINATION), wanted, at: result.pointer)
    call.bind(
      Int(ALEX_DNNL_ARG_SCRATCHPAD), reorder.memory(Int(ALEX_DNNL_QUERY_SCRATCHPAD)),
      at: scratch.pointer)
    call.run()
    return result
  }
}
