import CSupport
import Execution
import Results

/// Times one block of calls and reads off everything that could have touched it.
final class BlockTimer {
  /// Shortest priming.
  static let primeNanoseconds: Int64 = 1_000_000
  /// Cycles of the chain that probes the clock: about 50 µs.
  static let probeCycles: Int64 = 160_000

  private let steal = StealClock()
  private let threads = ThreadCounter()
  /// The end of the last block, unless something else has run since.
  private var lastBlock: Quiescence.Mark?

  /// - Returns: `isSteady` true; the runner, which saw the warm-up, knows better.
  func time(_ workload: LocalWorkload, _ request: BlockRequest) -> BlockMeasurement {
    measure(workload, request) { start in
      for _ in 0..<request.iterations { workload.run() }
      return alex_monotonic_ns()
    }
  }

  /// Times a block of a net, reading the clock between its steps.
  func timeSteps(_ workload: LocalWorkload, _ request: BlockRequest) -> StepMeasurement {
    let totals = UnsafeMutableBufferPointer<Int64>.allocate(capacity: workload.compiled.steps.count)
    totals.initialize(repeating: 0)
    defer { totals.deallocate() }
    guard let base = totals.baseAddress else {
      preconditionFailure("a layer alone has no steps to look between")
    }
    let block = measure(workload, request) { start in
      var last = start
      for _ in 0..<request.iterations { last = workload.run(addingTo: base, since: last) }
      return last
    }
    return StepMeasurement(block: block, stepNanoseconds: totals.map { Int($0) })
  }

  /// - Parameter run: gets the clock at the start and returns it at the end.
  private func measure(
    _ workload: LocalWorkload, _ request: BlockRequest, _ run: (_ start: Int64) -> Int64
  ) -> BlockMeasurement {
    let isQuiet = lastBlock.map(Quiescence.isQuiet) ?? false || Quiescence.wait()
    let primed = alex_monotonic_ns()
    if request.isPrimed {
      repeat { workload.run() } while alex_monotonic_ns() - primed < Self.primeNanoseconds
    }
    let primeTime = Int(alex_monotonic_ns() - primed)
    let probe = alex_clock_probe_ns(Self.probeCycles)

    var before = alex_usage()
    var after = alex_usage()
    let stealBefore = steal.read()
    let cpuBefore = alex_current_cpu()
    alex_process_usage(&before)
    let start = alex_monotonic_ns()
    let end = run(start)
    alex_process_usage(&after)
    let cpuAfter = alex_current_cpu()
    let stealAfter = steal.read()
    lastBlock = Quiescence.Mark()

    let stolen = stealBefore.flatMap { first in stealAfter.map { $0 - first } }
    let switches = Int(after.involuntary_switches - before.involuntary_switches)
    let migrations = cpuBefore == cpuAfter ? 0 : 1
    var block = BlockMeasurement(
      iterations: request.iterations, startNanoseconds: Int(start),
      wallNanoseconds: Int(end - start),
      cpuUserNanoseconds: Int(after.user_ns - before.user_ns),
      cpuSystemNanoseconds: Int(after.system_ns - before.system_ns),
      faults: Int(
        after.minor_faults + after.major_faults - before.minor_faults - before.major_faults),
      switches: switches, migrations: migrations, stealNanoseconds: stolen,
      clockGHz: Double(Self.probeCycles) / Double(max(probe, 1)),
      isContaminated: !isQuiet || (stolen ?? 0) > 0 || switches > 0 || migrations > 0,
      isSteady: true)
    block.threadCount = threads.read()
    block.primeNanoseconds = primeTime
    return block
  }

  /// Something else runs than blocks: what was seen of foreign threads is no longer true.
  func forget() { lastBlock = nil }

  /// The time of each phase, the lower median over calls.
  func phases(_ workload: LocalWorkload, calls: Int) -> [PhaseTime] {
    forget()
    _ = Quiescence.wait()
    let start = alex_monotonic_ns()
    repeat { workload.run() } while alex_monotonic_ns() - start < Self.primeNanoseconds
    var times: [Phase: [Int]] = [:]
    for _ in 0..<calls {
      let clock = PhaseClock()
      workload.run(timing: clock)
      for (phase, nanoseconds) in clock.nanoseconds {
        times[phase, default: []].append(nanoseconds)
      }
    }
    return Phase.allCases.compactMap { phase in
      // A phase too short for the clock in some calls took nothing in those.
      guard let own = times[phase] else { return nil }
      let all = Array(repeating: 0, count: calls - own.count) + own.sorted()
      return PhaseTime(phase: phase, nanoseconds: all[(calls - 1) / 2])
    }
  }
}
