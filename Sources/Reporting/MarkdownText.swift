/// Text from files as Markdown shows it literally: one line, no tags.
func markdownText(_ text: String) -> String {
  var result = ""
  for character in withoutFixedBlanks(text) {
    switch character {
    case "<": result += "&lt;"
    case _ where character.isNewline: result += " "
    default: result.append(character)
    }
  }
  return result
}

/// The same in a cell of a table.
func markdownCell(_ text: String) -> String { markdownText(text).replacing("|", with: "\\|") }
