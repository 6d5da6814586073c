import Testing

// Package.swift is the rule of imports: the build refuses an import of a target that is not among the
// dependencies (see `build_tests` in Scripts/common.sh), and a cycle. Here stands what SwiftPM cannot
// check.

/// Modules that come with the toolchain.
private let systemModules: Set<String> = ["Foundation", "Glibc", "Musl", "Synchronization"]

/// Modules of other packages, with the targets that may use them. SwiftPM lets everyone import what
/// a dependency of a dependency brings along.
private let externalModules: [String: Set<String>] = [
  "ArgumentParser": ["alexbench"],
  "Mustache": ["Reporting"],
  "OrderedCollections": ["Measuring", "Reporting"],
  "Subprocess": ["Processes"],
  "SwiftCSV": ["Results"],
]

/// What is compiled for one instruction set.
private let kernelModules = ["KernelSources", "KernelsBaseline", "KernelsAVX2", "KernelsAVX512"]

@Suite("Architecture")
struct ArchitectureTests {
  @Test("A module of another package is imported only by the targets that it was meant for")
  func externalImports() throws {
    let targets = try SourceTree.folders(in: "Sources")
    for target in targets {
      for file in try SourceTree.files(in: "Sources/\(target)") {
        for module in file.imports.subtracting(systemModules).subtracting(targets) {
          #expect(
            externalModules[module]?.contains(target) == true, "\(file.path) imports \(module)")
        }
      }
    }
  }

  /// Not even the toolchain's modules: what the linker merges across modules must not hold
  /// instructions that the processor may lack.
  @Test("Kernel modules import nothing but the interface", arguments: kernelModules)
  func kernelImports(module: String) throws {
    let files = try SourceTree.files(in: "Sources/\(module)")
    #expect(!files.isEmpty)
    for file in files { #expect(file.imports.isSubset(of: ["KernelInterface"]), "\(file.path)") }
  }

  @Test("Only the instruction-set switch imports the kernel modules")
  func wideKernels() throws {
    let files = try SourceTree.files(in: "Sources") + SourceTree.files(in: "Tests")
    for file in files where !file.imports.isDisjoint(with: kernelModules) {
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

  /// Ways to write that do not go through `Files`: they leave half a file, or do not notice what
  /// cannot be written.
  private static var otherWays: [Regex<AnyRegexOutput>] {
    [
      .init(#/\b(fopen|fdopen|fputs|fwrite|putchar|puts|rename|mkdir|creat|mkstemp)\(/#),
      .init(#/\bO_(WRONLY|RDWR|CREAT|APPEND)\b/#), .init(#/\bFileHandle\b(?!\(forReading)/#),
      .init(#/\b(stdout|stderr|debugPrint|Swift\.print)\b/#),
      .init(#/\b(createFile|createDirectory|copyItem|moveItem|replaceItem|linkItem)\(/#),
      .init(#/\.write\((to|toFile): /#),
    ]
  }

  @Test("A path that must not exist is one that nobody can make")
  func absentPaths() throws {
    for file in try SourceTree.files(in: "Tests") where !file.path.contains("ArchitectureTests") {
      for (index, line) in file.lines.enumerated() {
        #expect(!line.contains(#/["=]\/nonexistent/#), "\(file.path):\(index + 1): use /proc")
      }
    }
  }

  @Test("Files and streams are written by one target only")
  func writers() throws {
    let otherWays = Self.otherWays
    for file in try SourceTree.files(in: "Sources") where !file.path.hasPrefix("Sources/Files/") {
      for (index, line) in file.lines.enumerated() where !Self.isAllowed(line, in: file.path) {
        for way in otherWays {
          #expect(line.firstMatch(of: way) == nil, "\(file.path):\(index + 1): \(line)")
        }
        // The program has its own, which hides Swift's.
        if !file.path.hasPrefix("Sources/alexbench/") {
          #expect(!line.contains(#/(^|[^\w.])print\(/#), "\(file.path):\(index + 1): \(line)")
        }
      }
    }
  }

  private static func isAllowed(_ line: Substring, in path: String) -> Bool {
    line.drop { $0 == " " }.hasPrefix("//")
      // A run's own folder must be new.
      || path == "Sources/Results/RunFolder.swift" && line.contains("while mkdir(")
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
