import CSupport

/// The kernel's side of counting, which tests replace.
package struct PerfSystem {
  /// Opens an event on a thread, in the group of a leader or as one (−1), with the kernel's part
  /// or without: a descriptor, or a negative error number.
  package var open:
    (_ event: PerfEvent, _ thread: Int32, _ leader: Int32, _ excludesKernel: Bool) -> Int32
  package var start: (_ leader: Int32) -> Void
  package var stop: (_ leader: Int32) -> Void
  /// Values of a group in order, and how long it was switched on and counted; nil on failure.
  package var read: (_ leader: Int32, _ count: Int) -> Values?
  package var close: (_ descriptor: Int32) -> Void
  /// The calling thread first.
  package var threads: () -> [Int32]
  package var host: CounterHost

  package struct Values: Hashable, Sendable {
    package var values: [Int]
    package var enabledNanoseconds: Int
    package var runningNanoseconds: Int

    package init(values: [Int], enabledNanoseconds: Int, runningNanoseconds: Int) {
      self.values = values
      self.enabledNanoseconds = enabledNanoseconds
      self.runningNanoseconds = runningNanoseconds
    }
  }

  package init(
    open: @escaping (PerfEvent, Int32, Int32, Bool) -> Int32, start: @escaping (Int32) -> Void,
    stop: @escaping (Int32) -> Void, read: @escaping (Int32, Int) -> Values?,
    close: @escaping (Int32) -> Void, threads: @escaping () -> [Int32], host: CounterHost
  ) {
    self.open = open
    self.start = start
    self.stop = stop
    self.read = read
    self.close = close
    self.threads = threads
    self.host = host
  }

  /// The machine itself.
  package static var current: PerfSystem {
    PerfSystem(
      open: { alex_perf_open($0.type, $0.config, $1, $2, $3 ? 1 : 0) },
      start: { _ = alex_perf_start($0) },
      stop: { _ = alex_perf_stop($0) },
      read: { leader, count in
        var values = [Int64](repeating: 0, count: count)
        var enabled: Int64 = 0
        var running: Int64 = 0
        let found = alex_perf_read(leader, &values, Int32(count), &enabled, &running)
        guard Int(found) == count else { return nil }
        return Values(
          values: values.map { Int($0) }, enabledNanoseconds: Int(enabled),
          runningNanoseconds: Int(running))
      },
      close: alex_perf_close, threads: ProcessThreads.all, host: .current)
  }
}
