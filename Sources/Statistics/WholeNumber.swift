extension Int {
  /// A number of a file or of a quotient, which may be anything: what is too large or too small is
  /// the nearest that there is, and no number is 0.
  package init(nearestTo value: Double) {
    // The largest Double below 2⁶³.
    let limit = 0x1p63.nextDown
    self = value.isNaN ? 0 : Int(Swift.min(Swift.max(value.rounded(), -limit), limit))
  }
}
