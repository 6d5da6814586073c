import Tensors

/// Caffe `Dropout`: the identity in inference.
public struct DropoutSpec: Hashable, Sendable {
  public var ratio: Float
  public init(ratio: Float = 0.5) { self.ratio = ratio }
}

extension DropoutSpec: LayerDefinition {
  static var kind: LayerKind { .dropout }
  var identity: Identity? { .inAnyLayout }
  func problem(on input: Shape) -> String { "ratio\(ratio)" }
  var parameters: [String: LayerParameter] { ["ratio": .real(ratio)] }
}
