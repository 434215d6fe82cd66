"""Weights of Silero VAD, rounded to eight bits, as `src/vad/silero.rs` reads them, and reference values for its test.

    pip install onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 silero-vad==6.2.3 --no-deps
    python make_vad.py src/vad/silero.safetensors tests/fixtures/vad.safetensors www/samples/1049_ITS_HAP_XX.opus

The weights are those of the ONNX models in the package, which is what it runs; the `.safetensors` file next to them holds other ones,
which do not give the package's probabilities. Taps of convolutions that see nothing but padding are left out.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from safetensors.numpy import save, save_file

DATA = Path(find_spec("silero_vad").submodule_search_locations[0]) / "data"
MODEL = str(DATA / "silero_vad_16k_sequence.onnx")
RATE = 16_000


def parameters():
    """PyTorch's layouts; the gates of the LSTM in ONNX's order: input, output, forget, cell."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(MODEL).graph.initializer}
    cell = {name.rsplit("_", 1)[1]: tensor[0] for name, tensor in found.items() if "LSTM" in name}
    input_weight, hidden_weight, biases = (cell[number] for number in sorted(cell))
    return {
        "conv1.weight": found["encoder.0.weight"],
        "conv1.bias": found["encoder.0.bias"],
        "conv2.weight": found["encoder.1.weight"],
        "conv2.bias": found["encoder.1.bias"],
        # Two frames, padded by one and strided by two: the first tap sees padding.
        "conv3.weight": found["encoder.2.weight"][:, :, 1:],
        "conv3.bias": found["encoder.2.bias"],
        # One frame, padded by one: the tap in the middle alone sees it.
        "conv4.weight": found["encoder.3.weight"][:, :, 1:2],
        "conv4.bias": found["encoder.3.bias"],
        "lstm.input.weight": input_weight,
        "lstm.hidden.weight": hidden_weight,
        "lstm.bias": biases[:512] + biases[512:],
        "output.weight": found["output.weight"].reshape(128),
        "output.bias": found["output.bias"],
    }


def pack(tensors):
    """Symmetric eight-bit integers with a scale for each output channel, as `nn/weights.rs` keeps them."""
    packed, packing = {}, {}
    for name, values in tensors.items():
        if values.ndim < 2 or not name.endswith(".weight"):
            packed[name] = np.ascontiguousarray(values, np.float32)
            continue
        scale = np.abs(values.reshape(len(values), -1)).max(1) / 127
        codes = np.round(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
        packed[name] = codes.ravel().view(np.uint8)
        packed[f"{name}.scale"] = scale.astype(np.float32)
        packing[name] = {"shape": list(values.shape), "axis": 0, "bits": 8}
    return save(packed, {"quantised": json.dumps(packing)})


def speech(path):
    """The first two seconds of a clip, as ffmpeg decodes it."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-t", "2", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    samples = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(samples, np.int16) / 32768


def main(weights, reference, clip):
    Path(weights).write_bytes(pack(parameters()))
    session = onnxruntime.InferenceSession(MODEL)
    tensors = {}
    for name, samples in {"speech": speech(clip), "silence": np.zeros(RATE)}.items():
        samples = samples.astype(np.float32)
        behind = np.concatenate([np.zeros(64, np.float32), samples])
        windows = np.stack([behind[start : start + 576] for start in range(0, len(samples) - 511, 512)])
        state = np.zeros((1, 1, 128), np.float32)
        found = session.run(None, {"input": windows, "h": state, "c": state})
        tensors[f"{name}.samples"] = samples
        tensors[f"{name}.probabilities"] = found[0].ravel().astype(np.float32)
    save_file(tensors, reference)


if __name__ == "__main__":
    main(*sys.argv[1:])
