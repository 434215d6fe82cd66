"""Writes ../fixtures/librosa.safetensors: signals and what librosa makes of them.

    pip install librosa==0.11.0 safetensors
    python tests/reference/make_librosa.py

Nothing here is computed by sottovoce. The signals stress what differs between implementations: a sweep through all
bands, noise, a short voice-like sound padded with zeros, silence, and real speech from the sample clips.
"""
from pathlib import Path

import librosa
import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
RATE = 16_000
SAMPLES = 4 * RATE


def signals():
    rng = np.random.default_rng(7)
    t = np.arange(SAMPLES) / RATE
    short = np.zeros(SAMPLES, np.float32)
    n = int(1.1 * RATE)
    pitch = 120 + 40 * np.sin(2 * np.pi * 3 * t[:n])
    short[:n] = 0.3 * np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / RATE)) * np.hanning(n)
    speech, _ = librosa.load(HERE / "../../www/samples/1049_ITS_HAP_XX.opus", sr=RATE)
    return {
        "chirp": (0.5 * np.sin(2 * np.pi * (80 * t + 900 * t**2))).astype(np.float32),
        "noise": (0.1 * rng.standard_normal(SAMPLES)).astype(np.float32),
        "short": short,
        "silence": np.zeros(SAMPLES, np.float32),
        "speech": np.pad(speech, (0, SAMPLES))[:SAMPLES],
    }


def main():
    out = {}
    for name, y in signals().items():
        mfcc = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=40, n_fft=2048, hop_length=297)
        rms = librosa.feature.rms(y=y, frame_length=2048, hop_length=297)
        mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_mels=128, n_fft=2048, hop_length=512)
        out[f"{name}.samples"] = y
        out[f"{name}.mfcc_rms"] = np.concatenate([mfcc, rms])
        out[f"{name}.log_mel"] = librosa.power_to_db(mel, ref=1.0, top_db=80.0)
        out[f"{name}.log_mel_ref_max"] = librosa.power_to_db(mel, ref=np.max, top_db=80.0)
    out["mel_filters.128x1025"] = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=128)
    arrays = {k: np.ascontiguousarray(v, dtype=np.float32) for k, v in out.items()}
    save_file(arrays, HERE / "../fixtures/librosa.safetensors")


if __name__ == "__main__":
    main()
