import CSupport
import Execution
import Foundation
import Kernels
import Networks
import Results

/// The deterministic lane: instructions of our own kernels under callgrind, layer by layer.
///
/// Baseline kernels on the small networks; AVX2 kernels on few and tiny layers, since callgrind
/// takes a thousand times longer for fused multiply-adds. Tiles are fixed, and one thread runs.
/// Libraries are left out: they are not ours to watch, and come in other releases elsewhere. So are
/// plain loops outside of the kernel modules: of those the compiler makes two versions, and which
/// one runs depends on where buffers happen to lie.
package struct CountLane {
  /// A layer on a backend.
  package struct Case {
    package var request: WorkloadRequest

    package var network: String { request.place.network }
    package var layer: String { request.place.layer }
    package var backend: String { request.backend.name }
    package var isa: InstructionSet { request.kernels }
  }

  package let cases: [Case]

  /// Shapes of the AVX2 part: 3×3, 5×5, and a stride as in conv1.
  private static let problems = ["c16 h7 k32 r3 p1", "c16 h9 k32 r5 p2 g2", "c3 h31 k32 r11 u4"]
  private static let tinyLayers: Set<String> = ["pool2", "norm2", "fc6", "fc7", "prob"]

  /// - Parameter backends: those that call libraries, or are plain loops by definition, are left out.
  package init(backends: [any Backend]) throws {
    let own = backends.filter {
      $0.library == nil && $0.threading == .pool && $0.unavailability == nil
    }
    var cases: [Case] = []
    func add(_ place: WorkloadPlace, _ isa: InstructionSet) {
      if place.kind == .dropout { return }
      for backend in own {
        // One that does the same with any instruction set is counted once.
        if isa != .baseline, backend.isa(with: isa.kernels) != isa.rawValue { continue }
        // What it does not keep in its own precision is another backend's.
        if backend.precision != .single, place.kind != .innerProduct { continue }
        var request = WorkloadRequest(place, on: backend, kernels: isa)
        request.tile = "4"
        if place.kind == .innerProduct { request.tiles[place.layer] = "2x2048" }
        cases.append(Case(request: request))
      }
    }
    var seen: Set<String> = []
    for name in ["alexnet-mini", "caffenet-mini"] {
      guard let graph = try NetworkCatalog.network(named: name)?.graph(batch: 1) else { continue }
      // The networks have most layers in common.
      for (index, node) in graph.nodes.enumerated()
      where seen.insert("\(node.layer.spec) \(graph.inputShape(of: node))").inserted {
        let place = WorkloadPlace(graph, network: name, node: index)
        add(place, .baseline)
        if InstructionSet.avx2.isUsable, Self.tinyLayers.contains(node.layer.name) {
          add(place, .avx2)
        }
      }
    }
    if InstructionSet.avx2.isUsable {
      for text in Self.problems {
        let problem = try Problem(text)
        var place = WorkloadPlace(
          try problem.network.graph(batch: 1), network: problem.description, node: 0)
        place.problem = problem
        add(place, .avx2)
      }
    }
    self.cases = cases
  }

  /// Counts every case in one child, in order.
  /// - Parameters:
  ///   - worker: command of a worker of this program.
  ///   - onCase: called before each, with how many are done.
  /// - Throws: that there is no valgrind, or a case that does not run.
  package func count(
    worker: [String], origin: CountRow.Origin, onCase: (Int, Case) throws -> Void = { _, _ in }
  ) throws -> [CountRow] {
    let child = try CallgrindChild(worker: worker, events: ["Ir"])
    defer { child.close() }
    return try cases.enumerated().compactMap { place, item -> CountRow? in
      try onCase(place, item)
      let isa = item.isa.rawValue
      guard let count = try child.count(item.request, ifWanted: { $0.kernelID == isa }) else {
        return nil
      }
      guard let instructions = count.readings.first?.value else {
        throw MeasuringError.worker(
          "\(item.network) \(item.layer), \(item.backend): "
            + (count.readings.first?.reason ?? "callgrind counted nothing"))
      }
      return CountRow(
        network: item.network, layer: item.layer, backend: item.backend, isa: isa,
        tile: count.facts.tile, implementation: count.facts.implementation,
        instructions: instructions, origin: origin)
    }
  }

  /// The compiler's back end, to the commit where it says that: releases that differ in nothing but
  /// the third number generate other code too.
  private static var codeGenerator: String {
    let text = String(cString: alex_c_compiler())
    let words = text.split { !$0.isHexDigit }
    return words.first { $0.count == 40 }.map { "llvm \($0.prefix(12))" } ?? text
  }

  /// What counts made here hold for.
  package static func origin(host: HostEnvironment, build: BuildEnvironment) -> CountRow.Origin {
    CountRow.Origin(
      // Without AVX2 valgrind simulates another processor, and half of the counts are not there.
      architecture: host.cpu.architecture + (InstructionSet.avx2.isUsable ? " with AVX2" : ""),
      compiler: "\(build.compiler) with \(codeGenerator)",
      libc: host.libc ?? "unknown",
      valgrind: CallgrindSource().version ?? "unknown")
  }
}
