import CaffeModel
import Foundation
import GoldenSupport
import Networks
import Tensors
import Testing

/// Damages the bytes of a file in ways that depend on a seed only.
struct Damage {
  private let generator: CounterGenerator
  private var drawn = 0

  init(seed: Int) {
    generator = CounterGenerator(seed: UInt64(seed), stream: "damage")
  }

  private mutating func below(_ limit: Int) -> Int {
    drawn += 1
    return Int(generator.bits(drawn) >> 16) % max(limit, 1)
  }

  /// Numbers that stand for what nobody thought of.
  private static let numbers = [
    "0", "-1", "4294967295", "2147483647", "16777216", "99999999999999999999", "1e400", "nan", "",
    "{", "}", "\"", "[1, 2]", "true",
  ]

  mutating func apply(to bytes: [UInt8], isText: Bool) -> [UInt8] {
    var result = bytes
    for _ in 0...below(3) {
      let start = below(result.count)
      let end = min(result.count, start + 1 + below(1 << below(8)))
      switch below(isText ? 7 : 6) {
      case 0 where start < result.count: result[start] ^= 1 << UInt8(below(8))
      case 1: result.removeSubrange(start..<end)
      case 2: result.insert(contentsOf: result[start..<end], at: below(result.count))
      case 3: result.removeSubrange(start...)
      case 4:
        for index in start..<end { result[index] = UInt8(below(256)) }
      case 5 where start < result.count: result[start] = [0, 0x7f, 0x80, 0xff][below(4)]
      case 6:
        // In place of a number.
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = result[start...].firstIndex(where: digits.contains) else { continue }
        let last = result[first...].firstIndex { !digits.contains($0) } ?? result.count
        result.replaceSubrange(first..<last, with: Self.numbers[below(Self.numbers.count)].utf8)
      default: continue
      }
    }
    return result
  }
}

@Suite("Damaged files", .serialized)
struct DamagedFileTests {
  private static let count = 10_000

  /// The bytes that `write` puts into a file.
  private func file(_ write: (String) throws -> Void) throws -> [UInt8] {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("whole-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(path)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test(
    "Damaged descriptions are read or refused with one line",
    arguments: ["deploy.prototxt", "deploy_v1.prototxt", "deploy_v0.prototxt"])
  func descriptions(file: String) throws {
    let good = Array(try Golden.text("mini-caffenet/\(file)").utf8)
    var readCount = 0
    for seed in 0..<Self.count {
      var damage = Damage(seed: seed)
      let bytes = damage.apply(to: good, isText: true)
      do {
        let network = try network(fromPrototxt: String(decoding: bytes, as: UTF8.self))
        // All that is multiplied when a network is looked at.
        #expect(try network.graph().table.count == network.layers.count + network.inputs.count + 2)
        readCount += 1
      } catch let error as CaffeModelError {
        #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
      }
    }
    #expect(readCount > 100, "some damage, in a comment or to a number, leaves a network")
    #expect(readCount < Self.count / 2)
  }

  @Test("Damaged caffemodels are read or refused with one line, as weights and as descriptions")
  func models() throws {
    let network = try network(
      fromPrototxt: """
        input: 'x' input_shape { dim: [1, 2, 5, 5] }
        layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'
          convolution_param { num_output: 3 kernel_size: 3 } }
        layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }
        layer { name: 'i' type: 'InnerProduct' bottom: 'c' top: 'i'
          inner_product_param { num_output: 4 } }
        """)
    let graph = try network.graph()
    let good = try file {
      try CaffeExport.writeWeights(of: network, from: SeededWeights(seed: 1), to: $0)
    }
    var weightCount = 0
    var networkCount = 0
    for seed in 0..<Self.count {
      var damage = Damage(seed: seed)
      let bytes = damage.apply(to: good, isText: false)
      do {
        let weights = try CaffeWeights(bytes: bytes, named: "damaged")
        for node in graph.nodes { _ = try weights.weights(of: node, in: graph) }
        weightCount += 1
      } catch let error as CaffeModelError {
        #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
      } catch is NetworkError {}
      do {
        _ = try CaffeNetwork(bytes: bytes, named: "damaged").network.graph().table
        networkCount += 1
      } catch let error as CaffeModelError {
        #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
      }
    }
    #expect(weightCount > 100 && weightCount < Self.count)
    #expect(networkCount > 100 && networkCount < Self.count)
  }

  @Test("Damaged arrays are read or refused with one line")
  func arrays() throws {
    let good = try file {
      try NPYFile.write((0..<24).map(Float.init), shape: Shape([2, 3, 4]), to: $0)
    }
    var readCount = 0
    for seed in 0..<Self.count {
      var damage = Damage(seed: seed)
      let bytes = damage.apply(to: good, isText: seed % 2 == 0)
      do {
        let tensor = try NPYFile.read(bytes, named: "damaged")
        #expect(tensor.shape.count <= good.count)
        readCount += 1
      } catch {
        #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
      }
    }
    #expect(readCount > 100 && readCount < Self.count)
  }
}
