import Results

/// What about the machine or the build makes numbers worse or hard to repeat, one sentence each.
public func hostWarnings(_ host: HostEnvironment, build: BuildEnvironment) -> [String] {
  var warnings: [String] = []
  if build.configuration == "debug" {
    warnings.append("this is a debug build: build with 'swift build -c release' to measure")
  }
  if let quota = host.cpuQuota, let count = host.cpu.logicalCount, quota < Double(count) {
    warnings.append(
      "a control group allows \(quota) CPUs' worth of time on \(count): blocks may be throttled")
  }
  if let governor = host.governor, governor != "performance" {
    warnings.append("the frequency governor is '\(governor)': the clock may move during a run")
  }
  if let load = host.loadAverage?.first, let count = host.cpu.logicalCount,
    load > 0.5 * Double(count)
  {
    warnings.append("the load average is \(load) on \(count) CPUs: other work is running")
  }
  for name in host.environment.keys.sorted() where name.hasPrefix("LD_") || name == "GLIBC_TUNABLES"
  {
    warnings.append("\(name) is set and may change which libraries are measured")
  }
  return warnings
}
