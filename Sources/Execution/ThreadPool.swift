import CSupport
import KernelInterface
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The system starts no more threads.
public struct ThreadShortage: Error, Equatable, CustomStringConvertible {
  /// Threads that were wanted besides those that run.
  public let count: Int
  /// An `errno`.
  public let code: Int32

  init(count: Int, code: Int32) {
    self.count = count
    self.code = code
  }

  /// Starts so many threads and ends them, for libraries that end the program when they get none.
  public static func check(count: Int) throws(ThreadShortage) {
    let code = alex_can_start(Int32(clamping: count), 0)
    guard code == 0 else { throw ThreadShortage(count: count, code: code) }
  }

  public var reason: String {
    "cannot start \(count) more \(count == 1 ? "thread" : "threads"): "
      + String(cString: strerror(code))
  }

  public static let hint = "raise the limit of processes and threads (ulimit -u)"

  public var description: String { "\(reason); \(Self.hint)" }
}

/// A few threads that run one kernel each over a static partition, then meet.
///
/// Worker 0 is the caller. Waiting spins briefly, since layers of a net follow each other within
/// microseconds, then sleeps, so that idle workers do not disturb what is measured next. A call
/// neither allocates nor locks.
public final class ThreadPool: Sendable {
  /// Rounds of ``alex_pause`` before a worker sleeps; about 100 µs.
  private static let spinCount = 4_000

  /// Threads at most.
  public static let largestCount = 1024

  public let threadCount: Int
  /// CPUs the threads are pinned to, in order; empty when they are not pinned. The caller pins
  /// itself: it may have to be free again for a library that starts threads of its own.
  public let cpus: [Int]
  private let state: SharedState
  private let threads: [pthread_t]

  /// - Parameters:
  ///   - threadCount: at least 1.
  ///   - cpus: one CPU per thread, or empty to leave placement to the system.
  /// - Throws: that the system starts no more threads.
  public init(threadCount: Int, cpus: [Int] = []) throws(ThreadShortage) {
    precondition(threadCount >= 1)
    precondition(cpus.isEmpty || cpus.count >= threadCount, "one CPU per thread")
    self.threadCount = threadCount
    self.cpus = Array(cpus.prefix(threadCount))
    state = SharedState()
    var threads: [pthread_t] = []
    for index in 1..<max(threadCount, 1) {
      let start = WorkerStart(
        state: state, index: index, cpu: cpus.isEmpty ? nil : Int32(cpus[index]))
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { raw in
          if let raw { Unmanaged<WorkerStart>.fromOpaque(raw).takeRetainedValue().loop() }
          return nil
        }, Unmanaged.passRetained(start).toOpaque())
      guard code == 0 else {
        Unmanaged.passUnretained(start).release()
        Self.end(threads, state)
        throw ThreadShortage(count: threadCount - 1, code: code)
      }
      threads.append(thread)
    }
    self.threads = threads
  }

  /// The calling thread alone.
  public init() {
    threadCount = 1
    cpus = []
    state = SharedState()
    threads = []
  }

  deinit { Self.end(threads, state) }

  private static func end(_ threads: [pthread_t], _ state: SharedState) {
    state.publish(function: nil, arguments: nil, stride: 0, workers: threads.count)
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Calls `function(arguments + t · stride)` on each thread t and returns when all are done.
  public func run(_ function: KernelFunction, arguments: UnsafeRawPointer, stride: Int) {
    if threadCount > 1 {
      state.publish(
        function: function, arguments: arguments, stride: stride, workers: threadCount - 1)
    }
    function(arguments)
    if threadCount > 1 { state.awaitWorkers() }
  }

  /// The words that threads share, each on a cache line of its own.
  private final class SharedState: @unchecked Sendable {
    /// Bumped for every job; workers sleep on it.
    private let generation: UnsafeMutablePointer<Atomic<UInt32>>
    /// Workers that have not finished the current job; the caller spins on it.
    private let pending: UnsafeMutablePointer<Atomic<UInt32>>
    /// Workers that sleep, or are about to.
    private let sleepers: UnsafeMutablePointer<Atomic<UInt32>>
    private let storage: UnsafeMutableRawPointer
    // The job; written before `generation` is bumped, read after it is seen.
    private var function: KernelFunction?
    private var arguments: UnsafeRawPointer?
    private var stride = 0

    init() {
      let storage = UnsafeMutableRawPointer.allocate(byteCount: 3 * 128, alignment: 128)
      self.storage = storage
      func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        let pointer = (storage + index * 128).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        pointer.initialize(to: Atomic(0))
        return pointer
      }
      generation = word(0)
      pending = word(1)
      sleepers = word(2)
    }

    deinit { storage.deallocate() }

    func publish(
      function: KernelFunction?, arguments: UnsafeRawPointer?, stride: Int, workers: Int
    ) {
      self.function = function
      self.arguments = arguments
      self.stride = stride
      pending.pointee.store(UInt32(workers), ordering: .relaxed)
      generation.pointee.add(1, ordering: .sequentiallyConsistent)
      if sleepers.pointee.load(ordering: .sequentiallyConsistent) > 0 {
        wake(generation, count: Int32(workers))
      }
    }

    func awaitWorkers() {
      while pending.pointee.load(ordering: .acquiring) != 0 { alex_pause() }
    }

    /// Runs jobs until one without a function comes.
    func work(index: Int) {
      var seen: UInt32 = 0
      while true {
        seen = awaitGeneration(after: seen)
        guard let function, let arguments else { return }
        function(arguments + index * stride)
        pending.pointee.subtract(1, ordering: .acquiringAndReleasing)
      }
    }

    private func awaitGeneration(after seen: UInt32) -> UInt32 {
      for _ in 0..<ThreadPool.spinCount {
        let now = generation.pointee.load(ordering: .acquiring)
        if now != seen { return now }
        alex_pause()
      }
      sleepers.pointee.add(1, ordering: .sequentiallyConsistent)
      defer { sleepers.pointee.subtract(1, ordering: .relaxed) }
      while true {
        let now = generation.pointee.load(ordering: .sequentiallyConsistent)
        if now != seen { return now }
        UnsafeMutableRawPointer(generation).withMemoryRebound(to: UInt32.self, capacity: 1) {
          alex_futex_wait($0, seen)
        }
      }
    }

    private func wake(_ word: UnsafeMutablePointer<Atomic<UInt32>>, count: Int32) {
      UnsafeMutableRawPointer(word).withMemoryRebound(to: UInt32.self, capacity: 1) {
        alex_futex_wake($0, count)
      }
    }
  }

  private final class WorkerStart: Sendable {
    let state: SharedState
    let index: Int
    let cpu: Int32?

    init(state: SharedState, index: Int, cpu: Int32?) {
      self.state = state
      self.index = index
      self.cpu = cpu
    }

    func loop() {
      // A CPU that is not there leaves the worker unpinned; the host check reports the mask.
      if let cpu { _ = alex_pin_thread(cpu) }
      state.work(index: index)
    }
  }
}
