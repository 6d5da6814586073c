import Execution
import Kernels

/// One column of a comparison: a backend, with an instruction set where it has several.
struct Contender {
  var backend: any Backend
  var kernels: InstructionSet
  /// The `isa` column before a workload is prepared.
  var isa: String

  /// Backends times the instruction sets that change what they run; a library runs its own code
  /// whatever our kernels do, and stands there once.
  static func list(
    _ backends: [any Backend], isas: [InstructionSet]
  ) -> [Contender] {
    backends.flatMap { backend -> [Contender] in
      guard backend.unavailability == nil else {
        return [Contender(backend: backend, kernels: isas[0], isa: "external")]
      }
      var seen: Set<String> = []
      return isas.compactMap { kernels in
        let isa = backend.isa(with: kernels.kernels)
        guard seen.insert(isa).inserted else { return nil }
        return Contender(backend: backend, kernels: kernels, isa: isa)
      }
    }
  }

  /// Why nothing can be measured here, whatever the memory; nil when it can.
  func obstacle(_ place: WorkloadPlace) -> String? {
    backend.unavailability?.description ?? skipReason(place) ?? place.skipReason
  }

  /// Why nothing is measured here, or nil.
  func skipReason(_ place: WorkloadPlace) -> String? {
    if backend.needsPlan, place.node != nil {
      return "\(backend.name) is a choice for whole nets; a layer alone is the one of its backend"
    }
    guard backend.threading == .single else { return nil }
    if place.threads > 1 { return "\(backend.name) runs on one thread by definition" }
    if place.batch > 1 {
      return "\(backend.name) is measured at batch 1 only, being too slow for more"
    }
    return nil
  }
}
