import Execution

/// A step of other code under the label of a backend that has handed its layer on.
final class DelegatedStep: Step {
  let info: StepInfo
  private let step: any Step

  /// - Parameter name: what stands in the column `delegated_to`.
  convenience init(_ step: any Step, to name: String) {
    var info = step.info
    info.delegatedTo = name
    self.init(step, info: info)
  }

  /// - Parameter info: what the step is where it stands now.
  init(_ step: any Step, info: StepInfo) {
    self.info = info
    self.step = step
  }

  func bind(_ bindings: Bindings) { step.bind(bindings) }

  func run() { step.run() }

  func run(timing clock: PhaseClock) { step.run(timing: clock) }
}
