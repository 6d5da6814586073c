"""Turns the graph of a `prepare` request into an ONNX model with Caffe's semantics."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class Unsupported(Exception):
    """A layer that cannot be said in ONNX, with the reason."""


def read_tensor(tensor, file):
    """The values of a tensor of the request, in memory aligned for vectors."""
    count = int(np.prod(tensor["shape"], dtype=np.int64))
    values = aligned(tensor["shape"])
    values.reshape(-1)[:] = np.fromfile(
        file, dtype="<f4", count=count, offset=tensor["byteOffset"])
    return values


def aligned(shape, alignment=64):
    """An uninitialised float32 array that starts at a multiple of `alignment` bytes."""
    byte_count = 4 * int(np.prod(shape, dtype=np.int64))
    memory = np.empty(byte_count + alignment, dtype=np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start:start + byte_count].view(np.float32).reshape(shape)


class Model:
    """An ONNX model of a graph, whose outputs can be chosen."""

    def __init__(self, model):
        self.values = model["values"]
        builder = _Builder(model)
        for node in model["nodes"]:
            builder.add(node)
        # What nothing reads: the outputs of the graph.
        self.final = model["outputs"]
        for value in self.final:
            # What dropout passes on needs a tensor of its own.
            if value not in builder.computed:
                builder.node("Identity", [builder.names[value]], value)
                builder.computed.add(value)
        # What every layer writes.
        self.every = sorted(builder.computed)
        inputs = [self.port(value) for value in model["inputs"]]
        graph = helper.make_graph(
            builder.nodes, model["network"], inputs, [], builder.initializers)
        self.proto = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
            producer_name="alexbench")

    def port(self, value):
        return helper.make_tensor_value_info(
            f"v{value}", TensorProto.FLOAT, self.values[value]["shape"])

    def serialized(self, outputs):
        """The model with these values as its outputs, in this order."""
        del self.proto.graph.output[:]
        self.proto.graph.output.extend(self.port(value) for value in outputs)
        return self.proto.SerializeToString()


class _Builder:
    def __init__(self, model):
        self.values = model["values"]
        self.file = model["file"]
        self.nodes = []
        self.initializers = []
        # The tensor that holds each value.
        self.names = {value: f"v{value}" for value in model["inputs"]}
        # Values with a tensor of their own; the others are passed on.
        self.computed = set()

    def add(self, node):
        inputs = [self.names[value] for value in node["inputs"]]
        if node["kind"] == "dropout":
            self.names[node["outputs"][0]] = inputs[0]
            return
        if len(node["outputs"]) != 1:
            raise Unsupported(f"'{node['layer']}' has {len(node['outputs'])} tops")
        rule = getattr(self, "add_" + node["kind"], None)
        if rule is None:
            raise Unsupported(f"'{node['kind']}' is not translated to ONNX")
        value = node["outputs"][0]
        rule(node, node["parameters"], inputs, value)
        self.names[value] = f"v{value}"
        self.computed.add(value)

    def node(self, operator, inputs, value=None, part="", **attributes):
        """Adds a node; it writes the tensor of `value`, or a part of the way there."""
        name = f"v{value}" + (f".{part}" if part else "")
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weights(self, node):
        names = []
        for part in ("weight", "bias"):
            if node.get(part) is not None:
                names.append(self.constant(
                    f"{node['layer']}.{part}", read_tensor(node[part], self.file)))
        return names

    def shape(self, value):
        return self.values[value]["shape"]

    def add_convolution(self, node, p, inputs, value):
        pad = p["pad"]
        size = self.shape(node["inputs"][0])[2:]
        # A filter may be larger than the padded input.
        reach = [p["dilation"][i] * (p["kernel"][i] - 1) + 1 for i in range(2)]
        far = [max(pad[i], reach[i] - size[i] - pad[i]) for i in range(2)]
        self.node(
            "Conv", inputs + self.weights(node), value, kernel_shape=p["kernel"],
            strides=p["stride"], pads=pad + far, dilations=p["dilation"], group=p["groups"])

    def add_relu(self, node, p, inputs, value):
        if p["negativeSlope"] == 0:
            self.node("Relu", inputs, value)
        else:
            self.node("LeakyRelu", inputs, value, alpha=float(p["negativeSlope"]))

    def add_pooling(self, node, p, inputs, value):
        operator = {"max": "MaxPool", "average": "AveragePool"}[p["method"]]
        size, out = self.shape(node["inputs"][0])[2:], self.shape(value)[2:]
        if p["isGlobal"]:
            self.node("Global" + operator, inputs, value)
            return
        kernel, stride, pad = p["kernel"], p["stride"], p["pad"]
        # Caffe rounds the size up: said by padding at the far end, and without any rounding.
        far = [max((out[i] - 1) * stride[i] + kernel[i] - size[i] - pad[i], 0) for i in range(2)]
        if any(far[i] >= kernel[i] for i in range(2)):
            raise Unsupported("a window lies in the padding altogether")
        shape = dict(kernel_shape=kernel, strides=stride, pads=pad + far)
        if operator == "MaxPool":
            self.node(operator, inputs, value, **shape)
            return
        # Caffe's average counts the padding asked for, not what rounding up adds to it.
        counts = [[self.clipped(i, j, size, kernel, stride, pad) for j in range(out[i])]
                  for i in range(2)]
        full = kernel[0] * kernel[1]
        factors = full / np.outer(counts[0], counts[1])
        if np.all(factors == 1):
            self.node(operator, inputs, value, count_include_pad=1, **shape)
            return
        sums = self.node(operator, inputs, value, "window", count_include_pad=1, **shape)
        factor = self.constant(f"v{value}.factor", factors.astype(np.float32)[None, None])
        self.node("Mul", [sums, factor], value)

    @staticmethod
    def clipped(axis, position, size, kernel, stride, pad):
        """How much of a window lies in the padded input."""
        start = position * stride[axis] - pad[axis]
        return min(start + kernel[axis], size[axis] + pad[axis]) - start

    def add_lrn(self, node, p, inputs, value):
        if p["region"] != "across_channels":
            raise Unsupported("ONNX has no normalisation within a channel")
        self.node(
            "LRN", inputs, value, size=p["size"], alpha=float(p["alpha"]), beta=float(p["beta"]),
            bias=float(p["k"]))

    def add_inner_product(self, node, p, inputs, value):
        axis, shape = p["axis"], self.shape(value)
        rows = inputs[0]
        if len(self.shape(node["inputs"][0])) != 2 or axis != 1:
            rows = self.node("Flatten", inputs, value, "rows", axis=axis)
        operands = [rows] + self.weights(node)
        trans = 0 if p["isTransposed"] else 1
        if len(shape) == 2:
            self.node("Gemm", operands, value, transB=trans)
            return
        product = self.node("Gemm", operands, value, "product", transB=trans)
        sizes = self.constant(f"v{value}.shape", np.array(shape, dtype=np.int64))
        self.node("Reshape", [product, sizes], value)

    def add_softmax(self, node, p, inputs, value):
        self.node("Softmax", inputs, value, axis=p["axis"])

    def add_sigmoid(self, node, p, inputs, value):
        self.node("Sigmoid", inputs, value)

    def add_tanh(self, node, p, inputs, value):
        self.node("Tanh", inputs, value)

    def add_concat(self, node, p, inputs, value):
        self.node("Concat", inputs, value, axis=p["axis"])

    def add_flatten(self, node, p, inputs, value):
        sizes = self.constant(
            f"v{value}.shape", np.array(self.shape(value), dtype=np.int64))
        self.node("Reshape", inputs + [sizes], value)

    def add_eltwise(self, node, p, inputs, value):
        operator = {"product": "Mul", "sum": "Sum", "maximum": "Max"}[p["operation"]]
        if operator == "Mul":
            for index, name in enumerate(inputs[1:], 1):
                part = "" if index == len(inputs) - 1 else f"product{index}"
                inputs[0] = self.node("Mul", [inputs[0], name], value, part)
            return
        for index, factor in enumerate(p["coefficients"]):
            constant = self.constant(f"v{value}.c{index}", np.array(factor, dtype=np.float32))
            inputs[index] = self.node("Mul", [inputs[index], constant], value, f"term{index}")
        self.node(operator, inputs, value)
