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
  ///   - nodes: covered; the first is the main one. Empty for a reorder.
  ///   - weights: as the network has them.
  init(
    _ candidate: OneDNNCandidate, kind: LayerKind, nodes: [Int], input: Graph.ValueID,
    output: Graph.ValueID, weights: LayerWeights? = nil, threadCount: Int
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
    var info = StepInfo(
      kind: kind, nodes: nodes, inputs: [Operand(value: input, layout: candidate.input)],
      outputs: [Operand(value: output, layout: candidate.output)],
      implementation:
        "f32-\(candidate.operation)-onednn-\(candidate.method)\(primitive.implementation)",
      kernelID: "\(identity.name) \(primitive.implementation)",
      isa: identity.isa(ofImplementation: primitive.implementation))
    info.weightByteCount = packed.reduce(0) { $0 + $1.buffer.byteCount }
    info.workspaceByteCount = primitive.byteCount(Int(ALEX_DNNL_QUERY_SCRATCHPAD))
    info.canRunInPlace = kind == .relu
    if packed.isEmpty == false { info.tile = candidate.name }
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
