import ArgumentParser

@main
struct AlexBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alexbench", abstract: "Benchmarks AlexNet, layer by layer, on CPU backends.")
}
