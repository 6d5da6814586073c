import CSupport
import Foundation
import Measuring
import Testing

/// The kernel's side, scripted.
private final class FakeKernel {
  /// Error number of opening an event on a thread, or 0.
  var error: (PerfEvent, Int32, Bool) -> Int32 = { _, _, _ in 0 }
  /// Events that a group takes.
  var capacity = 8
  /// Of each thread: how long it was switched on and counted.
  var times: (Int32) -> (Int, Int) = { _ in (100, 100) }
  var threads: [Int32] = [10, 11]
  var host = CounterHost(paranoid: 2, hasPMU: true)
  private(set) var isOpen: Set<Int32> = []
  private var groups: [Int32: (thread: Int32, members: [PerfEvent])] = [:]
  private var last: Int32 = 2
  /// Whether the last opening was without the kernel's part.
  private(set) var excludesKernel = false

  var system: PerfSystem {
    PerfSystem(
      open: { event, thread, leader, excludesKernel in
        let code = self.error(event, thread, excludesKernel)
        if code != 0 { return -code }
        self.excludesKernel = excludesKernel
        if leader >= 0, self.groups[leader]!.members.count == self.capacity { return -EINVAL }
        self.last += 1
        self.isOpen.insert(self.last)
        if leader < 0 {
          self.groups[self.last] = (thread, [event])
        } else {
          self.groups[leader]!.members.append(event)
        }
        return self.last
      },
      start: { _ in }, stop: { _ in },
      read: { leader, count in
        guard let group = self.groups[leader], group.members.count == count else { return nil }
        let (enabled, running) = self.times(group.thread)
        // Each event counts its own number.
        return PerfSystem.Values(
          values: group.members.map { Int($0.config) + 1 }, enabledNanoseconds: enabled,
          runningNanoseconds: running)
      },
      close: { self.isOpen.remove($0) }, threads: { self.threads }, host: host)
  }
}

@Suite struct PerfTests {
  private static let events = ["cycles", "instructions", "branches"]

  @Test("A group is counted on every thread and closed again")
  func counts() {
    let kernel = FakeKernel()
    var calls = 0
    let readings = PerfSource(.hardware, system: kernel.system).count(
      Self.events, calls: 5, allowsMultiplexing: false
    ) { calls += 1 }
    #expect(readings.map(\.value) == [2, 4, 10])
    #expect(readings.allSatisfy { $0.status == .ok && $0.scope == .userAndKernel })
    #expect(readings.allSatisfy { $0.threadsCounted == 2 && $0.threadsSeen == 2 })
    #expect(readings.allSatisfy { $0.enabledNanoseconds == 200 && $0.runningNanoseconds == 200 })
    #expect(calls == 5)
    #expect(kernel.isOpen.isEmpty)
  }

  @Test("What does not fit into a group makes another one")
  func groups() {
    let kernel = FakeKernel()
    kernel.capacity = 2
    var calls = 0
    let readings = PerfSource(.hardware, system: kernel.system).count(
      Self.events, calls: 5, allowsMultiplexing: false
    ) { calls += 1 }
    #expect(readings.map(\.value) == [2, 4, 10])
    #expect(calls == 10)
    #expect(kernel.isOpen.isEmpty)
  }

  @Test("Counted part of the time is withheld, or extrapolated and marked")
  func multiplexed() {
    let kernel = FakeKernel()
    kernel.times = { $0 == 10 ? (100, 100) : (100, 25) }
    let source = PerfSource(.hardware, system: kernel.system)
    let withheld = source.count(["instructions"], calls: 1, allowsMultiplexing: false, {})
    #expect(withheld[0].status == .withheld && withheld[0].value == nil)
    #expect(withheld[0].reason.contains("--allow-multiplexing"))
    let scaled = source.count(["instructions"], calls: 1, allowsMultiplexing: true, {})
    #expect(scaled[0].status == .scaled && scaled[0].value == 2 + 8)
    kernel.times = { _ in (100, 0) }
    let never = PerfSource(.hardware, system: kernel.system)
      .count(["instructions"], calls: 1, allowsMultiplexing: true, {})
    #expect(never[0].status == .withheld && never[0].value == nil)
  }

  @Test("A thread that appears or cannot be opened makes the count too low, so it is withheld")
  func threads() {
    let kernel = FakeKernel()
    kernel.error = { _, thread, _ in thread == 11 ? EMFILE : 0 }
    let lost = PerfSource(.hardware, system: kernel.system)
      .count(["cycles"], calls: 1, allowsMultiplexing: true, {})
    #expect(lost[0].status == .withheld && lost[0].reason == "1 of 2 threads could be counted")
    kernel.error = { _, _, _ in 0 }
    let late = PerfSource(.hardware, system: kernel.system)
      .count(["cycles"], calls: 1, allowsMultiplexing: true) { kernel.threads = [10, 11, 12] }
    #expect(late[0].status == .withheld && late[0].value == nil)
    #expect(late[0].threadsCounted == 2 && late[0].threadsSeen == 3)
    #expect(kernel.isOpen.isEmpty)
  }

