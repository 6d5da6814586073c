import Tensors

/// A pair of numbers, one for rows and one for columns.
public struct Extent: Hashable, Sendable, BitwiseCopyable {
  public var h: Int
  public var w: Int
  public init(h: Int, w: Int) {
    self.h = h
    self.w = w
  }
  /// The same for both axes.
  public init(_ both: Int) { self.init(h: both, w: both) }
  public static let one = Extent(1)
  public static let zero = Extent(0)
}

/// What a layer computes, without weights and without a shape: the parameters of Caffe's layer.
public enum LayerSpec: Hashable, Sendable {
  case convolution(ConvolutionSpec)
  case relu(ReLUSpec)
  case pooling(PoolingSpec)
  case lrn(LRNSpec)
  case innerProduct(InnerProductSpec)
  case dropout(DropoutSpec)
  case softmax(SoftmaxSpec)
  case softmaxWithLoss(SoftmaxWithLossSpec)
  case euclideanLoss(EuclideanLossSpec)
  case accuracy(AccuracySpec)
  case concat(ConcatSpec)
  case eltwise(EltwiseSpec)
  case flatten(FlattenSpec)
  case power(PowerSpec)
  /// 1 ∕ (1 + exp(−x)): Caffe `Sigmoid`.
  case sigmoid
  /// The hyperbolic tangent: Caffe `TanH`.
  case tanh

  /// Name in the `kind` column.
  public var kind: LayerKind {
    switch self {
    case .convolution: .convolution
    case .relu: .relu
    case .pooling: .pooling
    case .lrn: .lrn
    case .innerProduct: .innerProduct
    case .dropout: .dropout
    case .softmax: .softmax
    case .softmaxWithLoss: .softmaxWithLoss
    case .euclideanLoss: .euclideanLoss
    case .accuracy: .accuracy
    case .concat: .concat
    case .eltwise: .eltwise
    case .flatten: .flatten
    case .power: .power
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    }
  }
}

/// The kinds of rows there are: layers, and what a backend or a pass adds.
public enum LayerKind: String, Sendable, CaseIterable {
  case convolution, relu, pooling, lrn
  case innerProduct = "inner_product"
  case dropout, softmax
  case softmaxWithLoss = "softmax_with_loss"
  case euclideanLoss = "euclidean_loss"
  case accuracy, concat, eltwise, flatten, power, sigmoid, tanh
  /// A change of layout between two steps of a backend.
  case reorder
  /// The full forward (`layer=net`).
  case network
}

/// Cross-correlation with groups: Caffe `Convolution`.
///
/// out[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · in[n, g·C/G + c, p·stride − pad + r·dilation, …]
public struct ConvolutionSpec: Hashable, Sendable {
  /// Output channels K.
  public var outputs: Int
  public var kernel: Extent
  public var stride: Extent
  public var pad: Extent
  public var dilation: Extent
  public var groups: Int
  public var hasBias: Bool

  public init(
    outputs: Int, kernel: Extent, stride: Extent = .one, pad: Extent = .zero,
    dilation: Extent = .one, groups: Int = 1, hasBias: Bool = true
  ) {
    self.outputs = outputs
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.dilation = dilation
    self.groups = groups
    self.hasBias = hasBias
  }
}

/// max(x, 0) + slope · min(x, 0): Caffe `ReLU`.
public struct ReLUSpec: Hashable, Sendable {
  public var negativeSlope: Float
  public init(negativeSlope: Float = 0) { self.negativeSlope = negativeSlope }
}

/// Maximum or average over windows: Caffe `Pooling`.
///
/// The output size rounds up; a last window that would start in the padding is dropped. The
/// average divides by the window size clipped to the padded input, as Caffe does.
///
/// A layer with two tops writes the *mask* of its maxima into the second: where in its plane of the
/// input each maximum stands, h · W + w, as a float; the first one of equals, −1 for a window
/// without input.
public struct PoolingSpec: Hashable, Sendable {
  public enum Method: String, Sendable { case max, average }
  public var method: Method
  /// Ignored when ``isGlobal``.
  public var kernel: Extent
  public var stride: Extent
  public var pad: Extent
  /// One window over the whole input.
  public var isGlobal: Bool

  public init(
    method: Method, kernel: Extent, stride: Extent = .one, pad: Extent = .zero,
    isGlobal: Bool = false
  ) {
    self.method = method
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.isGlobal = isGlobal
  }
}

/// Local response normalisation: Caffe `LRN`.
///
/// out = in · (k + (α ∕ n) · Σ in²)^−β over `size` neighbouring channels, or over a
/// `size`×`size` window of the same channel, where n counts the whole window, padding included.
/// Within a channel k is 1, whatever the spec says, as in Caffe (`lrn_layer.cpp`, `set_shift(1)`).
public struct LRNSpec: Hashable, Sendable {
  public enum Region: String, Sendable {
    case acrossChannels = "across_channels"
    case withinChannel = "within_channel"
  }
  /// Window length; odd.
  public var size: Int
  public var alpha: Float
  public var beta: Float
  public var k: Float
  public var region: Region

  public init(
    size: Int = 5, alpha: Float = 1, beta: Float = 0.75, k: Float = 1,
    region: Region = .acrossChannels
  ) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.k = k
    self.region = region
  }
}

/// Fully connected: Caffe `InnerProduct`. Axes before `axis` are the batch, those from it on are
/// flattened.
///
/// out[m,k] = bias[k] + Σ_c weight[k,c] · in[m,c]
public struct InnerProductSpec: Hashable, Sendable {
  public var outputs: Int
  public var hasBias: Bool
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  /// The weight lies as C×K rather than K×C.
  public var isTransposed: Bool

  public init(outputs: Int, hasBias: Bool = true, axis: Int = 1, isTransposed: Bool = false) {
    self.outputs = outputs
    self.hasBias = hasBias
    self.axis = axis
    self.isTransposed = isTransposed
  }
}

/// Caffe `Dropout`: the identity in inference.
public struct DropoutSpec: Hashable, Sendable {
  public var ratio: Float
  public init(ratio: Float = 0.5) { self.ratio = ratio }
}

/// exp(x − max) ∕ Σ exp(x − max) along an axis: Caffe `Softmax`.
public struct SoftmaxSpec: Hashable, Sendable {
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }
}
