/// A picture before it is a script: panels in a grid, a title above, a legend and a caption below.
/// Every text has a place of its own in pixels, so that nothing overlaps however much there is.
struct Sheet {
  /// One pair of axes.
  struct Panel {
    var title = ""
    /// Pixels between the cell and the axes.
    var left = 80
    var right = 16
    var bottom = 52
    /// Commands that end with a `plot`.
    var commands: [String]
  }

  /// How a legend's entry looks.
  enum Mark {
    case point(Int, color: String)
    /// Dashed as ``Style/dash(_:)``.
    case line(Int, color: String)
    case box(fill: String, color: String)
  }

  var title: String
  var width = 1200
  var panelHeight: Int
  var columns = 1
  var panels: [Panel]
  var legend: [(mark: Mark, text: String)] = []
  /// Sentences for the caption, before host and commit.
  var notes: [String] = []

  private static let margin = 16
  private static let titleSize = 16.0
  private static let textSize = 12.0
  private static let captionSize = 11.0
  private static let legendLine = 19
  private static let captionLine = 16
  private static let markWidth = 36

  private var rowCount: Int { (panels.count + columns - 1) / columns }
  private var legendWidth: Int {
    let widest = legend.map { TextWidth.pixels($0.text, size: Self.textSize) }.max() ?? 0
    return min(widest, 320) + Self.markWidth + 14
  }
  private var legendColumns: Int { max((width - 2 * Self.margin) / max(legendWidth, 1), 1) }
  private var legendRows: Int { (legend.count + legendColumns - 1) / legendColumns }
  private var titleHeight: Int { 40 }
  /// Of a panel's own title.
  private var panelTitle: Int { panels.contains { !$0.title.isEmpty } ? 22 : 4 }

  /// Pixels from below, the caption's lines given.
  private func legendBottom(_ lines: Int) -> Int {
    Self.margin / 2 + lines * Self.captionLine + 8
  }

  private func captionLines(_ caption: String) -> [String] {
    TextWidth.lines(caption, pixels: width - 2 * Self.margin, size: Self.captionSize)
  }

  private func height(_ lines: Int) -> Int {
    titleHeight + rowCount * panelHeight + legendRows * Self.legendLine + legendBottom(lines) + 8
  }

  /// - Parameter source: host, commit and run, the caption's end.
  func plot(_ kind: PlotKind, name: String, data: DataBlocks, source: String) -> Plot {
    let caption = (notes + [source]).joined(separator: " ")
    let lines = captionLines(caption)
    let height = height(lines.count)
    var text = Self.head
    text += pageTexts(lines, height: height)
    for (index, panel) in panels.enumerated() {
      text += axes(of: panel, at: index, height: height, lines: lines.count)
      text += panel.commands.joined(separator: "\n") + "\n"
      text += "unset label; unset object; unset arrow; unset logscale; unset grid\n"
    }
    text += "unset multiplot\n"
    return Plot(
      kind: kind, name: name, title: title, caption: caption, width: width, height: height,
      data: "set encoding utf8\nset datafile separator \"\\t\"\n"
        + "set datafile commentschars ''\nset datafile missing ''\n" + data.text,
      drawing: text)
  }

  private static let head = """
    set multiplot
    unset key
    set tics font ',11'
    set border 3 lw 0.8
    set clip two
    set tics nomirror out scale 0.6,0.3

    """

  private func screen(_ x: Int, _ y: Int, _ height: Int) -> String {
    screen(Double(x), Double(y), height)
  }

  private func screen(_ x: Double, _ y: Double, _ height: Int) -> String {
    "screen \(x / Double(width)),\(y / Double(height))"
  }

