"""Writes ../fixtures/grad_cam/: small networks of the paper's kinds with random weights, and PyTorch's Grad-CAM of them.

    pip install torch safetensors numpy
    python tests/reference/make_grad_cam.py

Nothing here is computed by sottovoce. `map.C` is the heat of class C on the last convolution, after ReLU: each of its maps
weighed by the mean of its gradient, cut below 0, the largest value 1; `fine.C` is the same where the input's pixels are.
"""
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

OUT = Path(__file__).parent / "../fixtures/grad_cam"
CLASSES = 7


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel=(3, 3), pool=(2, 2)):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=tuple(size // 2 for size in kernel))
        self.norm = nn.BatchNorm2d(outputs)
        self.pool = pool

    def forward(self, x):
        self.activation = F.relu(self.conv(x))
        return F.max_pool2d(self.norm(self.activation), self.pool)


class Blocks(nn.Module):
    def through(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class DeepCnn(Blocks):
    config = {"kind": "deep_cnn", "input": [21, 38], "channels": [3, 4, 5, 6], "dropout": [0.0, 0.0, 0.1, 0.2],
              "hidden": 9, "hidden_dropout": 0.3, "hidden_l2": 0.001, "classes": CLASSES}

    def __init__(self):
        super().__init__()
        sizes = [1, *self.config["channels"]]
        self.blocks = nn.ModuleList(Block(a, b) for a, b in zip(sizes, sizes[1:]))
        self.hidden = nn.Linear(6 * 1 * 2, 9)
        self.output = nn.Linear(9, CLASSES)

    def forward(self, maps):
        return self.output(F.relu(self.hidden(self.through(maps[:, None]).flatten(1))))


class CnnLstm(Blocks):
    config = {"kind": "cnn_lstm", "input": [18, 45], "channels": [3, 4, 5], "units": 6, "hidden": 8, "conv_dropout": 0.2,
              "hidden_dropout": 0.3, "classes": CLASSES}

    def __init__(self):
        super().__init__()
        sizes = [1, *self.config["channels"]]
        self.blocks = nn.ModuleList(Block(a, b) for a, b in zip(sizes, sizes[1:]))
        self.lstm = nn.LSTM(5 * 2, 6, bidirectional=True, batch_first=True)
        self.attention = nn.Linear(12, 6)
        self.attention_score = nn.Linear(6, 1, bias=False)
        self.hidden = nn.Linear(12, 8)
        self.output = nn.Linear(8, CLASSES)

    def forward(self, maps):
        x = self.through(maps[:, None])
        outputs, _ = self.lstm(x.permute(0, 3, 1, 2).flatten(2))
        weights = torch.softmax(self.attention_score(torch.tanh(self.attention(outputs))), 1)
        return self.output(F.relu(self.hidden((outputs * weights).sum(1))))


class Baseline(Blocks):
    config = {"kind": "baseline", "input": [19, 12], "channels": [6, 5, 4], "kernel": 5, "dropout": 0.2,
              "classes": CLASSES}

    def __init__(self):
        super().__init__()
        blocks, inputs = [], 1
        for outputs in self.config["channels"]:
            blocks += [Block(inputs, outputs, (1, 5), (1, 1)), Block(outputs, outputs, (1, 5), (1, 2))]
            inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.output = nn.Linear(4 * 2, CLASSES)

    def forward(self, maps):
        return self.output(self.through(maps.mean(2)[:, None, None]).flatten(1))


def spread(network):
    """Every parameter and statistic, so that a swapped one shows; gammas of either sign."""
    network.eval()
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.add_(0.3 * torch.randn_like(tensor))
            if "running_var" in name:
                tensor.abs_().add_(0.3)
            if "norm.weight" in name:
                tensor.mul_(torch.sign(torch.randn_like(tensor)))
    return network


def our_names(network):
    """Dense weights as [inputs, outputs], norms by gamma and beta, and each gate of the LSTM by its name."""
    names = {}
    for name, tensor in network.state_dict().items():
        if name.startswith("lstm."):
            way = "reverse" if name.endswith("_reverse") else "forward"
            part = "input_transform" if "_ih_" in name else "hidden_transform"
            for gate, piece in zip(["input", "forget", "cell", "output"], tensor.chunk(4)):
                kind = "weight" if "weight" in name else "bias"
                names[f"lstm.{way}.{gate}_gate.{part}.{kind}"] = piece.T if kind == "weight" else piece
        elif not name.endswith("num_batches_tracked"):
            name = name.replace("norm.weight", "norm.gamma").replace("norm.bias", "norm.beta")
            names[name] = tensor.T if tensor.ndim == 2 else tensor
    return names


def enlarged(heat, size):
    """Cells stand for as many pixels as were pooled into them; the last one also for what pooling left over."""
    scale = [1 if small == 1 and large == 1 else 2 ** int(np.log2(large // small)) for small, large in zip(heat.shape, size)]
    fine = F.interpolate(heat[None, None], scale_factor=[float(s) for s in scale], mode="bilinear", align_corners=False)
    missing = [large - small for small, large in zip(fine.shape[2:], size)]
    fine = F.pad(fine, (0, missing[1], 0, missing[0]), mode="replicate")[0, 0]
    return fine / fine.max() if fine.max() > 0 else fine


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for kind in [DeepCnn, CnnLstm, Baseline]:
        torch.manual_seed(11)
        with torch.no_grad():
            network = spread(kind())
        rows, columns = kind.config["input"]
        maps = torch.randn(1, rows, columns)
        arrays = {f"weights.{name}": tensor for name, tensor in our_names(network).items()} | {"input": maps}
        scores = network(maps)
        arrays["scores"] = scores
        activation = network.blocks[-1].activation
        for c in range(CLASSES):
            gradient, = torch.autograd.grad(scores[0, c], activation, retain_graph=True)
            heat = F.relu((gradient.mean((2, 3), keepdim=True) * activation).sum(1))[0]
            heat = heat / heat.max() if heat.max() > 0 else heat
            if kind is Baseline:
                heat = heat.T
            arrays[f"map.{c}"] = heat
            arrays[f"fine.{c}"] = enlarged(heat, [rows, 1 if kind is Baseline else columns])
        arrays = {name: np.ascontiguousarray(tensor.detach().numpy()) for name, tensor in arrays.items()}
        save_file(arrays, OUT / f"{kind.config['kind']}.safetensors", {"architecture": json.dumps(kind.config)})


if __name__ == "__main__":
    main()
