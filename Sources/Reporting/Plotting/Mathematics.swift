import Foundation
import Statistics

// For places in pictures only; results never go through these.

func logarithm(_ value: Double) -> Double { log(value) }
func exponential(_ value: Double) -> Double { exp(value) }

/// The range of a logarithmic axis.
struct LogRange {
  var low: Double
  var high: Double

  /// Around all values that can stand on such an axis, with some room.
  init(_ values: some Sequence<Double>, room: Double = 1.3) {
    let usable = values.filter(\.isPositiveFinite)
    low = (usable.min() ?? 0.1) / room
    high = (usable.max() ?? 10) * room
  }

  init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// Commands for an axis, `x` or `y`.
  ///
  /// gnuplot names powers of ten only, of which a short range may have none: there it gets tics of
  /// its own.
  /// - Parameter mantissas: which may have a name; from 1 to 10 none is more than 2.5 times the last.
  func commands(
    _ axis: String, mantissas: [Double] = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]
  ) -> [String] {
    var commands = ["set logscale \(axis)", "set \(axis)range [\(low):\(high)]"]
    let decades = log10(high / low)
    if decades < 2 {
      let named = decades < 0.7 ? mantissas : mantissas.filter { [1, 2, 5].contains($0) }
      let powers =
        Int(nearestTo: log10(low).rounded(.down))...Int(nearestTo: log10(high).rounded(.down))
      let all = powers.flatMap { power in named.map { $0 * pow(10, Double(power)) } }
        .filter { $0 >= low && $0 <= high }
      // Numbers are wider than high.
      let gap = axis == "x" ? 0.16 : 0.07
      var tics: [Double] = []
      for tic in all where tics.last.map({ log10(tic / $0) >= gap * decades }) != false {
        tics.append(tic)
      }
      commands.append("set \(axis)tics (\(tics.map(\.description).joined(separator: ", ")))")
    }
    return commands
  }
}

extension Double {
  /// Whether it can stand on a logarithmic axis.
  var isPositiveFinite: Bool { isFinite && self > 0 }
}
