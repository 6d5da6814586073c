import Results

// Memory: whether there is enough, how it is mapped, and what tiny numbers in it do.
extension HostDoctor {
  /// Share of the memory that should be free.
  private static let freePercent = 10
  /// Share of time waited for memory that is a warning.
  private static let stallPercent = 1.0

  var memoryFindings: [HostFinding] {
    shortageFindings + limitFindings + pageFindings + denormalFindings
  }

  /// The tightest limit below what the machine has.
  private var limitFindings: [HostFinding] {
    let limits = condition.limits.filter(\.kind.isOfMemory)
    guard let tightest = limits.min(by: { $0.rest < $1.rest }),
      tightest.limit < host.memoryBytes ?? .max
    else { return [] }
    let used = tightest.used.map { " of which \($0 >> 20) are used," } ?? ""
    return [
      HostFinding(
        .memoryLimit, .note,
        "\(tightest.source) allows \(tightest.limit >> 20) MiB,\(used) and layers and nets that need "
          + "more are skipped",
        advice: "raise that limit to measure larger ones")
    ]
  }

  private var shortageFindings: [HostFinding] {
    var findings: [HostFinding] = []
    var signs: [String] = []
    if let total = host.memoryBytes, let available = host.availableMemoryBytes,
      available < total / 100 * Self.freePercent
    {
      signs.append("\(available >> 20) of \(total >> 20) MiB are available")
    }
    if let stall = condition.memoryStallPercent, stall >= Self.stallPercent {
      signs.append("tasks waited for memory in \(stall) % of the last 10 s")
    }
    if !signs.isEmpty {
      findings.append(
        HostFinding(
          .memory, .warning, "memory is short: " + signs.joined(separator: ", "),
          advice: "end what holds it", command: "ps aux --sort=-rss | head"))
    }
    if let swapped = condition.swappedBytes, swapped >= 1 << 20 {
      findings.append(
        HostFinding(
          .swap, .note, "\(swapped >> 20) MiB are swapped out",
          advice: "take them back where memory allows", command: "sudo swapoff -a && sudo swapon -a"
        ))
    }
    return findings
  }

  private var pageFindings: [HostFinding] {
    guard host.transparentHugePages == "never" else { return [] }
    return [
      HostFinding(
        .hugePages, .note,
        "huge pages are off: weights touch hundreds of times as many pages as elsewhere",
        advice: "allow them to those who ask, as this program does",
        command: "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
    ]
  }

  private var denormalFindings: [HostFinding] {
    let modes = [
      host.flushesDenormalsToZero ? "flushes tiny results to zero (FTZ)" : nil,
      host.readsDenormalsAsZero ? "reads tiny numbers as zero (DAZ)" : nil,
    ].compactMap { $0 }
    guard !modes.isEmpty else { return [] }
    return [
      HostFinding(
        .denormals, .warning,
        "the processor \(modes.joined(separator: " and ")): some library was loaded that changes the "
          + "arithmetic of the whole process",
        advice: "find it among those that are preloaded, often one built with -ffast-math")
    ]
  }
}
