import Foundation

/// What this machine lets a process count, for the reasons of what it does not.
package struct CounterHost: Sendable {
  /// `kernel.perf_event_paranoid`; nil where there is no such setting.
  package var paranoid: Int?
  /// Whether the kernel drives the processor's counters.
  package var hasPMU: Bool

  package init(paranoid: Int?, hasPMU: Bool) {
    self.paranoid = paranoid
    self.hasPMU = hasPMU
  }

  /// This machine.
  package static var current: CounterHost {
    let paranoid = ProcessThreads.text("/proc/sys/kernel/perf_event_paranoid")
    let devices =
      (try? FileManager.default.contentsOfDirectory(atPath: "/sys/bus/event_source/devices")) ?? []
    return CounterHost(
      paranoid: paranoid.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) },
      hasPMU: hasPMU(devices: devices))
  }

  /// Whether one of the kernel's event sources is a processor's counters.
  /// - Parameter devices: names in `/sys/bus/event_source/devices`.
  package static func hasPMU(devices: [String]) -> Bool {
    devices.contains { $0.hasPrefix("cpu") || $0.contains("_pmu") || $0.contains("pmuv") }
  }

  /// For `environment.json`.
  package var pmuStatus: String { hasPMU ? "present" : Self.noPMU }

  static let noPMU =
    "no PMU is exposed to this machine, as in most virtual machines and containers; "
    + "count on bare metal, or have the hypervisor pass its counters on"

  /// The sentence for a lack of permission.
  var notPermitted: String {
    let setting = paranoid.map { "kernel.perf_event_paranoid=\($0)" } ?? "the kernel"
    return
      "\(setting) or a container's filter forbids it; 'sysctl -w kernel.perf_event_paranoid=1' "
      + "or the capability CAP_PERFMON grants it"
  }

  /// The sentence for an error number of `perf_event_open`.
  func reason(errno code: Int32) -> String {
    switch code {
    case EACCES, EPERM: notPermitted
    case ENOENT, EOPNOTSUPP, ENODEV, EINVAL:
      hasPMU ? "this processor has no such event" : Self.noPMU
    case ENOSYS: "this kernel has no perf_event_open, or a container's filter hides it"
    case EBUSY: "another program has the counters for itself; end it and try again"
    default: "perf_event_open failed: \(String(cString: strerror(code)))"
    }
  }
}
