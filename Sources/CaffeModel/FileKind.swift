import Foundation

/// What a file is that is not the one asked for, as far as its beginning tells.
enum FileKind {
  static let blob = "a blob, as Caffe keeps means in (.binaryproto)"

  /// - Returns: for example "a PNG image"; nil for what is not known here.
  static func name(of source: ByteSource) -> String? {
    if source.count == 0 { return "an empty file" }
    let head = source.head
    return binary(head) ?? text(head) ?? message(in: source)
  }

  /// What a folder is; of databases the folder is what has a name.
  static func name(ofFolder path: String) -> String {
    func has(_ file: String) -> Bool { access(path + "/" + file, F_OK) == 0 }
    if has("data.mdb") { return "it is a folder with an LMDB database" }
    if has("CURRENT") && has("LOCK") { return "it is a folder with a LevelDB database" }
    return "it is a folder"
  }

  // MARK: Bytes

  /// What begins with which bytes, and at which place.
  private static let signatures: [(at: Int, bytes: [UInt8], name: String)] = [
    (0, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "an HDF5 file"),
    (0, [0x89, 0x50, 0x4e, 0x47], "a PNG image"), (0, [0xff, 0xd8, 0xff], "a JPEG image"),
    (0, Array("GIF8".utf8), "a GIF image"), (8, Array("WEBP".utf8), "a WebP image"),
    (0, [0x49, 0x49, 0x2a, 0x00], "a TIFF image"), (0, [0x4d, 0x4d, 0x00, 0x2a], "a TIFF image"),
    (0, Array("P6\n".utf8), "a PPM image"), (0, Array("P5\n".utf8), "a PGM image"),
    (16, [0xde, 0xc0, 0xef, 0xbe], "an LMDB database"),
    (0, [0x1f, 0x8b], "a gzip archive; unpack it"),
    (0, Array("PK\u{3}\u{4}".utf8), "a zip archive, which PyTorch's and Keras's models are too"),
    (0, Array("BZh".utf8), "a bzip2 archive; unpack it"),
    (0, [0xfd, 0x37, 0x7a, 0x58, 0x5a], "an xz archive; unpack it"),
    (0, [0x28, 0xb5, 0x2f, 0xfd], "a zstd archive; unpack it"),
    (0, [0x37, 0x7a, 0xbc, 0xaf], "a 7z archive; unpack it"),
    (257, Array("ustar".utf8), "a tar archive; unpack it"),
    (0, [0x93] + Array("NUMPY".utf8), "an array of NumPy (.npy)"),
    (0, [0x7f] + Array("ELF".utf8), "a program or library"), (0, Array("%PDF".utf8), "a PDF"),
    (0, [0x80, 0x02], "a pickle of Python, as PyTorch writes"),
    (4, Array("TFL3".utf8), "a model of TensorFlow Lite"),
    (0, [0xff, 0xfe], "text in UTF-16; save it as UTF-8"),
    (0, [0xfe, 0xff], "text in UTF-16; save it as UTF-8"),
  ]

  private static func binary(_ head: [UInt8]) -> String? {
    signatures.first { signature in
      head.count >= signature.at && head[signature.at...].starts(with: signature.bytes)
    }?.name
  }

  // MARK: Text

  private static func text(_ head: [UInt8]) -> String? {
    let bytes = head.starts(with: [0xef, 0xbb, 0xbf]) ? head.dropFirst(3) : head[...]
    let text = String(
      decoding: bytes.drop(while: PrototxtScanner.isBlank).prefix(256), as: UTF8.self
    ).lowercased()
    func isAfterBracket(_ isWanted: (Character) -> Bool) -> Bool {
      text.dropFirst().first { !$0.isWhitespace }.map(isWanted) ?? false
    }
    switch text.first {
    case "<":
      if text.contains("<html") || text.contains("<!doctype html") {
        return "an HTML page, perhaps that of a site from which the file was to come"
      }
      return text.hasPrefix("<?xml") || text.hasPrefix("<net") ? "an XML file" : nil
    case "{": return isAfterBracket { $0 == "\"" || $0 == "}" } ? "a JSON file" : nil
    case "[":
      if isAfterBracket(\.isLetter) { return "a configuration in sections, as Darknet's are" }
      return "a JSON file"
    default: break
    }
    if text.hasPrefix("version https://git-lfs") {
      return "a pointer of Git LFS; 'git lfs pull' fetches the file itself"
    }
    return nil
  }

