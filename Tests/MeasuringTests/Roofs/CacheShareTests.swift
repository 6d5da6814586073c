import Measuring
import Results
import Testing

struct CacheShareTests {
  private func shares(
    threads: Int, cpus: [Int], _ files: [String: String] = MachineFixtures.amdFiles
  ) throws -> [CacheShare] {
    let folder = try MachineFolder(files)
    return CacheShare.list(threads: threads, cpus: cpus, files: SystemFiles(root: folder.path))
  }

  @Test("Caches of a thread's own count once per thread, shared ones once")
  func own() throws {
    #expect(
      try shares(threads: 1, cpus: [0, 1]) == [
        CacheShare(level: .level1, capacityBytes: 32768, threadBytes: 32768),
        CacheShare(level: .level2, capacityBytes: 524_288, threadBytes: 524_288),
        CacheShare(level: .level3, capacityBytes: 67_108_864, threadBytes: 67_108_864),
      ])
    #expect(
      try shares(threads: 2, cpus: [0, 1]) == [
        CacheShare(level: .level1, capacityBytes: 65536, threadBytes: 32768),
        CacheShare(level: .level2, capacityBytes: 1_048_576, threadBytes: 524_288),
        CacheShare(level: .level3, capacityBytes: 67_108_864, threadBytes: 33_554_432),
      ])
  }

  @Test("More threads than CPUs share what these have")
  func crowded() throws {
    let shares = try shares(threads: 4, cpus: [1])
    #expect(shares.map(\.capacityBytes) == [32768, 524_288, 67_108_864])
    #expect(shares.map(\.threadBytes) == [8192, 131_072, 16_777_216])
  }

  @Test("Nothing is made up where the system is silent, nor beyond a gap")
  func gaps() throws {
    #expect(try shares(threads: 1, cpus: [0], [:]).isEmpty)
    #expect(try shares(threads: 1, cpus: [7]).isEmpty)
    #expect(try shares(threads: 2, cpus: [0, 7]).isEmpty)
    var files = MachineFixtures.amdFiles
    files["/sys/devices/system/cpu/cpu0/cache/index2/size"] = nil
    #expect(try shares(threads: 1, cpus: [0], files).map(\.level) == [.level1])
  }

  @Test("A working set exceeds the level before and stays within half of its own")
  func workingSets() throws {
    for threads in [1, 2] {
      let probes = CacheProbe.list(try shares(threads: threads, cpus: [0, 1]), step: 128)
      #expect(probes.map(\.share.level) == [.level1, .level2, .level3])
      #expect(probes.map { $0.floatsPerThread * 4 } == [16384, 131_072, 2_097_152])
    }
  }

  @Test("A level that is hardly larger than the one before is not probed")
  func indistinct() {
    func share(_ level: RoofLevel, _ bytes: Int) -> CacheShare {
      CacheShare(level: level, capacityBytes: bytes, threadBytes: bytes)
    }
    let shares = [
      share(.level1, 32768), share(.level2, 2_097_152), share(.level3, 3_145_728),
    ]
    #expect(CacheProbe.list(shares, step: 128).map(\.share.level) == [.level1, .level2])
    #expect(CacheProbe.list([share(.level1, 512)], step: 128).isEmpty)
    let odd = CacheProbe.list([share(.level1, 49153)], step: 128)
    #expect(odd.map { $0.floatsPerThread % 128 } == [0])
  }

  @Test("The buffer for memory is four times the cache, as far as memory allows")
  func memory() {
    func mebibytes(_ cache: Int?, _ available: Int?) -> Int? {
      MemoryWindow.bufferByteCount(
        cacheBytes: cache.map { $0 << 20 }, availableBytes: available.map { $0 << 20 }
      ).map { $0 >> 20 }
    }
    #expect(mebibytes(32, nil) == 128)
    #expect(mebibytes(33, nil) == 160)
    #expect(mebibytes(1, nil) == 128)
    #expect(mebibytes(nil, nil) == 256)
    #expect(mebibytes(32, 100_000) == 128)
    #expect(mebibytes(32, 400) == 96)
    #expect(mebibytes(32, 256) == 64)
    #expect(mebibytes(32, 255) == nil)
    #expect(MemoryWindow(cacheBytes: 1 << 40, availableBytes: 1 << 30) == nil)
  }
}
