"""Quantises a model with onnxruntime's own static quantiser, for comparison.

    python onnxruntime_quantizer.py MODEL SAMPLES.npy OUTPUT METHOD [WEIGHTS]

SAMPLES holds one calibration sample a row, preprocessed. QDQ, per-channel weights (QInt8 or QInt4), uint8 activations: the same
formats that the specs beside ask for. Prints the seconds that it took, the peak memory in MiB and the
processor seconds of the whole process.
"""
import os
import resource
import sys
import tempfile
import time

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
import sympy  # noqa: F401  (without it the preparation knows fewer shapes, and the result is worse)
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

model, samples, output, method = sys.argv[1:5]
weights = sys.argv[5] if len(sys.argv) > 5 else "QInt8"


class Samples(CalibrationDataReader):
    def __init__(self, name, rows):
        self.name, self.rows, self.next_row = name, rows, 0

    def get_next(self):
        if self.next_row >= len(self.rows):
            return None
        self.next_row += 1
        return {self.name: self.rows[self.next_row - 1 : self.next_row]}


begin = time.time()
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
del session
with tempfile.TemporaryDirectory() as folder:
    source = onnx.load(model)
    opset = next(entry.version for entry in source.opset_import if entry.domain in ("", "ai.onnx"))
    wanted = 21 if weights == "QInt4" else 13  # per-channel scales came with 13, int4 with 21
    if opset < wanted:
        model = os.path.join(folder, "upgraded.onnx")
        onnx.save(onnx.version_converter.convert_version(source, wanted), model)
    prepared = os.path.join(folder, "prepared.onnx")
    quant_pre_process(model, prepared)
    quantize_static(
        prepared,
        output,
        Samples(name, np.load(samples)),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=getattr(QuantType, weights),
        calibrate_method=getattr(CalibrationMethod, method),
    )
usage = resource.getrusage(resource.RUSAGE_SELF)
processor = usage.ru_utime + usage.ru_stime
peak = usage.ru_maxrss
try:  # On Linux the above begins with the size of the process that started this one.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
except (OSError, StopIteration):
    pass
print(f"{onnxruntime.__version__} {time.time() - begin:.2f} {peak / 1024:.0f} {processor:.2f}")
