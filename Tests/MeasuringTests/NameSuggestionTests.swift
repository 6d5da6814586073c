import Measuring
import Testing

@Suite struct NameSuggestionTests {
  @Test(
    "Edit distances",
    arguments: [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("conv2", "conf2", 1)])
  func distances(a: String, b: String, distance: Int) {
    #expect(NameSuggestion.editDistance(a, b) == distance)
    #expect(NameSuggestion.editDistance(b, a) == distance)
  }

  @Test(
    "The nearest name is suggested, and none when none is near",
    arguments: [
      ("alexnt", "alexnet"), ("AlexNet", "alexnet"), ("caffnet", "caffenet"),
      ("openblas", "im2col-openblas"), ("resnet152-v2-quantised", nil),
    ] as [(String, String?)])
  func nearest(name: String, suggestion: String?) {
    let known = ["alexnet", "caffenet", "openvino", "im2col-openblas"]
    #expect(NameSuggestion.nearest(to: name, in: known) == suggestion)
  }

  @Test("An unknown name says what was meant")
  func unknown() {
    #expect {
      try NameSuggestion.resolve(["simd", "sind"], what: "backend", known: ["naive", "simd"])
    } throws: {
      "\($0)" == "no backend 'sind'; did you mean 'simd'?"
    }
  }
}
