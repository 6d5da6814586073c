import Execution
import Foundation

/// The Python environment with peers from PyPI that `Scripts/peers` makes: `.peers` in the
/// repository, beside `Peers`, the folder with their worker.
struct PeerEnvironment {
  /// Names another environment than that of the repository around this program.
  static let variable = "ALEXBENCH_PEERS"
  static let hint = "run Scripts/peers"

  /// Nil when this program is in no repository and no variable names one.
  let folder: String?

  init(variables: [String: String] = ProcessInfo.processInfo.environment) {
    if let path = variables[Self.variable], !path.isEmpty {
      folder = path
      return
    }
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var url = URL(fileURLWithPath: program ?? "/")
    while url.path != "/" {
      url.deleteLastPathComponent()
      let worker = url.appendingPathComponent("Peers/worker.py").path
      if FileManager.default.fileExists(atPath: worker) { break }
    }
    folder = url.path == "/" ? nil : url.appendingPathComponent(".peers").path
  }

  /// All peers, available or not.
  var backends: [any Backend] {
    [
      backend("onnxruntime", title: "ONNX Runtime", kernel: "CPUExecutionProvider"),
      backend("openvino", title: "OpenVINO", kernel: "CPU"),
    ]
  }

  private func backend(_ package: String, title: String, kernel: String) -> ProgramBackend {
    let library = installed(package, kernel: kernel)
    let python = (folder ?? ".peers") + "/bin/python3"
    let worker = URL(fileURLWithPath: folder ?? ".peers").deletingLastPathComponent()
      .appendingPathComponent("Peers/worker.py").path
    var unavailability: Unavailability?
    if library == nil || !FileManager.default.isExecutableFile(atPath: python) {
      unavailability = Unavailability(
        reason: "\(title) is not installed for it", hint: Self.hint)
    } else if !FileManager.default.fileExists(atPath: worker) {
      unavailability = Unavailability(
        reason: "there is no \(worker)",
        hint: "set \(Self.variable) to the folder .peers of a repository of this release")
    }
    return ProgramBackend(
      name: package, summary: "\(title) in a process of its own, through its Python interface",
      program: ExternalProgram(command: [python, worker, package]),
      unavailability: unavailability, library: library,
      warnings: [
        BackendWarning(
          .interface,
          "its Python interface adds some microseconds to every call and takes row-major tensors, so "
            + "that a layer alone includes its changes of layout")
      ])
  }

  /// What the environment says of a package; nil when it is not there.
  private func installed(_ package: String, kernel: String) -> LoadedLibrary? {
    guard let folder else { return nil }
    let files = FileManager.default
    let libraries = folder + "/lib"
    for python in (try? files.contentsOfDirectory(atPath: libraries))?.sorted() ?? [] {
      let packages = "\(libraries)/\(python)/site-packages"
      let names = (try? files.contentsOfDirectory(atPath: packages)) ?? []
      let suffix = ".dist-info"
      guard names.contains(package),
        let record = names.first(where: { $0.hasPrefix(package + "-") && $0.hasSuffix(suffix) })
      else { continue }
      return LoadedLibrary(
        name: package, path: "\(packages)/\(package)",
        version: String(record.dropFirst(package.count + 1).dropLast(suffix.count)),
        kernel: kernel)
    }
    return nil
  }
}
