/// One parameter of a layer, as programs get it: plain JSON.
package enum LayerParameter: Codable, Hashable, Sendable {
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
