import CFuzzDriver
import Foundation
import FuzzTargets

/// libFuzzer starts this program again, to merge and for jobs, with its own arguments only.
private let variable = "ALEXBENCH_FUZZ_TARGET"

private func named(_ name: String?) -> FuzzTarget? { FuzzTarget.all.first { $0.name == name } }

/// The target of the first argument, if that names one.
private let argument = named(CommandLine.arguments.dropFirst().first)

/// The target that this process fuzzes. libFuzzer takes no context.
private let target = argument ?? named(ProcessInfo.processInfo.environment[variable])

/// The build tool names the start of a program after its module.
@_cdecl("Fuzz_main")
public func start(
  _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  guard let chosen = target else {
    let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
    FileHandle.standardError.write(Data("fuzz: name a target first: \(names)\n".utf8))
    return 64
  }
  // libFuzzer gets the program's name, the limit of the target, and all but the target's name.
  setenv(variable, chosen.name, 1)
  let limit = strdup("-max_len=\(chosen.byteLimit)")
  var passed = [arguments[0], limit]
  let first = argument == nil ? 1 : 2
  for index in first..<max(first, Int(argumentCount)) { passed.append(arguments[index]) }
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
