/// Rows that belong together, such as those of one table, with what they have in common.
struct TitledGroup<Title: Hashable, Row> {
  var title: Title
  var rows: [Row]

  /// Rows by title; titles in the order in which they first appear.
  static func all(_ rows: some Sequence<Row>, title: (Row) -> Title) -> [TitledGroup] {
    var indices: [Title: Int] = [:]
    var groups: [TitledGroup] = []
    for row in rows {
      let title = title(row)
      if let index = indices[title] {
        groups[index].rows.append(row)
      } else {
        indices[title] = groups.count
        groups.append(TitledGroup(title: title, rows: [row]))
      }
    }
    return groups
  }
}
