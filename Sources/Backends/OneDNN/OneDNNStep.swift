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
