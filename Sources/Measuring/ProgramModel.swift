import Networks
import Results

/// A graph with its weights and inputs for a program that knows nothing of this one's catalogs: what
/// there is to compute is here, the numbers in a file beside.
package struct ProgramModel: Codable, Hashable, Sendable {
  /// Where a tensor begins in ``file``: row-major, little-endian float32.
  package struct Place: Codable, Hashable, Sendable {
    package var byteOffset: Int
    package var shape: [Int]
  }

  /// One version of a blob.
  package struct Value: Codable, Hashable, Sendable {
    package var blob: String
    package var shape: [Int]
    /// The contents of an input of the graph.
    package var input: Place?
  }

  /// One layer.
  package struct Node: Codable, Hashable, Sendable {
    package var layer: String
    /// As in the `kind` column.
    package var kind: String
    /// Indices into ``values``.
    package var inputs: [Int]
    package var outputs: [Int]
    package var parameters: [String: Parameter]
    package var weight: Place?
    package var bias: Place?
  }

  package var network: String
  /// Is there until `prepare` is answered.
  package var file: String
  /// Copies of the weights that take turns, one call each, so that every call finds its weights in
  /// memory; 1 for weights that stay where they are.
  package var weightCopies: Int
  package var values: [Value]
  package var nodes: [Node]
  /// Indices into ``values``.
  package var inputs: [Int]
  package var outputs: [Int]
}

/// One parameter of a layer.
package enum Parameter: Codable, Hashable, Sendable {
  case flag(Bool)
  case integer(Int)
  case real(Float)
  case text(String)
  case integers([Int])
  case reals([Float])

  init(_ extent: Extent) { self = .integers([extent.h, extent.w]) }

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let real = try? value.decode(Float.self) {
      self = .real(real)
    } else if let integers = try? value.decode([Int].self) {
      self = .integers(integers)
    } else if let reals = try? value.decode([Float].self) {
      self = .reals(reals)
    } else {
      self = .text(try value.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try value.encode(flag)
    case .integer(let integer): try value.encode(integer)
    // All digits of a double, which says a float exactly.
    case .real(let real): try value.encode(Double(real))
    case .text(let text): try value.encode(text)
    case .integers(let integers): try value.encode(integers)
    case .reals(let reals): try value.encode(reals.map(Double.init))
    }
  }
}

extension LayerSpec {
  /// The parameters by the names that the protocol has for them.
  var parameters: [String: Parameter] {
    switch self {
    case .convolution(let spec):
      [
        "outputs": .integer(spec.outputs), "kernel": Parameter(spec.kernel),
        "stride": Parameter(spec.stride), "pad": Parameter(spec.pad),
        "dilation": Parameter(spec.dilation), "groups": .integer(spec.groups),
      ]
    case .relu(let spec): ["negativeSlope": .real(spec.negativeSlope)]
    case .pooling(let spec):
      [
        "method": .text(spec.method.rawValue), "kernel": Parameter(spec.kernel),
        "stride": Parameter(spec.stride), "pad": Parameter(spec.pad),
        "isGlobal": .flag(spec.isGlobal),
      ]
    case .lrn(let spec):
      [
        "size": .integer(spec.size), "alpha": .real(spec.alpha), "beta": .real(spec.beta),
        "k": .real(spec.k), "region": .text(spec.region.rawValue),
      ]
    case .innerProduct(let spec):
      [
        "outputs": .integer(spec.outputs), "axis": .integer(spec.axis),
        "isTransposed": .flag(spec.isTransposed),
      ]
    case .dropout(let spec): ["ratio": .real(spec.ratio)]
    case .softmax(let spec): ["axis": .integer(spec.axis)]
    case .softmaxWithLoss(let spec):
      [
        "axis": .integer(spec.axis), "normalization": .text(spec.normalization.rawValue),
        "lossWeight": .real(spec.lossWeight),
      ].merging(Self.ignored(spec.ignoredLabel)) { mine, _ in mine }
    case .euclideanLoss(let spec): ["lossWeight": .real(spec.lossWeight)]
    case .accuracy(let spec):
      ["axis": .integer(spec.axis), "topK": .integer(spec.topK)]
        .merging(Self.ignored(spec.ignoredLabel)) { mine, _ in mine }
    case .concat(let spec): ["axis": .integer(spec.axis)]
    case .eltwise(let spec):
      ["operation": .text(spec.operation.rawValue), "coefficients": .reals(spec.coefficients)]
    case .flatten(let spec): ["axis": .integer(spec.axis), "endAxis": .integer(spec.endAxis)]
    case .power(let spec):
      ["power": .real(spec.power), "scale": .real(spec.scale), "shift": .real(spec.shift)]
    case .sigmoid, .tanh: [:]
    }
  }

  private static func ignored(_ label: Int?) -> [String: Parameter] {
    label.map { ["ignoredLabel": .integer($0)] } ?? [:]
  }
}
