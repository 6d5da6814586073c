import CSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Time that the hypervisor took from this machine's CPUs, from `/proc/stat`.
final class StealClock {
  private let file: Int32
  private let nanosecondsPerTick: Int

  init() {
    file = open("/proc/stat", O_RDONLY | O_CLOEXEC)
    nanosecondsPerTick = 1_000_000_000 / max(sysconf(Int32(_SC_CLK_TCK)), 1)
  }

  deinit { if file >= 0 { close(file) } }

  /// Sum over all CPUs since boot; nil where the system does not tell. Resolution: one tick.
  func read() -> Int? {
    guard file >= 0 else { return nil }
    // cpu  user nice system idle iowait irq softirq steal guest guest_nice
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { line -> Int? in
      let count = pread(file, line.baseAddress, line.count, 0)
      guard count > 0 else { return nil }
      var field = 0
      var value = 0
      var isInside = false
      for byte in line.prefix(count) {
        if byte == UInt8(ascii: "\n") { break }
        if byte == UInt8(ascii: " ") {
          if isInside, field == 8 { return value * nanosecondsPerTick }
          isInside = false
        } else {
          if !isInside {
            isInside = true
            field += 1
            value = 0
            // The first word is "cpu".
            if field == 1, byte == UInt8(ascii: "c") { field = 0 }
          }
          if byte >= 48, byte <= 57 { value = value * 10 + Int(byte - 48) }
        }
      }
      return isInside && field == 8 ? value * nanosecondsPerTick : nil
    }
  }
}

/// How many threads this process has, from `/proc/self/stat`.
final class ThreadCounter {
  private let file: Int32

  init() { file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC) }

  deinit { if file >= 0 { close(file) } }

  /// Nil where the system does not tell.
  func read() -> Int? {
    guard file >= 0 else { return nil }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { line -> Int? in
      let count = pread(file, line.baseAddress, line.count, 0)
      // The second field, a name in parentheses, may hold anything; num_threads is the 20th.
      guard count > 0, let end = line.prefix(count).lastIndex(of: UInt8(ascii: ")")) else {
        return nil
      }
      let fields = line[(end + 1)..<count].split(separator: UInt8(ascii: " "))
      return fields.count > 17 ? Int(String(decoding: fields[17], as: UTF8.self)) : nil
    }
  }
}

/// The cost of reading the clock, which sets the least length of a block.
package enum ClockReadCost {
  /// Nanoseconds of one reading, at least 1.
  static let nanoseconds = measure(alex_monotonic_ns)

  /// The least of several averages: blocks are sized by it, and one average in which this thread lost
  /// its CPU would make all blocks of a process many times too long.
  /// - Parameter clock: monotonic nanoseconds.
  package static func measure(_ clock: () -> Int64) -> Int {
    let count = 100
    let averages = (0..<20).map { _ in
      let start = clock()
      for _ in 1..<count { _ = clock() }
      return Int(clock() - start) / count
    }
    return max(averages.min() ?? 1, 1)
  }
}
