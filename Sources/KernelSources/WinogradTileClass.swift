import KernelInterface

/// Tiles of one class, of those in `WinogradTiles`: all have the same frequencies.
struct WinogradTileClass {
  let isLastRow: Bool
  let isLastColumn: Bool
  /// Sides of a tile, in.
  let rowAlpha: Int
  let columnAlpha: Int
  /// The first row and column of frequencies behind those that are left out, or what would be it.
  let rowTail: Int
  let columnTail: Int
  /// Of an image.
  private let rows: Int32
  private let columns: Int32
  private let firstRow: Int32
  private let firstColumn: Int32
  /// Number of the class's first tile, counted from the first one of the block in work.
  private let start: Int32

  @inline(__always)
  init(_ tiles: WinogradTiles, _ number: Int) {
    isLastRow = number >= 2
    isLastColumn = number == 0 || number == 3
    rowAlpha = Int(isLastRow ? tiles.last_h : tiles.alpha)
    columnAlpha = Int(isLastColumn ? tiles.last_w : tiles.alpha)
    rowTail = Int(winograd_first_left_out(tiles, Int32(rowAlpha)))
    columnTail = Int(winograd_first_left_out(tiles, Int32(columnAlpha)))
    let fullRows = winograd_full_rows(tiles)
    let fullColumns = winograd_full_columns(tiles)
    rows = isLastRow ? tiles.tiles_h - fullRows : fullRows
    columns = isLastColumn ? tiles.tiles_w - fullColumns : fullColumns
    firstRow = isLastRow ? fullRows : 0
    firstColumn = isLastColumn ? fullColumns : 0
    start = winograd_class_start(tiles, Int32(number)) - tiles.first_tile
  }

  /// Where a tile lies; counted from the first of the block in work. In 32 bits, which divide faster.
  @inline(__always)
  func place(of tile: Int) -> (image: Int, row: Int, column: Int) {
    let index = Int32(tile) - start
    let line = index / columns
    return (Int(line / rows), Int(firstRow + line % rows), Int(firstColumn + index % columns))
  }
}
