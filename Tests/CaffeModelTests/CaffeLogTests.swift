import CaffeModel
import Foundation
import GoldenSupport
import Networks
import Testing

@Suite("Caffe's log of a net's set-up")
struct CaffeLogTests {
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
  }

  @Test("CaffeNet at batch 10, its input declared by the net: the log of 2015")
  func legacyInput() throws {
    let network = try #require(NetworkCatalog.network(named: "caffenet"))
    let log = try CaffeLog(CaffeNetwork(network, named: "caffenet"))
    #expect(log.lines == lines(try Golden.text("caffe-log/caffenet_input.txt")))
    let memory = log.lines.filter { $0.hasPrefix("Memory required") }
    #expect(memory.count == 24)
    #expect(memory.last == "Memory required for data: 62497920")
  }

  @Test("CaffeNet with an Input layer: the log of today's Caffe")
  func inputLayer() throws {
    let text = try Golden.text("prototxt/bvlc_reference_caffenet_deploy.prototxt")
    let log = try CaffeLog(CaffeNetwork(prototxt: text))
    #expect(log.lines == lines(try Golden.text("caffe-log/caffenet_layer.txt")))
    let memory = log.lines.filter { $0.hasPrefix("Memory required") }
    #expect(memory.count == 24)
    #expect(memory.last == "Memory required for data: 68681400")
  }

  @Test("The top of a loss that names none has no name, and is no output")
  func automaticTop() throws {
    let net = try CaffeNetwork(
      prototxt: """
        input: 'a' input_shape { dim: 2 dim: 3 } input: 'b' input_shape { dim: 2 dim: 3 }
        layers { name: 'loss' type: EUCLIDEAN_LOSS bottom: 'a' bottom: 'b' }
        """)
    #expect(net.network.layers[0].tops == ["loss"])
    let lines = try CaffeLog(net).lines
    #expect(lines.contains("loss -> (automatic)"))
    #expect(!lines.contains { $0.hasPrefix("This network produces") })
  }

  @Test("A blob with two readers is split; losses and what leads to them need a gradient")
  func splits() throws {
    let log = try CaffeLog(
      CaffeNetwork(
        prototxt: """
          layer { name: 'data' type: 'MemoryData' top: 'data' top: 'label'
            memory_data_param { batch_size: 2 channels: 3 height: 1 width: 1 } }
          layer { name: 'frozen' type: 'InnerProduct' bottom: 'data' top: 'frozen'
            param { lr_mult: 0 } param { lr_mult: 0 } inner_product_param { num_output: 4 } }
          layer { name: 'ip' type: 'InnerProduct' bottom: 'frozen' top: 'ip'
            inner_product_param { num_output: 5 } }
          layer { name: 'relu' type: 'ReLU' bottom: 'ip' top: 'ip' }
          layer { name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'accuracy' }
          layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss'
            loss_weight: 0.5 }
          """))
    let text = """
      Creating Layer data
      data -> data
      data -> label
      Setting up data
      Top shape: 2 3 1 1 (6)
      Top shape: 2 (2)
      Memory required for data: 32
      Creating Layer label_data_1_split
      label_data_1_split <- label
      label_data_1_split -> label_data_1_split_0
      label_data_1_split -> label_data_1_split_1
      Setting up label_data_1_split
      Top shape: 2 (2)
      Top shape: 2 (2)
      Memory required for data: 48
      Creating Layer frozen
      frozen <- data
      frozen -> frozen
      Setting up frozen
      Top shape: 2 4 (8)
      Memory required for data: 80
      Creating Layer ip
      ip <- frozen
      ip -> ip
      Setting up ip
      Top shape: 2 5 (10)
      Memory required for data: 120
      Creating Layer relu
      relu <- ip
      relu -> ip (in-place)
      Setting up relu
      Top shape: 2 5 (10)
      Memory required for data: 160
      Creating Layer ip_relu_0_split
      ip_relu_0_split <- ip
      ip_relu_0_split -> ip_relu_0_split_0
      ip_relu_0_split -> ip_relu_0_split_1
      Setting up ip_relu_0_split
      Top shape: 2 5 (10)
      Top shape: 2 5 (10)
      Memory required for data: 240
      Creating Layer accuracy
      accuracy <- ip_relu_0_split_0
      accuracy <- label_data_1_split_0
      accuracy -> accuracy
      Setting up accuracy
      Top shape: (1)
      Memory required for data: 244
      Creating Layer loss
      loss <- ip_relu_0_split_1
      loss <- label_data_1_split_1
      loss -> loss
      Setting up loss
      Top shape: (1)
          with loss weight 0.5
      Memory required for data: 248
      loss needs backward computation.
      accuracy does not need backward computation.
      ip_relu_0_split needs backward computation.
      relu needs backward computation.
      ip needs backward computation.
      frozen does not need backward computation.
      label_data_1_split does not need backward computation.
      data does not need backward computation.
      This network produces output accuracy
      This network produces output loss
      Network initialization done.
      """
    #expect(log.lines == lines(text))
  }
}
