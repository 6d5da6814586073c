extension CounterRequest {
  /// Reads `--counters`: `auto`, `none`, or `SOURCE[:EVENT,…]`, each option one text.
  ///
  /// `auto` asks every source that is not on request for its usual events, and takes reasons for
  /// an answer. What is named must be there.
  /// - Returns: nil for `none`.
  /// - Throws: an unknown name, or an event that was named and cannot be counted here.
  package static func parse(
    _ texts: [String], sources: [any CounterSource] = CounterCatalog.all()
  ) throws(MeasuringError) -> [CounterRequest]? {
    var requests: [CounterRequest] = []
    /// Each event once.
    func add(_ source: String, _ events: [String]) {
      guard let index = requests.firstIndex(where: { $0.source == source }) else {
        requests.append(CounterRequest(source: source, events: events))
        return
      }
      for event in events where !requests[index].events.contains(event) {
        requests[index].events.append(event)
      }
    }
    guard texts != ["none"], !texts.isEmpty else { return nil }
    for text in texts {
      if text == "none" {
        throw .usage("--counters none goes with no other --counters")
      }
      if text == "auto" {
        for source in sources where !source.isOnRequest { add(source.name, source.defaultEvents) }
        continue
      }
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      try NameSuggestion.resolve(
        [name], what: "counter source", known: sources.map(\.name) + ["auto", "none"])
      guard let source = sources.first(where: { $0.name == name }) else { continue }
      let named = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : nil
      if named?.isEmpty == true {
        throw .usage("--counters \(text) names no event after the colon")
      }
      let events = named ?? source.defaultEvents
      if let known = source.knownEvents {
        try NameSuggestion.resolve(events, what: "\(name) event", known: known)
      }
      let reasons = events.map { source.unavailability(of: $0) }
      if let named, let index = reasons.firstIndex(where: { $0 != nil }),
        let reason = reasons[index]
      {
        throw .unavailable("counter \(name):\(named[index]) is not available: \(reason)")
      }
      // Of a source's usual events one is enough.
      if let reason = reasons[0], reasons.allSatisfy({ $0 != nil }) {
        throw .unavailable("counters of \(name) are not available: \(reason)")
      }
      add(name, events)
    }
    return requests
  }
}
