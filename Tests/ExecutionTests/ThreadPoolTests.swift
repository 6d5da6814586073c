import CSupport
import Execution
import Foundation
import KernelInterface
import Testing

/// What one thread's share of a job writes, on a cache line of its own.
private struct Block {
  /// Runs of this block so far.
  var runs = 0
  /// Expected number of runs before this one; a block that runs twice or late sees another.
  var expected = 0
  var surprises = 0
  var threadID: Int32 = 0
  /// CPUs that the thread may use, and the first of them.
  var cpuCount: Int32 = 0
  var cpu: Int32 = 0
}

private let stride = 128

/// The argument blocks of a job.
private final class Blocks {
  let memory: UnsafeMutableRawPointer
  let count: Int

  init(count: Int) {
    self.count = count
    memory = .allocate(byteCount: count * stride, alignment: 128)
    for index in 0..<count { pointer(index).initialize(to: Block()) }
  }

  deinit { memory.deallocate() }

  func pointer(_ index: Int) -> UnsafeMutablePointer<Block> {
    (memory + index * stride).assumingMemoryBound(to: Block.self)
  }

  var all: [Block] { (0..<count).map { pointer($0).pointee } }

  /// The next job: every block expects one run more.
  func expect(_ runs: Int) {
    for index in 0..<count { pointer(index).pointee.expected = runs }
  }
}

private let countRun: KernelFunction = { arguments in
  let block = UnsafeMutableRawPointer(mutating: arguments).assumingMemoryBound(to: Block.self)
  if block.pointee.runs != block.pointee.expected { block.pointee.surprises += 1 }
  block.pointee.runs += 1
  block.pointee.threadID = alex_thread_id()
}

private let recordAffinity: KernelFunction = { arguments in
  let block = UnsafeMutableRawPointer(mutating: arguments).assumingMemoryBound(to: Block.self)
  block.pointee.cpuCount = alex_get_affinity(&block.pointee.cpu, 1)
}

@Suite("ThreadPool", .serialized)
struct ThreadPoolTests {
  @Test("Every thread's block runs exactly once a job, over thousands of jobs", arguments: 1...4)
  func runsOnce(threadCount: Int) throws {
    let pool = try ThreadPool(threadCount: threadCount)
    // One block more than threads: it must stay untouched.
    let blocks = Blocks(count: threadCount + 1)
    let jobCount = 3000
    for job in 0..<jobCount {
      blocks.expect(job)
      pool.run(countRun, arguments: blocks.memory, stride: stride)
    }
    let all = blocks.all
    #expect(all.prefix(threadCount).allSatisfy { $0.runs == jobCount && $0.surprises == 0 })
    #expect(all[threadCount].runs == 0)
  }

  @Test("Block t runs on thread t, and block 0 on the caller", arguments: 1...4)
  func threads(threadCount: Int) throws {
    let pool = try ThreadPool(threadCount: threadCount)
    #expect(pool.threadCount == threadCount)
    let blocks = Blocks(count: threadCount)
    pool.run(countRun, arguments: blocks.memory, stride: stride)
    let first = blocks.all.map(\.threadID)
    #expect(first[0] == alex_thread_id())
    #expect(Set(first).count == threadCount)
    blocks.expect(1)
    pool.run(countRun, arguments: blocks.memory, stride: stride)
    #expect(blocks.all.map(\.threadID) == first)
  }

  @Test("Workers that have gone to sleep wake up", arguments: 2...4)
  func wakesSleepers(threadCount: Int) throws {
    let pool = try ThreadPool(threadCount: threadCount)
    let blocks = Blocks(count: threadCount)
    for job in 0..<20 {
      // Far longer than workers spin.
      Thread.sleep(forTimeInterval: 0.005)
      blocks.expect(job)
      pool.run(countRun, arguments: blocks.memory, stride: stride)
    }
    #expect(blocks.all.allSatisfy { $0.runs == 20 && $0.surprises == 0 })
  }

  @Test("Each worker may use its own CPU only; the caller is left alone")
  func pins() throws {
    var mask = [Int32](repeating: 0, count: 1024)
    let allowed = Int(alex_get_affinity(&mask, 1024))
    try #require(allowed >= 1)
    let cpus = [0, 1, 2].map { Int(mask[$0 % allowed]) }
    let pool = try ThreadPool(threadCount: 3, cpus: cpus)
    #expect(pool.cpus == cpus)
    let blocks = Blocks(count: 3)
    pool.run(recordAffinity, arguments: blocks.memory, stride: stride)
    let all = blocks.all
    #expect(all[0].cpuCount == Int32(allowed))
    for index in 1..<3 {
      #expect(all[index].cpuCount == 1)
      #expect(all[index].cpu == Int32(cpus[index]))
    }
  }

  @Test("Pools can be made and thrown away, with and without work")
  func comesAndGoes() throws {
    for round in 0..<50 {
      let pool = try ThreadPool(threadCount: 1 + round % 4)
      let blocks = Blocks(count: pool.threadCount)
      if round % 2 == 0 { pool.run(countRun, arguments: blocks.memory, stride: stride) }
      #expect(blocks.all.allSatisfy { $0.runs == (round % 2 == 0 ? 1 : 0) })
    }
  }
}
