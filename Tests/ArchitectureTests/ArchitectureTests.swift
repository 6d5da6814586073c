import Testing

/// What each target may import besides ``systemModules``: the table in CONTRIBUTING.md as data.
/// A new edge goes into both, and into Package.swift.
private let allowedImports: [String: Set<String>] = [
  // Level 0
  "CSupport": [],
  "KernelInterface": [],
  "KernelSources": ["KernelInterface"],
  "Tensors": [],
  "Statistics": [],
  // Level 1
  "Networks": ["Tensors"],
  "Results": ["Networks", "SwiftCSV", "Tensors"],
  "KernelsBaseline": ["KernelInterface"],
  "KernelsAVX2": ["KernelInterface"],
  "KernelsAVX512": ["KernelInterface"],
  "Images": ["Tensors", "CSupport"],
  "Processes": ["CSupport", "Subprocess"],
  // Level 2
  "Kernels": ["KernelInterface", "KernelsBaseline", "KernelsAVX2", "KernelsAVX512", "CSupport"],
  "Reference": ["Tensors", "Networks"],
  "CaffeModel": ["Networks", "Tensors"],
  "Execution": ["Tensors", "Networks", "KernelInterface", "CSupport"],
  "Reporting": ["Networks", "Processes", "Results", "Statistics", "Mustache", "OrderedCollections"],
  // Level 3
  "Backends": ["Execution", "Kernels", "KernelInterface", "Networks", "Tensors", "CSupport"],
  "Measuring": [
    "Execution", "Kernels", "KernelInterface", "Networks", "Processes", "Tensors", "Reference",
    "Results", "Statistics", "CSupport",
  ],
  // Level 4
  "alexbench": [
    "ArgumentParser", "Backends", "CSupport", "CaffeModel", "Execution", "Images", "Kernels",
    "Measuring", "Networks", "Reference", "Reporting", "Results", "Statistics", "Tensors",
  ],
]

/// What comes with the toolchain. Kernel modules get none of it: what the linker merges across
/// modules must not hold instructions that the processor may lack.
private let systemModules: Set<String> = ["Foundation", "Glibc", "Musl", "Synchronization"]

private let kernelModules: Set<String> = [
  "KernelSources", "KernelsBaseline", "KernelsAVX2", "KernelsAVX512",
]

@Suite("Architecture")
struct ArchitectureTests {
  @Test("Every folder in Sources is a target of the table, and the other way round")
  func tableIsComplete() throws {
    #expect(try Set(SourceTree.folders(in: "Sources")) == Set(allowedImports.keys))
  }

  @Test("A target imports only what the table allows", arguments: allowedImports.keys.sorted())
  func imports(target: String) throws {
    var allowed = allowedImports[target] ?? []
    if !kernelModules.contains(target) { allowed.formUnion(systemModules) }
    for file in try SourceTree.files(in: "Sources/\(target)") {
      let excess = file.imports.subtracting(allowed)
      #expect(excess.isEmpty, "\(file.path) imports \(excess.sorted().joined(separator: ", "))")
    }
  }

  @Test("Targets import downwards only: the table has no cycle")
  func hasNoCycle() {
    var remaining = allowedImports
    while true {
      let free = remaining.filter { $0.value.isDisjoint(with: remaining.keys) }
      if free.isEmpty { break }
      for name in free.keys { remaining[name] = nil }
    }
    #expect(remaining.isEmpty, "cycle among \(remaining.keys.sorted())")
  }

  @Test("Only the instruction-set switch imports the wide kernel modules")
  func wideKernels() throws {
    let files = try SourceTree.files(in: "Sources") + SourceTree.files(in: "Tests")
    for file in files
    where !file.imports.isDisjoint(with: ["KernelsAVX2", "KernelsAVX512", "KernelsBaseline"]) {
      #expect(file.path.hasPrefix("Sources/Kernels/"), "\(file.path)")
    }
  }

  @Test("No concrete backend is named outside the backends and the program")
  func backendsAreKnownToTheCatalogOnly() throws {
    for target in ["Execution", "Measuring", "Reporting", "Results", "Reference"] {
      for file in try SourceTree.files(in: "Sources/\(target)") {
        #expect(!file.imports.contains("Backends"), "\(file.path)")
      }
    }
  }

  @Test(
    "The reader of import lines sees every form",
    arguments: [
      ("import Tensors", "Tensors"), ("  import Glibc", "Glibc"),
      ("@preconcurrency import Networks", "Networks"), ("public import Results", "Results"),
      ("import struct Foundation.URL", "Foundation"), ("internal import Kernels", "Kernels"),
      ("// import Backends", nil), ("let important = 1", nil), ("/// import nothing", nil),
    ] as [(String, String?)])
  func readsImports(line: String, module: String?) {
    let file = SourceFile(path: "x.swift", lines: [line[...]])
    #expect(file.imports == Set([module].compactMap { $0 }))
  }
}
