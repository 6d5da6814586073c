import Foundation
import GoldenSupport
import Results
import Tensors
import Testing

/// The way back on the command line.
@Suite("Backward")
struct BackwardTests {
  private func golden(_ path: String) -> String {
    Golden.folder.appendingPathComponent(path).path
  }

  private var caffenet: [String] {
    [
      "forward", "--backward", "--model", golden("mini-caffenet/train.prototxt"), "--weights",
      golden("mini-caffenet/weights.caffemodel"), "--input",
      "data=\(golden("mini-caffenet/blobs/data.npy"))", "--input",
      "label=\(golden("mini-caffenet/label.npy"))",
    ]
  }

  @Test("forward --backward writes what Caffe has, under Caffe's names")
  func dump() throws {
    try withTemporaryFolder { folder in
      let command = try Command(caffenet + ["--backend", "im2col-openblas", "--dump", folder])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.contains("loss: 5.86"))
      for name in ["conv1_param0_diff", "conv1_param1_diff", "fc8_param0_diff"] {
        let got = try GoldenArray(npy: URL(fileURLWithPath: "\(folder)/\(name).npy"))
        let want = try Golden.array("mini-caffenet/grads/\(name).npy")
        #expect(relativeError(got.values, want.values) <= Golden.gradientTolerance, "\(name)")
      }
      // Before the ReLU and the dropout that change it in place.
      let got = try GoldenArray(npy: URL(fileURLWithPath: "\(folder)/fc6_diff.npy"))
      let want = try Golden.array("mini-caffenet/diffs/fc6_diff.npy")
      #expect(relativeError(got.values, want.values) <= Golden.gradientTolerance)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/data_diff.npy"))
    }
  }

  @Test("What cannot go backward is refused with a sentence")
  func refusals() throws {
    func run(_ arguments: [String]) throws -> Command { try Command(arguments) }
    let simd = try run(caffenet + ["--backend", "simd"])
    #expect(simd.exitCode != 0 && simd.errors.contains("does not compute backward_weights"))
    let deploy = [
      "forward", "--model", golden("mini-caffenet/deploy.prototxt"), "--input",
      golden("mini-caffenet/blobs/data.npy"),
    ]
    let noLoss = try run(deploy + ["--backward"])
    #expect(noLoss.exitCode == 64 && noLoss.errors.contains("the network has no loss"))
    let given = "prob=\(golden("mini-caffenet/blobs/prob.npy"))"
    #expect(try run(deploy + ["--backward", "--top-diff", given]).exitCode == 0)
    #expect(try run(deploy + ["--top-diff", given]).exitCode == 64)
    let shape = try run(
      deploy + ["--backward", "--top-diff", "prob=\(golden("mini-caffenet/blobs/fc6.npy"))"])
    #expect(shape.exitCode == 64 && shape.errors.contains("and blob 'prob' is 2x100"))
    let train = try run(caffenet + ["--phase", "TRAIN"])
    #expect(train.exitCode == 3 && train.errors.contains("'drop6' drops values"))
    #expect(try run(["run", "--direction", "update"]).exitCode == 64)
    let net = try run(["run", "--direction", "backward_data", "--pass", "net"])
    #expect(net.exitCode == 64 && net.errors.contains("--direction is of layers alone"))
  }

  @Test("A first layer has a gradient of its input where it is asked for, and a problem has")
  func allGradients() throws {
    try withTemporaryFolder { folder in
      func rows(_ arguments: [String]) throws -> [WorkloadRow] {
        let run =
          ["run", "--direction", "backward_data", "--backend", "simd,im2col-openblas", "--rounds"]
          + ["1", "--budget", "1s", "--allow-debug", "--out", folder] + arguments
        let command = try Command(run)
        #expect(command.exitCode == 0, "\(command.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let latest = "\(folder)/\(try #require(names.max()))"
        defer {
          for name in names { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        }
        return try Schema.workloads.rows(contentsOf: "\(latest)/workloads.csv")
      }
      let first = ["--network", "caffenet-mini", "--layer", "conv1"]
      #expect(try rows(first + ["--layer", "conv2"]).allSatisfy { $0.key.layer == "conv2" })
      for launches in [[], ["--launches", "1"]] {
        let conv1 = try rows(first + ["--all-gradients"] + launches)
        #expect(conv1.map(\.status).sorted { $0.rawValue < $1.rawValue } == [.ok, .unsupported])
        #expect(conv1.allSatisfy { $0.repro.contains("--all-gradients") })
        let problem = try rows(["--problem", "c16 h9 k32 r3 p1"] + launches)
        #expect(problem.map(\.status) == [.ok, .ok])
        #expect(problem.allSatisfy { !$0.repro.contains("--all-gradients") })
      }
    }
  }

  @Test("A run of all directions has rows of each, checked, valid and repeatable; launches as well")
  func directions() throws {
    try withTemporaryFolder { folder in
      let run = [
        "run", "--network", "caffenet-mini", "--layer", "conv3,pool5,fc7", "--direction", "all",
        "--backend", "naive,im2col-openblas,simd", "--rounds", "1", "--budget", "1s",
        "--allow-debug", "--out", folder,
      ]
      for launches in [[], ["--launches", "2"]] {
        let command = try Command(run + launches)
        #expect(command.exitCode == 0, "\(command.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let latest = "\(folder)/\(try #require(names.last))"
        #expect(try Command(["validate", latest]).exitCode == 0)
        let rows = try Schema.workloads.rows(contentsOf: "\(latest)/workloads.csv")
        func status(_ layer: String, _ direction: String, _ backend: String) -> Status? {
          rows.first {
            $0.key.layer == layer && $0.key.direction.rawValue == direction
              && $0.key.backend == backend
          }?.status
        }
        #expect(rows.count == 24)
        #expect(status("conv3", "backward_data", "simd") == .ok)
        #expect(status("conv3", "backward_weights", "simd") == .unsupported)
        #expect(status("fc7", "backward_weights", "im2col-openblas") == .ok)
        #expect(status("pool5", "backward_weights", "naive") == nil)
        let pool = rows.first { $0.key.layer == "pool5" && $0.key.direction == .backwardData }
        #expect(pool?.repro.contains("--direction backward_data") == true)
        #expect(
          rows.filter { $0.facts.delegatedTo == "naive" }.allSatisfy { $0.key.layer == "pool5" })
        for name in names { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
      }
    }
  }
}