  /// A description in protobuf's text format that has no layer: whose fields are these?
  static func name(of tree: PrototxtMessage) -> String? {
    guard tree["layer"].isEmpty, tree["layers"].isEmpty else { return nil }
    let names = Set(tree.fields.map(\.name))
    if !names.isDisjoint(with: solverFields) {
      let net = tree.scalar("net") ?? tree.scalar("train_net")
      return "the description of a solver" + (net.map { ", whose net is '\($0)'" } ?? "")
    }
    if names == ["item"] { return "a map of labels" }
    if names.contains("node") { return "a graph of TensorFlow as text" }
    if names.contains("meta_graphs") { return "a saved model of TensorFlow as text" }
    if names.contains("ir_version") { return "a model of ONNX as text" }
    if names.contains("train_config") || names.contains("model") {
      return "a configuration of TensorFlow's object detection"
    }
    if names.contains("max_batch_size") || names.contains("platform") {
      return "a configuration of an inference server"
    }
    if names.contains("data"), !names.isDisjoint(with: ["shape", "num", "channels"]) {
      return "a blob as text"
    }
    return nil
  }

  /// Fields of the outermost message that only a solver has.
  private static let solverFields: Set<String> = [
    "net", "train_net", "test_net", "net_param", "train_net_param", "test_net_param", "base_lr",
    "max_iter", "lr_policy", "solver_mode", "solver_type", "snapshot", "snapshot_prefix",
    "test_iter", "test_interval", "momentum", "random_seed", "iter_size",
  ]

  // MARK: Messages

  /// What a binary message is, by its first fields.
  private static func message(in source: ByteSource) -> String? {
    guard source.looksBinary else { return nil }
    enum Kind { case number, bytes, other }
    var fields: [Int: Kind] = [:]
    var nodeCount = 0
    var reader = WireReader(source)
    for _ in 0..<16 {
      guard let next = try? reader.next() else { break }
      switch next.value {
      case .varint: fields[next.number] = .number
      case .bytes: fields[next.number] = .bytes
      default: fields[next.number] = .other
      }
      if next.number == 1, case .bytes(let range) = next.value, isNode(source, range) {
        nodeCount += 1
      }
    }
    if nodeCount > 0 { return "a graph of TensorFlow" }
    switch (fields[1], fields[2], fields[3], fields[4]) {
    case (.number, _, _, _) where fields[7] == .bytes && fields[5] == nil: return "a model of ONNX"
    case (.number, .number, .number, .bytes): return "an image of a database (Datum)"
    case (.number, .number, .number, .number) where fields[5] != nil: return blob
    case (nil, nil, nil, nil) where fields[7] == .bytes && fields[5] == .bytes: return blob
    case (.number, .bytes, .bytes, _), (.number, nil, .bytes, _), (.number, .bytes, nil, nil):
      return "the state of a solver (.solverstate)"
    default: return nil
    }
  }

  /// Whether a message could be a NodeDef of TensorFlow: two texts, a name and an operation.
  private static func isNode(_ source: ByteSource, _ range: Range<Int>) -> Bool {
    var reader = WireReader(source, range)
    guard let name = try? reader.next(), name.number == 1, case .bytes = name.value,
      let operation = try? reader.next(), operation.number == 2,
      case .bytes(let text) = operation.value, (1...64).contains(text.count),
      let bytes = try? source.bytes(at: text.lowerBound, count: text.count)
    else { return false }
    return bytes.allSatisfy { (0x21...0x7e).contains($0) }
  }
}
