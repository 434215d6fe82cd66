"""Writes ../fixtures/encoders/: small speech encoders with random weights and what transformers makes of sound with them.

    pip install torch transformers==5.23.0 safetensors numpy
    python tests/reference/make_encoders.py

Nothing here is computed by sottovoce. Every parameter is spread, norms and biases included, so that a swapped one shows.
"""
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import (
    HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model, WhisperConfig, WhisperFeatureExtractor, WhisperModel,
)

FIXTURES = Path(__file__).parent / "../fixtures"
OUT = FIXTURES / "encoders"
SMALL = dict(
    hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40, conv_dim=(16,) * 7,
    num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, attn_implementation="eager",
)
LARGE = SMALL | dict(feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True)


def spread(model):
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def save(name, model, config, x, y, extra={}):
    state = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    save_file(state, OUT / f"{name}.weights.safetensors")
    config.to_json_file(OUT / f"{name}.config.json", use_diff=True)
    reference = {"input": x, "last_hidden_state": y.last_hidden_state}
    reference |= {f"hidden_states.{i}": h for i, h in enumerate(y.hidden_states)}
    reference |= {f"attentions.{i}": a for i, a in enumerate(y.attentions)}
    arrays = {k: np.ascontiguousarray(v.detach().numpy()) for k, v in reference.items()}
    save_file(arrays | extra, OUT / f"{name}.safetensors")


def wav2vec2(name, model_class, config):
    torch.manual_seed(7)
    model = spread(model_class(config))
    x = torch.randn(2, 6_400)
    with torch.no_grad():
        y = model(x, output_hidden_states=True, output_attentions=True)
    save(name, model, config, x, y)
    return model


def older(name, model):
    """The same tensors as older programs wrote them: by torch.save, within a model with a head, weight norm as g and v."""
    state = {f"hubert.{key}": value for key, value in model.state_dict().items()}
    for new, old in [("original0", "g"), ("original1", "v")]:
        conv = "hubert.encoder.pos_conv_embed.conv"
        state[f"{conv}.weight_{old}"] = state.pop(f"{conv}.parametrizations.weight.{new}")
    state["lm_head.weight"] = torch.zeros(2, 24)
    torch.save(state, OUT / f"{name}.pytorch_model.bin")


def whisper():
    """Transformers takes maps of one length alone: a model with fewer positions stands for a shorter sound."""
    torch.manual_seed(7)
    sizes = dict(
        num_mel_bins=80, d_model=24, encoder_layers=3, encoder_attention_heads=4, encoder_ffn_dim=40,
        decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=8, vocab_size=8, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, decoder_start_token_id=1, attn_implementation="eager",
    )
    config = WhisperConfig(max_source_positions=40, **sizes)
    model = spread(WhisperModel(config)).encoder
    shorter = WhisperModel(WhisperConfig(max_source_positions=25, **sizes)).encoder.eval()
    state = model.state_dict()
    state["embed_positions.weight"] = state["embed_positions.weight"][:25]
    shorter.load_state_dict(state)
    x = torch.randn(2, 80, 50)
    with torch.no_grad():
        y = shorter(x, output_hidden_states=True, output_attentions=True)
    speech = load_file(FIXTURES / "librosa.safetensors")["speech.samples"][:30_000]
    log_mel = WhisperFeatureExtractor()._np_extract_fbank_features(speech[None], device="cpu")[0]
    save("whisper", model, config, x, y, {"speech.log_mel": np.ascontiguousarray(log_mel, dtype=np.float32)})


OUT.mkdir(parents=True, exist_ok=True)
wav2vec2("wav2vec2_base", Wav2Vec2Model, Wav2Vec2Config(**SMALL))
wav2vec2("wav2vec2_large", Wav2Vec2Model, Wav2Vec2Config(**LARGE))
older("hubert_base", wav2vec2("hubert_base", HubertModel, HubertConfig(**SMALL)))
wav2vec2("hubert_large", HubertModel, HubertConfig(**LARGE))
whisper()
