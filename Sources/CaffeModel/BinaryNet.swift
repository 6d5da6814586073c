import Foundation
import SwiftProtobuf

/// A description in binary form, as in a caffemodel: read as text, without its weights.
enum BinaryNet {
  /// Where weights stand: in today's layers, in V1 layers, in the V0 layer inside one.
  private static let blobPaths: [[Int]] = [[100, 7], [2, 6], [2, 1, 50]]

  /// The description in the text format; a field without a name there has its number.
  static func text(of source: ByteSource) throws(CaffeModelError) -> String {
    let bytes: [UInt8]
    do throws(WireError) {
      bytes = try withoutBlobs(source, 0..<source.count, path: [])
    } catch {
      throw .damaged(reason: error.reason)
    }
    do {
      let net = try Caffe_NetParameter(serializedBytes: bytes)
      return net.textFormatString()
    } catch {
      throw .damaged(reason: "it is damaged or another kind of file (\(error))")
    }
  }

  /// The bytes of a message but for blobs in it.
  private static func withoutBlobs(
    _ source: ByteSource, _ range: Range<Int>, path: [Int]
  ) throws(WireError) -> [UInt8] {
    var result: [UInt8] = []
    var reader = WireReader(source, range)
    while true {
      let start = reader.position
      guard let (number, value) = try reader.next() else { return result }
      let here = path + [number]
      if blobPaths.contains(here) { continue }
      if case .bytes(let inner) = value, blobPaths.contains(where: { $0.starts(with: here) }) {
        let kept = try withoutBlobs(source, inner, path: here)
        result += WireWriter.tag(number, .bytes) + WireWriter.varint(UInt64(kept.count)) + kept
      } else {
        do throws(CaffeModelError) {
          result += try source.bytes(at: start, count: reader.position - start)
        } catch {
          throw WireError(error.description)
        }
      }
      guard result.count <= PrototxtScanner.byteLimit else {
        throw WireError(
          "its description has more than \(PrototxtScanner.byteLimit) bytes besides weights")
      }
    }
  }
}
