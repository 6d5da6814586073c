import Foundation
import Tensors

enum ProcessEnvironment {
  /// Set by the script that runs these tests under an emulator.
  static var isEmulated: Bool {
    ProcessInfo.processInfo.environment["ALEXBENCH_EMULATED"] != nil
  }
}

extension [Int] {
  /// These extents as a shape.
  var shape: Shape { Shape(self) }
}
