"""Answers AlexBench's worker protocol with ONNX Runtime or OpenVINO.

    worker.py onnxruntime|openvino

Requests and replies are JSON, one object per line; see "Write a backend as a program" in
Sources/Backends/Backends.docc. Scripts/peers makes the environment that this runs in.
"""

import gc
import json
import os
import resource
import sys
import time

import engines
import onnx_model

VERSION = 5
PRIME_NANOSECONDS = 1_000_000


class Refusal(Exception):
    """A workload that is not measured: the status of its row and the reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


class Workload:
    """A layer or a net, compiled; with cold weights several times."""

    def __init__(self, engine, model):
        import numpy
        self.numpy = numpy
        self.engine = engine
        self.kinds = [node["kind"] for node in model["nodes"]]
        self.values = model["values"]
        self.batch = self.values[model["inputs"][0]]["shape"][0]
        copies = model["weightCopies"]
        if copies > 1 and engine.refusal_of_copies():
            raise Refusal("skipped", engine.refusal_of_copies())
        if copies > engine.most_copies:
            raise Refusal(
                "skipped", f"cold weights need {copies} sessions of {engine.name} at once, more "
                f"than {engine.most_copies}")
        self.inputs = [
            onnx_model.read_tensor(
                {"shape": self.values[value]["shape"],
                 "byteOffset": self.values[value]["input"]["byteOffset"]}, model["file"])
            for value in model["inputs"]
        ]
        built = onnx_model.Model(model)
        self.outputs = built.final
        serialized = built.serialized(self.outputs)
        # For checking: the values inside a net are outputs of a session of its own then.
        self.net = built if len(model["nodes"]) > 1 else None
        self.arrays = [onnx_model.aligned(self.values[value]["shape"]) for value in self.outputs]
        start = time.monotonic_ns()
        first = engine.compile(serialized, profiles=True)
        self.prepare_ns = time.monotonic_ns() - start
        self.ring = [first] + [engine.compile(serialized) for _ in range(copies - 1)]
        for session in self.ring:
            session.bind(self.inputs, self.arrays)
        start = time.monotonic_ns()
        first.run()
        self.first_ns = time.monotonic_ns() - start
        self.facts = first.facts(self.kinds)
        self.position = 0

    def calls(self):
        """One forward per call; with cold weights each on the next copy."""
        if len(self.ring) == 1:
            return self.ring[0].run

        def call():
            self.ring[self.position].run()
            self.position = (self.position + 1) % len(self.ring)
        return call

    def prepared(self, handle):
        facts = dict(self.facts)
        facts["firstNanoseconds"] = self.first_ns
        facts["prepareNanoseconds"] = self.prepare_ns
        facts["tile"] = facts["delegatedTo"] = ""
        facts["peakRSSBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"handle": handle, "isa": "external", "facts": facts}

    def write_outputs(self, images, path):
        """Runs with outputs full of NaN and writes what came; of a net all values."""
        results = {}
        for array in self.arrays:
            array.fill(self.numpy.nan)
        self.ring[0].run()
        if self.net:
            outputs = self.net.every
            arrays = [onnx_model.aligned(self.values[value]["shape"]) for value in outputs]
            for array in arrays:
                array.fill(self.numpy.nan)
            session = self.engine.compile(self.net.serialized(outputs))
            session.bind(self.inputs, arrays)
            session.run()
            results.update(zip(outputs, arrays))
        # The session that is timed has the last word on what it writes.
        results.update(zip(self.outputs, self.arrays))
        blobs = []
        with open(path, "wb") as file:
            for value, array in sorted(results.items()):
                if images is not None and array.ndim and array.shape[0] == self.batch:
                    array = array[images]
                file.write(self.numpy.ascontiguousarray(array, dtype="<f4").tobytes())
                blobs.append(
                    {"value": value, "blob": self.values[value]["blob"], "count": array.size})
        return blobs

    def time(self, block):
        call = self.calls()
        iterations = block["iterations"]
        clock = time.monotonic_ns
        if block["isPrimed"]:
            start = clock()
            call()
            while clock() - start < PRIME_NANOSECONDS:
                call()
        repeat = range(iterations)
        cpu_before, before = current_cpu(), resource.getrusage(resource.RUSAGE_SELF)
        start = clock()
        for _ in repeat:
            call()
        end = clock()
        after, cpu_after = resource.getrusage(resource.RUSAGE_SELF), current_cpu()
        return {
            "iterations": iterations,
            "startNanoseconds": start,
            "wallNanoseconds": end - start,
            "cpuUserNanoseconds": round((after.ru_utime - before.ru_utime) * 1e9),
            "cpuSystemNanoseconds": round((after.ru_stime - before.ru_stime) * 1e9),
            "faults": after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt,
            "switches": after.ru_nivcsw - before.ru_nivcsw,
            "migrations": int(cpu_before != cpu_after),
        }


def current_cpu():
    with open("/proc/thread-self/stat", "rb") as file:
        return int(file.read().rsplit(b")", 1)[1].split()[36])


class Worker:
    def __init__(self, name):
        self.name = name
        self.engine = None
        self.workloads = {}
        self.last_handle = 0

    def answer(self, request):
        op = request["op"]
        if op == "hello":
            if request.get("version") != VERSION:
                return {"version": VERSION, "error": f"this worker speaks version {VERSION}"}
            return {"version": VERSION,
                    "identity": {"program": self.name, "processID": os.getpid()}}
        if op == "prepare":
            return {"prepared": self.prepare(request["workload"])}
        if op == "roofs":
            return {"roofs": []}
        if op == "phases":
            return {"phases": []}
        if op in ("outputs", "time", "release"):
            workload = self.workloads.get(request["handle"])
            if workload is None:
                raise RuntimeError(f"no workload has the handle {request['handle']}")
            if op == "outputs":
                return {"blobs": workload.write_outputs(request.get("images"), request["file"])}
            if op == "time":
                return {"block": workload.time(request["block"])}
            del self.workloads[request["handle"]]
            del workload
            gc.collect()
            return {}
        if op == "quit":
            return {}
        raise RuntimeError(f"'{op}' is not an operation of version {VERSION}")

    def prepare(self, workload):
        if workload["direction"] != "forward":
            raise Refusal("unsupported", f"direction '{workload['direction']}' is not implemented")
        if self.engine is None:
            # Before the library is loaded: its threads inherit the mask, and count its processors.
            cpus = workload["cpus"]
            if cpus and len(cpus) >= workload["threads"]:
                os.sched_setaffinity(0, cpus[:workload["threads"]])
            self.engine = engines.ENGINES[self.name](workload["threads"])
        if self.engine.threads != workload["threads"]:
            raise Refusal("failed", "a worker's number of threads cannot change")
        try:
            made = Workload(self.engine, workload["model"])
        except onnx_model.Unsupported as error:
            raise Refusal("unsupported", str(error)) from error
        self.last_handle += 1
        self.workloads[self.last_handle] = made
        return made.prepared(self.last_handle)


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in engines.ENGINES:
        print(f"usage: worker.py {'|'.join(engines.ENGINES)}", file=sys.stderr)
        return 64
    # Replies have standard output for themselves; what a library prints goes to standard error.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.disable()
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        if not line.strip():
            continue
        request = {}
        try:
            request = json.loads(line)
            reply = worker.answer(request)
        except Refusal as refusal:
            reply = {"error": str(refusal), "status": refusal.status}
        except Exception as error:  # pylint: disable=broad-except
            sentence = " ".join(str(error).split()) or type(error).__name__
            reply = {"error": sentence[:500]}
            if request.get("op") == "prepare":
                reply["status"] = "failed"
        print(json.dumps(reply), file=replies, flush=True)
        if request.get("op") == "hello" and "error" in reply:
            return 5
        if request.get("op") == "quit":
            break
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Libraries' threads have nothing more to do; do not wait for their destructors.
    os._exit(code)
