/// An event as `perf_event_open` takes it. Numbers from linux/perf_event.h, which never change.
package struct PerfEvent: Hashable, Sendable {
  package var name: String
  package var type: UInt32
  package var config: UInt64
  /// Whether it happens in the kernel only, so that nothing is counted where that is excluded.
  package var isOfKernel: Bool

  init(_ name: String, _ type: UInt32, _ config: UInt64, isOfKernel: Bool = false) {
    self.name = name
    self.type = type
    self.config = config
    self.isOfKernel = isOfKernel
  }

  /// Nanoseconds that threads ran, faults, switches: the kernel counts them, on every machine.
  static let software: [PerfEvent] = [
    PerfEvent("task-clock", 1, 1), PerfEvent("page-faults", 1, 2),
    PerfEvent("context-switches", 1, 3, isOfKernel: true),
    PerfEvent("cpu-migrations", 1, 4, isOfKernel: true), PerfEvent("minor-faults", 1, 5),
    PerfEvent("major-faults", 1, 6), PerfEvent("cpu-clock", 1, 0),
    PerfEvent("alignment-faults", 1, 7), PerfEvent("emulation-faults", 1, 8),
  ]

  /// Events that the processor counts.
  static let hardware: [PerfEvent] =
    [
      PerfEvent("cycles", 0, 0), PerfEvent("instructions", 0, 1),
      PerfEvent("cache-references", 0, 2), PerfEvent("cache-misses", 0, 3),
      PerfEvent("branches", 0, 4), PerfEvent("branch-misses", 0, 5),
      PerfEvent("stalled-cycles-frontend", 0, 7), PerfEvent("stalled-cycles-backend", 0, 8),
      PerfEvent("ref-cycles", 0, 9),
    ] + cache

  /// cache + 256 · operation + 65536 · result, of reading.
  private static let cache = [("L1-dcache", 0), ("LLC", 2), ("dTLB", 3)].flatMap { name, cache in
    [
      PerfEvent("\(name)-loads", 3, UInt64(cache)),
      PerfEvent("\(name)-load-misses", 3, UInt64(cache) + 1 << 16),
    ]
  }

  /// An event by name, or a raw one as `rHEX`.
  static func named(_ name: String, in known: [PerfEvent]) -> PerfEvent? {
    if let event = known.first(where: { $0.name == name }) { return event }
    guard known == hardware, name.first == "r", let config = UInt64(name.dropFirst(), radix: 16)
    else { return nil }
    return PerfEvent(name, 4, config)
  }
}
