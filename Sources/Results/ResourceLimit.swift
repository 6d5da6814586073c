/// Something that the system lets this process have only so much of.
package struct ResourceLimit: Hashable, Sendable, Codable {
  /// What is limited. Raw values are stable: scripts may rely on them.
  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Bytes in memory, of a control group.
    case memory
    /// Bytes of address space.
    case addressSpace = "address-space"
    /// Bytes of what is allocated.
    case data
    /// Processes and threads together.
    case tasks
    case openFiles = "open-files"

    package var isOfMemory: Bool { [.memory, .addressSpace, .data].contains(self) }
  }

  package var kind: Kind
  package var limit: Int
  /// Of the process, or of its group; nil = unknown.
  package var used: Int?
  /// The file that says so, or the command that shows it.
  package var source: String

  package init(_ kind: Kind, limit: Int, used: Int? = nil, source: String) {
    self.kind = kind
    self.limit = limit
    self.used = used
    self.source = source
  }

  /// What may still be had.
  package var rest: Int { max(0, limit - (used ?? 0)) }

  enum CodingKeys: String, CodingKey {
    case kind = "of"
    case limit, used, source
  }
}
