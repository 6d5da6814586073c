import CFuzzDriver
import Foundation
import FuzzTargets

/// The target that this process fuzzes: the first argument. libFuzzer takes no context.
private let target: FuzzTarget? = {
  let name = CommandLine.arguments.dropFirst().first ?? ""
  return FuzzTarget.all.first { $0.name == name }
}()

/// The build tool names the start of a program after its module.
@_cdecl("Fuzz_main")
public func start(
  _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  guard let byteLimit = target?.byteLimit else {
    let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
    FileHandle.standardError.write(Data("fuzz: name a target first: \(names)\n".utf8))
    return 64
  }
  // libFuzzer gets the program's name, the limit of the target, and all but the target's name.
  let limit = strdup("-max_len=\(byteLimit)")
  var passed = [arguments[0], limit]
  for index in 2..<max(2, Int(argumentCount)) { passed.append(arguments[index]) }
  var count = CInt(passed.count)
  passed.append(nil)
  return passed.withUnsafeMutableBufferPointer { buffer in
    var vector = buffer.baseAddress
    return LLVMFuzzerRunDriver(&count, &vector) { data, size in
      let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
      do { _ = try target?.run(bytes) } catch { fatalError("\(error)") }
      return 0
    }
  }
}
