// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "AlexBench", path: ".."),
    // Without its traits, the tool puts nothing between the kernels and the allocator.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    // The tool takes targets whose folder lies in one of the name "Benchmarks".
    .executableTarget(
      name: "Layers",
      dependencies: [
        .product(name: "AlexBenchKit", package: "AlexBench"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Layers",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
