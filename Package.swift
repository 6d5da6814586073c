// swift-tools-version: 6.2
import PackageDescription

#if arch(x86_64)
  /// Kernel modules above the baseline, with the `-march` level each is compiled for.
  let wideKernels = [("KernelsAVX2", "x86-64-v3"), ("KernelsAVX512", "x86-64-v4")]
#else
  let wideKernels: [(String, String)] = []
#endif

/// Flags of a kernel module: one instruction set, no overflow checks, and loops over accumulators
/// fully unrolled (without the raised threshold the accumulators would live in memory).
/// The same in debug and release, so that tests exercise the code that is measured.
func kernelFlags(_ march: String?) -> [SwiftSetting] {
  let isa = march.map { ["-Xcc", "-march=\($0)"] } ?? []
  // 32 vector registers hold tiles of up to 14 pixels, 16 of up to 6.
  let tiles: [SwiftSetting] = march == "x86-64-v4" ? [.define("WIDE_TILES")] : []
  return tiles + [
    .unsafeFlags(["-Ounchecked", "-Xllvm", "-unroll-threshold=1000"] + isa)
  ]
}

/// Modules that arrange what others measured and computed: strings and small tables, about a second
/// of work. Optimised, they took 77 of the 284 CPU seconds of a first build, like this 16.
let unoptimised: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let package = Package(
  name: "AlexBench",
  products: [
    .executable(name: "alexbench", targets: ["alexbench"]),
    .library(
      name: "AlexBenchKit",
      targets: ["Backends", "Measuring", "Execution", "Kernels", "Networks", "Tensors"]),
    // For tests: preloaded into the program, makes calls of the system fail.
    .library(name: "FaultInjector", type: .dynamic, targets: ["FaultInjector"]),
    // For the package in Fuzzing.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    // Without its trait for Foundation's types.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // Level 0
    .target(name: "CSupport", linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("m")]),
    .target(name: "Files"),
    .target(name: "Statistics"),
    .target(name: "KernelInterface"),
    // Level 1
    .target(name: "Tensors", dependencies: ["Files"]),
    .target(
      name: "KernelsBaseline", dependencies: ["KernelInterface"], swiftSettings: kernelFlags(nil)),
    .target(
      name: "Processes",
      dependencies: ["CSupport", .product(name: "Subprocess", package: "swift-subprocess")],
      swiftSettings: unoptimised),
    // Level 2
    .target(name: "Networks", dependencies: ["Tensors"]),
    .target(name: "Images", dependencies: ["Tensors", "CSupport"]),
    .target(
      name: "Kernels",
      dependencies: ["KernelInterface", "KernelsBaseline", "CSupport"]
        + wideKernels.map { .init(stringLiteral: $0.0) }),
    // Level 3
    .target(
      name: "Results",
      dependencies: [
        "Files", "Networks", "Tensors", .product(name: "SwiftCSV", package: "SwiftCSV"),
      ], swiftSettings: unoptimised),
    .target(name: "Reference", dependencies: ["Tensors", "Networks"]),
    // Loops for reading that are timed all the same: as fast as they are in C.
    .target(
      name: "NaiveLayers", dependencies: ["Tensors", "Networks"],
      swiftSettings: [.unsafeFlags(["-Ounchecked"])]),
    .target(
      name: "CaffeModel",
      dependencies: ["Files", "Networks", "Tensors"], resources: [.embedInCode("caffe.proto")]),
    .target(
      name: "Execution",
      dependencies: ["Files", "Tensors", "Networks", "KernelInterface", "CSupport"]),
    // Level 4
    .target(
      name: "Reporting",
      dependencies: [
        "Files", "Networks", "Processes", "Results", "Statistics",
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      // Part of the program, so that a copy of it needs nothing beside it.
      resources: ["report.mustache", "table.mustache", "report.css", "report.js"].map {
        .embedInCode("Report/Page/\($0)")
      }, swiftSettings: unoptimised),
    .target(
      name: "Backends",
      dependencies: [
        "Execution", "Kernels", "KernelInterface", "NaiveLayers", "Networks", "Tensors", "CSupport",
      ]),
    .target(
      name: "Measuring",
      dependencies: [
        "Execution", "Files", "Kernels", "KernelInterface", "Networks", "Processes", "Tensors",
        "Reference", "Results", "Statistics", "CSupport",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    // Level 5
    .executableTarget(
      name: "alexbench",
      dependencies: [
        "Backends", "Measuring", "Reporting", "CaffeModel", "Execution", "Files", "Images",
        "Kernels", "Networks", "Processes", "Reference", "Results", "Statistics", "Tensors",
        "CSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: unoptimised),
    // Tests
    .target(name: "TestGuard", path: "Tests/TestGuard"),
    .testTarget(name: "ArchitectureTests", dependencies: []),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
    .testTarget(name: "NetworksTests", dependencies: ["Networks", "Tensors"]),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"]),
    .testTarget(name: "ResultsTests", dependencies: ["Results", "Networks"]),
    .testTarget(name: "ReferenceTests", dependencies: ["Reference", "Networks", "Tensors"]),
    .target(
      name: "GoldenSupport", dependencies: ["CaffeModel", "Networks", "Tensors"],
      path: "Tests/GoldenSupport"),
    .testTarget(
      name: "CaffeModelTests",
      dependencies: ["CaffeModel", "GoldenSupport", "Reference", "Networks", "Tensors"]),
    .testTarget(
      name: "ExecutionTests",
      dependencies: [
        "Execution", "Networks", "Tensors", "Kernels", "KernelInterface", "CSupport",
      ]),
    .testTarget(
      name: "KernelsTests",
      dependencies: [
        "Kernels", "KernelInterface", "Execution", "Backends", "Reference", "Networks", "Tensors",
      ]),
    // The loop nests of backend `naive` in C. The same flags in debug and release; no fused
    // multiply-add, which would round differently.
    .target(
      name: "PlainNest", path: "Tests/PlainNest",
      cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])],
      linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "PlainNestBackend",
      dependencies: ["Execution", "KernelInterface", "Networks", "PlainNest", "Tensors"],
      path: "Tests/PlainNestBackend"),
    .executableTarget(
      name: "compare-naive",
      dependencies: [
        "Backends", "CSupport", "Execution", "Kernels", "Networks", "PlainNestBackend", "Tensors",
      ], path: "Tests/NaiveComparison"),
    .testTarget(
      name: "BackendsTests",
      dependencies: [
        "Backends", "Execution", "Kernels", "Reference", "CaffeModel", "GoldenSupport",
        "Networks", "Tensors", "CSupport", "KernelInterface", "Images", "PlainNestBackend",
      ]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "GoldenSupport", "Tensors"]),
    .target(name: "FakePAPI", dependencies: ["CSupport"], path: "Tests/FakePAPI"),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(
      name: "FaultInjector", path: "Tests/FaultInjector", linkerSettings: [.linkedLibrary("dl")]),
    .testTarget(
      name: "MeasuringTests",
      dependencies: [
        "Measuring", "AllocationCounter", "Backends", "CSupport", "Execution", "FakePAPI",
        "Kernels", "Networks", "Processes", "Reference", "Reporting", "Results", "Statistics",
        "Tensors",
      ]),
    .testTarget(name: "ProcessesTests", dependencies: ["Processes", "CSupport", "TestGuard"]),
    .testTarget(
      name: "ReportingTests",
      dependencies: ["GoldenSupport", "Reporting", "Results", "Statistics"]),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CaffeModel", "Execution", "Images", "Measuring", "Networks", "Results", "Tensors",
      ], path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"]),
    .testTarget(name: "CommandTests", dependencies: ["GoldenSupport", "Results", "Tensors"]),
  ]
    + wideKernels.map { name, march in
      .target(name: name, dependencies: ["KernelInterface"], swiftSettings: kernelFlags(march))
    },
  swiftLanguageModes: [.v6]
)