  private func pageTexts(_ lines: [String], height: Int) -> String {
    var text = ""
    func label(_ words: String, _ x: Int, _ y: Int, _ size: Double, _ more: String = "") {
      text += "set label \(GnuplotText.quoted(words)) at \(screen(x, y, height)) "
      text += "font ',\(Int(size))' front \(more)\n"
    }
    label(
      TextWidth.fitted(title, pixels: width - 2 * Self.margin, size: Self.titleSize), Self.margin,
      height - 22, Self.titleSize)
    for (index, line) in lines.enumerated() {
      label(
        line, Self.margin, Self.margin / 2 + (lines.count - 1 - index) * Self.captionLine + 8,
        Self.captionSize, "tc rgb '#404040'")
    }
    let top = legendBottom(lines.count) + legendRows * Self.legendLine
    for (index, entry) in legend.enumerated() {
      let x = Self.margin + index / legendRows * legendWidth
      let y = top - index % legendRows * Self.legendLine - Self.legendLine / 2
      text += draw(entry.mark, x, y, height)
      let room = min(legendWidth, width - x - Self.margin) - Self.markWidth
      label(
        TextWidth.fitted(entry.text, pixels: room, size: Self.textSize), x + Self.markWidth, y,
        Self.textSize)
    }
    return text
  }

  private func draw(_ mark: Mark, _ x: Int, _ y: Int, _ height: Int) -> String {
    switch mark {
    case .point(let type, let color):
      "set label '' at \(screen(x + 16, y, height)) point pt \(type) ps 0.75 lc rgb '\(color)' front\n"
    case .line(let dash, let color):
      Style.strokes(dash, length: 28).map { stroke in
        let start = screen(Double(x + 2) + stroke.start, Double(y), height)
        let end = screen(Double(x + 2) + stroke.end, Double(y), height)
        return "set arrow from \(start) to \(end) nohead lw 1.3 lc rgb '\(color)' front\n"
      }.joined()
    case .box(let fill, let color):
      "set object rect from \(screen(x + 4, y - 6, height)) to \(screen(x + 28, y + 6, height)) "
        + "fs \(fill) border lc rgb 'black' fc rgb '\(color)' front\n"
    }
  }

  private func axes(of panel: Panel, at index: Int, height: Int, lines: Int) -> String {
    let cell = width / columns
    let x = index % columns * cell
    let top = height - titleHeight - index / columns * panelHeight
    func y(_ pixels: Int) -> Double { Double(pixels) / Double(height) }
    var text = "set lmargin at screen \(Double(x + panel.left) / Double(width))\n"
    text += "set rmargin at screen \(Double(x + cell - panel.right) / Double(width))\n"
    text += "set tmargin at screen \(y(top - panelTitle))\n"
    text += "set bmargin at screen \(y(top - panelHeight + panel.bottom))\n"
    text +=
      "unset xlabel; unset ylabel; unset colorbox; set xtics autofreq norotate scale 0.6,0.3; set ytics autofreq scale 0.6,0.3\n"
    text += "set format '%g'; set autoscale\n"
    if !panel.title.isEmpty {
      let words = TextWidth.fitted(
        panel.title, pixels: cell - panel.right - 8, size: Self.textSize + 1)
      text += "set label \(GnuplotText.quoted(words)) at "
      text += "\(screen(x + panel.left, top - 10, height)) font ',13' front\n"
    }
    return text
  }
}

extension Sheet.Panel {
  /// Pixels that the axes have in a cell of this width.
  func axisWidth(cell: Int) -> Int { cell - left - right }

  /// Shades every other of so many places along the x axis.
  mutating func stripe(_ count: Int) {
    for place in stride(from: 1, through: count, by: 2) {
      commands.append(
        "set object rect from \(Double(place) - 0.5), graph 0 to \(Double(place) + 0.5), graph 1 "
          + "fs solid noborder fc rgb '\(Style.faint)' behind")
    }
  }

  /// Names below an axis, one per unit from 1; turned where they are wide.
  /// - Returns: the command, and the pixels that the names take.
  static func nameTics(
    _ axis: String, _ names: [String], room: Int, limit: Int = 190
  ) -> (command: String, pixels: Int) {
    let size = 11.0
    let widest = names.map { TextWidth.pixels($0, size: size) }.max() ?? 0
    let isTurned = axis == "x" && widest > room - 4
    let length = min(widest, limit)
    let tics = names.enumerated().map { index, name in
      let text = GnuplotText.tic(TextWidth.fitted(name, pixels: length, size: size))
      return "\(text) \(index + 1)"
    }
    return (
      "set \(axis)tics (\(tics.joined(separator: ", ")))\(isTurned ? " rotate by 90 right" : "") "
        + "scale 0",
      axis == "y" || isTurned ? length + 12 : 24
    )
  }
}
