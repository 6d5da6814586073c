import Measuring
import Results
import Testing

@Suite struct HostActivityTests {
  private func snapshot(_ files: [String: String]) throws -> HostSnapshot {
    let folder = try MachineFolder(files)
    return HostSnapshot(SystemFiles(root: folder.path))
  }

  private func process(_ id: Int, _ name: String, _ ticks: Int) -> String {
    "\(id) (\(name)) R 1 1 1 0 -1 4194304 100 0 0 0 \(ticks) 5 0 0 20 0 1 0 5 1 1\n"
  }

  @Test("Two looks at the same counters give shares of the time between them")
  func interval() throws {
    let before = try snapshot([
      "/proc/stat": "cpu  1000 100 200 5000 50 10 20 30 0 0\ncpu0 0\ncpu1 0\nintr 5\n",
      "/proc/7/stat": process(7, "a (b) c", 100), "/proc/8/stat": process(8, "idle", 3),
    ])
    let after = try snapshot([
      "/proc/stat": "cpu  1080 110 205 5090 55 10 25 35 0 0\ncpu0 0\ncpu1 0\nintr 5\n",
      "/proc/7/stat": process(7, "a (b) c", 180), "/proc/8/stat": process(8, "idle", 3),
      "/proc/9/stat": process(9, "new", 5),
    ])
    let interval = try #require(after.since(before))
    // 100 busy, 5 stolen and 95 idle ticks on two CPUs.
    #expect(interval.seconds == 1)
    #expect(interval.usedCPUs == 1)
    #expect(interval.stealPercent == 4.76)
    #expect(
      interval.busiest == [
        BusyProcess(id: 7, name: "a (b) c", usedCPUs: 0.8),
        BusyProcess(id: 9, name: "new", usedCPUs: 0.1),
      ])
    let others = try #require(after.since(before, except: 7))
    #expect(others.usedCPUs == 0.2)
    #expect(others.busiest.map(\.id) == [9])
  }

  @Test("Of an idle machine a tick of stolen time says nothing; without counters nothing is said")
  func tooLittle() throws {
    let before = try snapshot(["/proc/stat": "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0\n"])
    let after = try snapshot(["/proc/stat": "cpu  18 0 0 100 0 0 0 1 0 0\ncpu0 0\n"])
    #expect(try #require(after.since(before)).stealPercent == nil)
    #expect(before.since(before) == nil)
    #expect(try snapshot([:]).since(before) == nil)
    #expect(after.since(try snapshot(["/proc/stat": "cpu  1 2 3\ncpu0 0\n"])) == nil)
  }

  @Test("This machine can be looked at")
  func here() throws {
    let interval = try #require(HostInterval.observe(seconds: 0.1))
    #expect(interval.seconds > 0 && interval.usedCPUs >= 0)
  }

  @Test(
    "A process's line without a name or too short is none",
    arguments: ["", "7 a R 1", "7 (a) R 1 1", ") ("])
  func damaged(line: String) { #expect(parseProcessUsage(line) == nil) }

  @Test("Pressure is the average over 10 s of some tasks")
  func pressure() {
    #expect(parsePressure("some avg10=2.31 avg60=0.90 total=8\nfull avg10=1.80\n") == 2.31)
    #expect(parsePressure("full avg10=1.80\n") == nil)
    #expect(parsePressure("") == nil)
  }

  @Test("The CPUs that a process may use are a line of its status")
  func allowed() {
    #expect(parseAllowedCPUs("Name:\tx\nCpus_allowed_list:\t0-1,4\n") == [0, 1, 4])
    #expect(parseAllowedCPUs("Name:\tx\n") == nil)
  }

  @Test("The state of a machine without any file is unknown")
  func unknown() throws {
    let folder = try MachineFolder([:])
    #expect(HostCondition(files: SystemFiles(root: folder.path), cpus: [0, 1]) == HostCondition())
  }
}
