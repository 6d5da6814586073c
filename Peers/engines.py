"""The libraries behind one interface.

An engine is made once per process. Its `compile` takes a serialized ONNX model and returns sessions
with

    bind(inputs, outputs)   arrays by position, read and written in place from then on
    run                     one forward, without arguments
    facts()                 `implementation`, `kernelID` and `layout` of what really ran
"""

import json
import os
import sys
import tempfile
from collections import Counter


def short(kind):
    return {"convolution": "conv", "inner_product": "fc", "pooling": "pool"}.get(kind, kind)


def tally(names):
    """`Conv x5; LRN x2`, in the order in which names first come."""
    return "; ".join(f"{name} x{count}" if count > 1 else name
                     for name, count in Counter(names).items())


class ONNXRuntime:
    name = "onnxruntime"
    # Sessions that may be alive at once for cold weights.
    most_copies = 512

    def __init__(self, threads):
        import onnxruntime
        self.library = onnxruntime
        self.version = onnxruntime.__version__
        self.threads = threads
        # Errors only: warnings about what the optimiser left out are no news to a reader.
        onnxruntime.set_default_logger_severity(3)

    def refusal_of_copies(self):
        if self.threads > 1:
            return ("each copy of the weights is a session of ONNX Runtime, whose threads would "
                    "still spin while the next copy runs; take --threads 1")
        return None

    def compile(self, model, profiles=False):
        options = self.library.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.execution_mode = self.library.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = self.library.GraphOptimizationLevel.ORT_ENABLE_ALL
        folder = None
        if profiles:
            folder = tempfile.TemporaryDirectory(prefix="alexbench-peers-")
            options.enable_profiling = True
            options.profile_file_prefix = os.path.join(folder.name, "profile")
        session = self.library.InferenceSession(
            model, options, providers=["CPUExecutionProvider"])
        return _ONNXSession(self, session, folder)


class _ONNXSession:
    def __init__(self, engine, session, folder):
        self.engine = engine
        self.session = session
        self.folder = folder
        self.binding = session.io_binding()

    def bind(self, inputs, outputs):
        self.arrays = inputs + outputs
        for port, array in zip(self.session.get_inputs(), inputs):
            self.binding.bind_input(
                port.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for port, array in zip(self.session.get_outputs(), outputs):
            self.binding.bind_output(
                port.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        call, binding = self.session.run_with_iobinding, self.binding
        self.run = lambda: call(binding)

    def facts(self, kinds):
        """Ends the profile of the calls so far, which names the operators that ran."""
        operators, layouts = [], []
        if self.folder:
            with open(self.session.end_profiling(), encoding="utf-8") as file:
                events = json.load(file)
            self.folder.cleanup()
            seen = set()
            for event in events:
                arguments = event.get("args", {})
                if event.get("cat") != "Node" or not event["name"].endswith("_kernel_time"):
                    continue
                if event["name"] in seen:
                    continue
                seen.add(event["name"])
                operators.append(arguments["op_name"])
                layouts.append(
                    "nchwc" if "nchwc" in event["name"].lower()
                    or arguments.get("op_name", "").startswith("Reorder") else "nchw")
        engine = self.engine
        main = kinds[0] if len(kinds) == 1 else "net"
        method = "nchwc" if "nchwc" in layouts else "nchw"
        spinning = ", spinning between calls" if engine.threads > 1 else ""
        return {
            "implementation": f"f32-{short(main)}-{method}-{engine.name}-{engine.version}",
            "kernelID": f"onnxruntime {engine.version} CPUExecutionProvider, intra_op "
                        f"{engine.threads}{spinning}: {tally(operators)}",
            "layout": method,
        }


class OpenVINO:
    name = "openvino"
    most_copies = 64

    def __init__(self, threads):
        # Where it is installed, it would send reports from a process forked off this one.
        sys.modules["openvino_telemetry"] = None
        import openvino
        self.library = openvino
        self.version = openvino.__version__.split("-")[0]
        self.threads = threads
        self.core = openvino.Core()
        self.settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
            # The process may only run on the processors it was given; hyperthreads among them too.
            "ENABLE_HYPER_THREADING": "YES",
        }

    def refusal_of_copies(self):
        return None

    def compile(self, model, profiles=False):
        # Read anew for each copy, so that none shares its weights with another.
        read = self.core.read_model(model)
        return _OpenVINOSession(self, self.core.compile_model(read, "CPU", self.settings))


class _OpenVINOSession:
    def __init__(self, engine, compiled):
        self.engine = engine
        self.compiled = compiled
        self.request = compiled.create_infer_request()

    def bind(self, inputs, outputs):
        tensor = self.engine.library.Tensor
        self.tensors = [tensor(array, shared_memory=True) for array in inputs + outputs]
        for index in range(len(inputs)):
            self.request.set_input_tensor(index, self.tensors[index])
        for index in range(len(outputs)):
            self.request.set_output_tensor(index, self.tensors[len(inputs) + index])
        infer = self.request.infer
        self.run = lambda: infer(share_outputs=True)

    def facts(self, kinds):
        """What the graph that really runs says of itself."""
        operators, layouts, main_primitive = [], [], ""
        for node in self.compiled.get_runtime_model().get_ordered_ops():
            info = {key: str(value.astype(str)) for key, value in node.get_rt_info().items()
                    if key in ("layerType", "primitiveType", "runtimePrecision", "outputLayouts")}
            kind = info.get("layerType", "")
            if kind in ("", "Input", "Output", "Const"):
                continue
            precision = info.get("runtimePrecision", "f32")
            if precision not in ("f32", "undefined"):
                raise RuntimeError(
                    f"OpenVINO runs {node.get_friendly_name()} in {precision} instead of f32")
            primitive = info.get("primitiveType", "")
            if not main_primitive and kind not in ("Reorder", "Reshape"):
                main_primitive = primitive
            operators.append(f"{kind}:{primitive}" if primitive else kind)
            layout = info.get("outputLayouts", "")
            if layout and layout not in layouts:
                layouts.append(layout)
        engine = self.engine
        used = int(self.compiled.get_property("INFERENCE_NUM_THREADS"))
        is_net = len(kinds) > 1
        method = "net" if is_net else short(kinds[0]) + (
            f"-{main_primitive}" if main_primitive else "")
        return {
            "implementation": f"f32-{method}-{engine.name}-{engine.version}",
            "kernelID": f"openvino {engine.version} CPU, {used} thread{'s' if used > 1 else ''}, "
                        f"1 stream: {tally(operators)}",
            "layout": "+".join(layouts),
        }


ENGINES = {engine.name: engine for engine in (ONNXRuntime, OpenVINO)}
