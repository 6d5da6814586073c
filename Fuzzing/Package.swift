// swift-tools-version: 6.2
import PackageDescription

// Apart from the package it fuzzes, so that no ordinary build knows of it. `Scripts/fuzz` builds it
// with the flags that it needs: all of the code is instrumented, not only what is here.
let package = Package(
  name: "AlexBenchFuzzing",
  dependencies: [.package(name: "AlexBench", path: "..")],
  targets: [
    .target(name: "CFuzzDriver"),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["CFuzzDriver", .product(name: "FuzzTargets", package: "AlexBench")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
  ],
  swiftLanguageModes: [.v6]
)
