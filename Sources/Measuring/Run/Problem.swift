import Networks
import Tensors

/// One convolution described by letters and numbers, as `--problem` takes it:
/// `c96 h27 w27 k256 r5 p2 g2`.
///
/// | letter | what | default |
/// |---|---|---|
/// | `n` | images | 1 |
/// | `c` `h` `w` | input channels, rows, columns | `w` = `h` |
/// | `k` | output channels | |
/// | `r` `s` | filter rows, columns | `s` = `r` |
/// | `u` `v` | stride of rows, columns | 1, `v` = `u` |
/// | `p` `q` | padding of rows, columns | 0, `q` = `p` |
/// | `d` `e` | dilation of rows, columns | 1, `e` = `d` |
/// | `g` | groups | 1 |
///
/// `u` and `v` for strides as in cuDNN and MIOpen.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var channels: Int
  package var size: Extent
  package var spec: ConvolutionSpec

  package init(batch: Int = 1, channels: Int, size: Extent, spec: ConvolutionSpec) {
    self.batch = batch
    self.channels = channels
    self.size = size
    self.spec = spec
  }

  /// - Throws: an unknown, repeated, missing or impossible letter, ``MeasuringError/usage(_:)``.
  package init(_ text: String) throws(MeasuringError) {
    var values: [Character: Int] = [:]
    for word in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "_" }) {
      guard let letter = word.first, "nchwkrsuvpqdeg".contains(letter) else {
        throw .usage(
          "problem '\(text)': '\(word)' begins with none of the letters "
            + "n c h w k r s u v p q d e g")
      }
      let range = ("pq".contains(letter) ? 0 : 1)...1 << 20
      guard let value = Int(word.dropFirst()), range.contains(value) else {
        throw .usage(
          "problem '\(text)': '\(word)' needs a number from \(range.lowerBound) to "
            + "\(range.upperBound) after '\(letter)'")
      }
      guard values.updateValue(value, forKey: letter) == nil else {
        throw .usage("problem '\(text)': '\(letter)' stands there twice")
      }
    }
    func required(_ letter: Character, _ what: String) throws(MeasuringError) -> Int {
      guard let value = values[letter] else {
        throw .usage("problem '\(text)' lacks '\(letter)', the number of \(what)")
      }
      return value
    }
    func pair(_ row: Character, _ column: Character, _ standard: Int) -> Extent {
      let h = values[row] ?? standard
      return Extent(h: h, w: values[column] ?? h)
    }
    batch = values["n"] ?? 1
    channels = try required("c", "input channels")
    let rows = try required("h", "input rows")
    size = Extent(h: rows, w: values["w"] ?? rows)
    let outputs = try required("k", "output channels")
    _ = try required("r", "filter rows")
    spec = ConvolutionSpec(
      outputs: outputs, kernel: pair("r", "s", 1), stride: pair("u", "v", 1),
      pad: pair("p", "q", 0), dilation: pair("d", "e", 1), groups: values["g"] ?? 1)
    // Shape inference knows what is impossible.
    do { _ = try network.graph() } catch {
      throw .usage("problem '\(text)' is not possible: \(error)")
    }
  }

  /// The text in canonical order; what has its default value is left out, the batch always.
  package var description: String {
    "c\(channels) h\(size.h) w\(size.w) \(spec.letters)"
  }

  /// A network of this one convolution, `conv`. Its name is the description, so that the rows of
  /// different problems never join.
  package var network: Network {
    Network(
      name: description,
      inputs: [
        Network.Input(blob: "data", shape: Shape(n: batch, c: channels, h: size.h, w: size.w))
      ],
      layers: [
        Layer(name: "conv", spec: .convolution(spec), bottoms: ["data"], tops: ["conv"])
      ])
  }
}
