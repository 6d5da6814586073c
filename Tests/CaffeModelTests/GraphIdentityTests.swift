import CaffeModel
import GoldenSupport
import Networks
import Tensors
import Testing

/// The text by which networks are told apart, over all descriptions that Caffe comes with.
@Suite struct GraphIdentityTests {
  static let files =
    [
      "bvlc_alexnet_deploy", "bvlc_alexnet_train_val", "bvlc_googlenet_deploy",
      "bvlc_googlenet_train_val", "bvlc_reference_caffenet_deploy",
      "bvlc_reference_caffenet_train_val", "cifar10_full", "cifar10_quick", "lenet",
    ].map { "prototxt/\($0).prototxt" } + [
      "mini-alexnet/deploy.prototxt", "mini-caffenet/deploy.prototxt",
      "mini-googlenet/net.prototxt",
    ]

  private func graph(_ text: String) throws -> Graph {
    try CaffeNetwork(prototxt: text).network.graph(batch: 2)
  }

  @Test("Comments, blanks and the order of fields make no other network", arguments: files)
  func sameContent(file: String) throws {
    let text = try Golden.text(file)
    let original = try graph(text)
    for seed in 0..<5 {
      let other = try graph(PrototxtVariation(text, seed: UInt64(seed)).text)
      #expect(other == original)
      #expect(other.canonicalText == original.canonicalText)
    }
  }

  @Test("A changed number is another text where it is another network, and only there")
  func otherContent() throws {
    var counts = (changed: 0, unchanged: 0)
    for file in Self.files.filter({ !$0.contains("googlenet") }) {
      let text = try Golden.text(file)
      let original = try graph(text)
      for range in text.ranges(of: /\b[0-9]+\b/) {
        var changed = text
        changed.replaceSubrange(range, with: "\((Int(text[range]) ?? 0) + 1)")
        guard let other = try? graph(changed) else { continue }
        #expect(
          (other == original) == (other.canonicalText == original.canonicalText),
          "\(file), \(text[range]) at \(text[..<range.lowerBound].suffix(60))")
        if other == original { counts.unchanged += 1 } else { counts.changed += 1 }
      }
    }
    #expect(counts.changed > 100 && counts.unchanged > 50)
  }

  @Test("Images and the name of the network do not count, inputs and biases do")
  func rules() throws {
    let text = try Golden.text("prototxt/lenet.prototxt")
    let net = try CaffeNetwork(prototxt: text).network
    let form = try net.graph(batch: 1).canonicalText
    #expect(try net.graph(batch: 10).canonicalText == form)
    var renamed = net
    renamed.name = "other"
    #expect(try renamed.graph(batch: 1).canonicalText == form)
    let unbiased = text.replacing(
      "convolution_param {", with: "convolution_param { bias_term: false")
    #expect(try graph(unbiased).canonicalText != form)
    var wide = net
    wide.inputs[0].shape = Shape([1, 1, 28, 29])
    #expect(try wide.graph(batch: 1).canonicalText != form)
  }
}

/// A description with other blanks, comments, and fields in another order; those of one name, and
/// layers, stay in theirs.
private struct PrototxtVariation {
  private var generator: SplitMix
  private(set) var text = ""

  init(_ original: String, seed: UInt64) {
    generator = SplitMix(state: seed)
    // One word per blank; the strings of these files have none inside.
    let plain = original.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.prefix { $0 != "#" } }.joined(separator: "\n")
    var words = plain.replacing("{", with: " { ").replacing("}", with: " } ")
      .replacing(":", with: ": ").replacing(/:\s*{/, with: " {").split { $0.isWhitespace }
      .map(String.init)[...]
    text = write(fields(&words), isOutermost: true)
  }

  private indirect enum Field {
    case value(name: String, String)
    case message(name: String, [Field])

    var name: String {
      switch self {
      case .value(let name, _), .message(let name, _): name
      }
    }
  }

  private func fields(_ words: inout ArraySlice<String>) -> [Field] {
    var fields: [Field] = []
    while let word = words.popFirst(), word != "}" {
      if word.hasSuffix(":") {
        fields.append(.value(name: String(word.dropLast()), words.popFirst() ?? ""))
      } else {
        _ = words.popFirst()
        fields.append(.message(name: word, self.fields(&words)))
      }
    }
    return fields
  }

  private mutating func write(_ fields: [Field], isOutermost: Bool = false) -> String {
    var ordered = fields
    if !isOutermost {
      ordered.shuffle(using: &generator)
      for name in Set(fields.map(\.name)) {
        let places = ordered.indices.filter { ordered[$0].name == name }
        for (place, field) in zip(places, fields.filter { $0.name == name }) {
          ordered[place] = field
        }
      }
    }
    return ordered.map { field in
      switch field {
      case .value(let name, let value): "\(name)\(blank(""))\(":")\(blank(""))\(value)\(blank(" "))"
      case .message(let name, let inner):
        "\(name)\(blank(" ")){\(blank(""))\(write(inner))}\(blank("\n"))"
      }
    }.joined()
  }

  private mutating func blank(_ least: String) -> String {
    least + ["", " ", "\t", "\r\n", " # a: comment { \n"].randomElement(using: &generator)!
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