  @Test("Without permission for the kernel's part it is left out, where the event allows it")
  func userOnly() {
    let kernel = FakeKernel()
    kernel.error = { _, _, excludesKernel in excludesKernel ? 0 : EACCES }
    let readings = PerfSource(.software, system: kernel.system).count(
      ["task-clock", "context-switches", "cpu-migrations"], calls: 1, allowsMultiplexing: false, {})
    #expect(readings.map(\.status) == [.ok, .unavailable, .unavailable])
    #expect(readings[0].scope == .user)
    #expect(kernel.excludesKernel)
    for reading in readings.dropFirst() {
      #expect(reading.value == nil)
      #expect(reading.reason.contains("kernel.perf_event_paranoid=2"))
      #expect(reading.reason.contains("CAP_PERFMON"))
    }
  }

  @Test("kernel.perf_event_paranoid=4 forbids everything, with the setting to change")
  func paranoid() {
    let kernel = FakeKernel()
    kernel.error = { _, _, _ in EACCES }
    kernel.host = CounterHost(paranoid: 4, hasPMU: true)
    for source in [
      PerfSource(.hardware, system: kernel.system), PerfSource(.software, system: kernel.system),
    ] {
      var calls = 0
      let readings = source.count(source.defaultEvents, calls: 1, allowsMultiplexing: false) {
        calls += 1
      }
      #expect(calls == 0)
      for reading in readings {
        #expect(reading.status == .unavailable && reading.value == nil)
        #expect(reading.reason.contains("kernel.perf_event_paranoid=4"))
        #expect(reading.reason.contains("sysctl -w kernel.perf_event_paranoid=1"))
      }
    }
  }

  @Test("No counters at all and an event that this processor lacks are told apart")
  func absent() {
    let kernel = FakeKernel()
    kernel.error = { _, _, _ in ENOENT }
    let lacking = PerfSource(.hardware, system: kernel.system).unavailability(of: "cycles")
    #expect(lacking == "this processor has no such event")
    kernel.host.hasPMU = false
    let virtual = PerfSource(.hardware, system: kernel.system).unavailability(of: "cycles")
    #expect(virtual?.contains("no PMU is exposed") == true)
    kernel.error = { _, _, _ in ENOSYS }
    let hidden = PerfSource(.hardware, system: kernel.system).unavailability(of: "cycles")
    #expect(hidden?.contains("filter") == true)
  }

  @Test("Raw events have hexadecimal names, in the hardware source only")
  func raw() {
    let kernel = FakeKernel()
    let readings = PerfSource(.hardware, system: kernel.system)
      .count(["r1c0"], calls: 1, allowsMultiplexing: false, {})
    #expect(readings[0].value == 2 * 0x1c1)
    #expect(PerfSource(.hardware, system: kernel.system).unavailability(of: "rxyz") != nil)
    #expect(PerfSource(.software, system: kernel.system).unavailability(of: "r1c0") != nil)
  }

  /// Whether this machine lets software events be opened at all.
  private static let countsSoftware = PerfSource(.software).unavailability(of: "page-faults") == nil

  @Test("This kernel counts the pages that are touched, exactly", .enabled(if: countsSoftware))
  func pages() throws {
    let pages = 1000
    let size = Int(sysconf(Int32(_SC_PAGESIZE)))
    let memory = mmap(
      nil, pages * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    let bytes = try #require(memory == MAP_FAILED ? nil : memory)
    defer { munmap(bytes, pages * size) }
    madvise(bytes, pages * size, MADV_NOHUGEPAGE)
    let readings = PerfSource(.software).count(
      ["page-faults", "task-clock"], calls: 1, allowsMultiplexing: false
    ) {
      for page in 0..<pages {
        bytes.storeBytes(of: 1, toByteOffset: page * size, as: UInt8.self)
      }
    }
    let faults = readings[0]
    // Other tests' threads may start or end meanwhile; then nothing is claimed.
    if faults.status == .withheld {
      #expect(faults.value == nil && faults.threadsCounted != faults.threadsSeen)
    } else {
      #expect(try #require(faults.value) >= pages)
      #expect(faults.enabledNanoseconds == faults.runningNanoseconds)
    }
  }

  @Test(
    "Where there is a PMU, a loop's instructions are counted within 0.1 %",
    .enabled(if: PerfSource(.hardware).unavailability(of: "instructions") == nil))
  func knownLoop() throws {
    // The clock probe's chain has one addition per step and a loop around every 16.
    func instructions(_ steps: Int64) throws -> Int {
      let reading = PerfSource(.hardware).count(
        ["instructions"], calls: 1, allowsMultiplexing: false
      ) { _ = alex_clock_probe_ns(steps) }[0]
      return try #require(reading.value)
    }
    let short = try instructions(16_000_000)
    let long = try instructions(32_000_000)
    let twice = try instructions(48_000_000)
    let (first, second) = (Double(long - short), Double(twice - long))
    #expect(abs(first - second) <= 0.001 * first)
    #expect(first >= 16_000_000)
  }
}
