"""Median milliseconds of one inference in native onnxruntime, for the far mark of the benchmark.

    python onnxruntime_native.py THREADS MODEL...

Open dimensions are 1, inputs zeros. Prints a line for each model: its path, a tab, and the time; nothing for a model
that does not run so.
"""
import sys
import time

import numpy as np
import onnxruntime

threads, models = int(sys.argv[1]), sys.argv[2:]
types = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8,
         "tensor(int8)": np.int8}
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.log_severity_level = 4
for path in models:
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        inputs = {
            own.name: np.zeros([side if isinstance(side, int) else 1 for side in own.shape], types[own.type])
            for own in session.get_inputs()
        }
        session.run(None, inputs)
    except Exception:
        continue
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < 0.5:
        start = time.perf_counter()
        session.run(None, inputs)
        times.append(time.perf_counter() - start)
    print(f"{path}\t{sorted(times)[len(times) // 2] * 1000:.4f}", flush=True)
