#!/usr/bin/env python3
"""A backend as a program: ReLU and fully connected layers in plain Python, without any packages.

    alexbench run --program mine="python3 Examples/engine.py" --layer relu6,fc8 --backend mine,simd
"""
import array, json, math, operator, os, resource, sys, time

VERSION = 5
workloads = {}


class Unsupported(Exception):
    pass


def read(model, place):
    """A tensor of the model: little-endian float32, row-major."""
    values = array.array("f")
    with open(model["file"], "rb") as file:
        file.seek(place["byteOffset"])
        values.fromfile(file, math.prod(place["shape"]))
    return values


def relu(x):
    return array.array("f", (max(value, 0) for value in x))


def fully_connected(x, weight, bias):
    columns, y = len(weight) // len(bias), array.array("f")
    for image in range(0, len(x), columns):
        row = x[image:image + columns]
        for k, start in enumerate(bias):
            y.append(start + sum(map(operator.mul, weight[k * columns:(k + 1) * columns], row)))
    return y


class Workload:
    def __init__(self, request):
        self.model = model = request["model"]
        if request["threads"] > 1 or model["weightCopies"] > 1:
            raise Unsupported("it has one thread, and weights that stay in the caches")
        self.values = {v: read(model, model["values"][v]["input"]) for v in model["inputs"]}
        self.steps = []
        for node in model["nodes"]:
            p, operands = node["parameters"], []
            if node["kind"] == "relu" and p["negativeSlope"] == 0:
                function = relu
            elif node["kind"] == "inner_product" and not p["isTransposed"] and "bias" in node:
                function = fully_connected
                operands = [read(model, node["weight"]), read(model, node["bias"])]
            else:
                raise Unsupported(f"it has no '{node['kind']}' of this kind")
            self.steps.append((function, node["inputs"][0], operands, node["outputs"][0]))

    def run(self):
        for function, source, operands, target in self.steps:
            self.values[target] = function(self.values[source], *operands)

    def outputs(self, images, path):
        self.run()
        blobs = []
        with open(path, "wb") as file:
            for _, _, _, target in self.steps:
                value = self.model["values"][target]
                size = math.prod(value["shape"][1:])
                wanted = range(value["shape"][0]) if images is None else images
                for image in wanted:
                    self.values[target][image * size:(image + 1) * size].tofile(file)
                blobs.append({"value": target, "blob": value["blob"], "count": len(wanted) * size})
        return blobs

    def time(self, block):
        if block["isPrimed"]:
            self.run()
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic_ns()
        for _ in range(block["iterations"]):
            self.run()
        end, after = time.monotonic_ns(), resource.getrusage(resource.RUSAGE_SELF)
        return {
            "iterations": block["iterations"], "startNanoseconds": start,
            "wallNanoseconds": end - start,
            "cpuUserNanoseconds": round((after.ru_utime - before.ru_utime) * 1e9),
            "cpuSystemNanoseconds": round((after.ru_stime - before.ru_stime) * 1e9),
            "faults": after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt,
            "switches": after.ru_nivcsw - before.ru_nivcsw,
            "migrations": 0,  # it runs on one processor
        }


def answer(request):
    op, handle = request["op"], request.get("handle")
    if op == "hello":
        known = request["version"] == VERSION
        return {"version": VERSION, "identity": {"program": "engine.py", "processID": os.getpid()},
                "error": None if known else f"this program speaks version {VERSION}"}
    if op == "prepare":
        os.sched_setaffinity(0, request["workload"]["cpus"][:1])
        handle = len(workloads) + 1
        workloads[handle] = Workload(request["workload"])
        return {"prepared": {"handle": handle, "facts": {"implementation": "f32-plain-python"}}}
    if op == "outputs":
        return {"blobs": workloads[handle].outputs(request.get("images"), request["file"])}
    if op == "time":
        return {"block": workloads[handle].time(request["block"])}
    if op == "release":
        workloads[handle] = None
    return {}


for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = answer(request)
    except Unsupported as reason:
        reply = {"error": str(reason), "status": "unsupported"}
    except Exception as error:  # a sentence in the table instead of a crash
        reply = {"error": f"{type(error).__name__}: {error}", "status": "failed"}
    print(json.dumps(reply), flush=True)
    if request["op"] == "quit" or (request["op"] == "hello" and reply["error"]):
        sys.exit(0 if request["op"] == "quit" else 5)
