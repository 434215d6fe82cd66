"""Encoders for the benchmark, as ours and as the peers take them: `python3 make_models.py OUT`.

`OUT/base/` is an encoder of wav2vec 2.0's base size with random weights, as Hugging Face publishes such. Of it and of the
encoder of the shipped model `voice`, `OUT/NAME.onnx` holds the same weights for ONNX Runtime, and `OUT/NAME.int8.onnx`
those as its own dynamic quantisation rounds them (matrix products alone, which is what it is quickest with).
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors import safe_open
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parents[2]
# The largest one that ONNX Runtime's quantiser knows.
OPSET = 20


class Graph:
    """Nodes one after the other, each with one output."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.initializers = tensors, [], {}

    def weight(self, name, value=None):
        self.initializers.setdefault(name, np.ascontiguousarray(self.tensors[name] if value is None else value))
        return name

    def constant(self, values):
        values = np.array(values, dtype=np.int64)
        return self.weight("const_" + "_".join(map(str, values.ravel())), values)

    def add(self, kind, *inputs, **attributes):
        output = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dense(self, x, path):
        weight = self.weight(f"{path}.weight.T", self.tensors[f"{path}.weight"].T)
        x = self.add("MatMul", x, weight)
        return self.add("Add", x, self.weight(f"{path}.bias")) if f"{path}.bias" in self.tensors else x

    def norm(self, x, path):
        return self.add("LayerNormalization", x, self.weight(f"{path}.weight"), self.weight(f"{path}.bias"))

    def attention(self, x, path, heads, width):
        def split(name, permutation):
            shape = self.constant([1, -1, heads, width // heads])
            return self.add("Transpose", self.add("Reshape", self.dense(x, f"{path}.{name}"), shape), perm=permutation)

        scale = self.weight("scale", np.array((width // heads) ** -0.5, dtype=np.float32))
        queries = self.add("Mul", split("q_proj", [0, 2, 1, 3]), scale)
        looks = self.add("Softmax", self.add("MatMul", queries, split("k_proj", [0, 2, 3, 1])), axis=-1)
        heard = self.add("Transpose", self.add("MatMul", looks, split("v_proj", [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        return self.dense(self.add("Reshape", heard, self.constant([1, -1, width])), f"{path}.out_proj")

    def save(self, path, shape, output):
        graph = helper.make_graph(
            self.nodes,
            "encoder",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(value, name) for name, value in self.initializers.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        onnx.save(model, path)
        quantised = path.with_suffix(".int8.onnx")
        quantize_dynamic(path, quantised, op_types_to_quantize=["MatMul"], weight_type=QuantType.QUInt8)


def whisper(tensors, config, path):
    g = Graph(tensors)
    convolved = "input"
    for name, stride in (("conv1", 1), ("conv2", 2)):
        weights = [g.weight(f"{name}.weight"), g.weight(f"{name}.bias")]
        convolved = g.add("Gelu", g.add("Conv", convolved, *weights, strides=[stride], pads=[1, 1]))
    frames = 200
    x = g.add("Transpose", convolved, perm=[0, 2, 1])
    x = g.add("Add", x, g.weight("positions", tensors["embed_positions.weight"][None, :frames]))
    for layer in range(config["layers"]):
        at = f"layers.{layer}"
        normed = g.norm(x, f"{at}.self_attn_layer_norm")
        x = g.add("Add", x, g.attention(normed, f"{at}.self_attn", config["heads"], config["width"]))
        between = g.add("Gelu", g.dense(g.norm(x, f"{at}.final_layer_norm"), f"{at}.fc1"))
        x = g.add("Add", x, g.dense(between, f"{at}.fc2"))
    g.save(path, [1, config["mels"], 2 * frames], x)


def wav2vec2(tensors, config, path):
    g = Graph(tensors)
    x = g.add("Unsqueeze", "input", g.constant([1]))
    for layer, stride in enumerate(config["conv_stride"]):
        at = f"feature_extractor.conv_layers.{layer}"
        x = g.add("Conv", x, g.weight(f"{at}.conv.weight"), strides=[stride])
        if layer == 0:
            # A norm of each channel over time.
            norm = [g.weight(f"{at}.layer_norm.{part}") for part in ("weight", "bias")]
            x = g.add("InstanceNormalization", x, *norm)
        x = g.add("Gelu", x)
    x = g.add("Transpose", x, perm=[0, 2, 1])
    x = g.dense(g.norm(x, "feature_projection.layer_norm"), "feature_projection.projection")
    kernel = config["num_conv_pos_embeddings"]
    at = "encoder.pos_conv_embed.conv"
    turned = g.add("Transpose", x, perm=[0, 2, 1])
    weights = [g.weight(f"{at}.weight"), g.weight(f"{at}.bias")]
    groups = config["num_conv_pos_embedding_groups"]
    positions = g.add("Conv", turned, *weights, group=groups, pads=[kernel // 2, kernel // 2 - 1])
    x = g.add("Add", x, g.add("Transpose", g.add("Gelu", positions), perm=[0, 2, 1]))
    x = g.norm(x, "encoder.layer_norm")
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layers.{layer}"
        heard = g.attention(x, f"{at}.attention", config["num_attention_heads"], config["hidden_size"])
        x = g.norm(g.add("Add", x, heard), f"{at}.layer_norm")
        between = g.add("Gelu", g.dense(x, f"{at}.feed_forward.intermediate_dense"))
        between = g.dense(between, f"{at}.feed_forward.output_dense")
        x = g.norm(g.add("Add", x, between), f"{at}.final_layer_norm")
    g.save(path, [1, 64_000], x)


def random_base():
    """Weights of a wav2vec 2.0 of base size, as large as a fresh one's."""
    config = {
        "model_type": "wav2vec2",
        "conv_stride": [5, 2, 2, 2, 2, 2, 2],
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "num_conv_pos_embeddings": 128,
        "num_conv_pos_embedding_groups": 16,
    }
    generator = np.random.default_rng(1)
    tensors = {}

    def weight(path, *shape, bias=True):
        scale = 1.5 / np.sqrt(np.prod(shape[1:]))
        tensors[f"{path}.weight"] = generator.standard_normal(shape, dtype=np.float32) * np.float32(scale)
        if bias:
            tensors[f"{path}.bias"] = np.zeros(shape[0], dtype=np.float32)

    def norm(path, width):
        tensors[f"{path}.weight"] = np.ones(width, dtype=np.float32)
        tensors[f"{path}.bias"] = np.zeros(width, dtype=np.float32)

    channels = 1
    for layer, kernel in enumerate([10, 3, 3, 3, 3, 2, 2]):
        weight(f"feature_extractor.conv_layers.{layer}.conv", 512, channels, kernel, bias=False)
        channels = 512
    norm("feature_extractor.conv_layers.0.layer_norm", 512)
    norm("feature_projection.layer_norm", 512)
    weight("feature_projection.projection", 768, 512)
    weight("encoder.pos_conv_embed.conv", 768, 48, 128)
    norm("encoder.layer_norm", 768)
    for layer in range(12):
        at = f"encoder.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            weight(f"{at}.attention.{part}", 768, 768)
        norm(f"{at}.layer_norm", 768)
        weight(f"{at}.feed_forward.intermediate_dense", 3072, 768)
        weight(f"{at}.feed_forward.output_dense", 768, 3072)
        norm(f"{at}.final_layer_norm", 768)
    return tensors, config


def shipped(model):
    """The tensors of a shipped model's encoder, as floats."""
    encoder = json.loads((model / "model.json").read_text())["front_end"]["encoder"]
    tensors = {}
    for shard in encoder["shards"]:
        with safe_open(model / shard["file"], "numpy") as file:
            packed_as = json.loads(file.metadata()["quantised"])
            for name in file.keys():
                if name in packed_as:
                    codes = file.get_tensor(name).view(np.int8).reshape(packed_as[name]["shape"])
                    scales = file.get_tensor(f"{name}.scale").reshape(-1, *[1] * (codes.ndim - 1))
                    tensors[name] = codes * scales
                elif name.removesuffix(".scale") not in packed_as:
                    tensors[name] = file.get_tensor(name)
    return tensors, encoder["network"]


def main(out):
    base = out / "base"
    base.mkdir(parents=True, exist_ok=True)
    tensors, config = random_base()
    save_file(tensors, base / "model.safetensors")
    (base / "config.json").write_text(json.dumps(config))
    wav2vec2(tensors, config, out / "base.onnx")
    whisper(*shipped(ROOT / "models/shipped/voice"), out / "voice.onnx")


main(Path(sys.argv[1]))
