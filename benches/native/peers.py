"""What other libraries take natively for what sottovoce does.

    python peers.py SOTTOVOCE CLIPS MODELS OUT

with the command line's program, a folder of clips, the folder of make_models.py's models, and the file for the results (JSON):
medians of one thread for four seconds; times for the same recordings on all cores by `sottovoce batch`, by openSMILE and by a pipeline
of transformers; time and memory of `sottovoce batch` against length and number of recordings.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

import audresample
import librosa
import numpy as np
import onnxruntime
import opensmile
import soundfile
import torch
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
    Wav2Vec2Model,
    WhisperConfig,
    pipeline,
)
from transformers.models.whisper.modeling_whisper import WhisperEncoder

CORES = os.cpu_count() or 1
RATE_HZ = 16_000
CLIPS = 400
# The pipeline takes about forty times as long for each.
CLIPS_OF_PIPELINE = 60
ROUNDS = 3
NUMBERS = [10, 100, 1000]
MINUTES = [0.5, 10, 60]
# Calls on one thread: those that are left out, and those that count.
WARM_UP, CALLS = 2, 20


def main(program: str, clips: str, models: str, out: str) -> None:
    with tempfile.TemporaryDirectory(prefix="sottovoce-archives-") as temporary:
        files = make_recordings(Path(clips), Path(temporary) / "recordings")
        results = {
            "cores": CORES,
            "stages": stages(Path(models)),
            "archives": archives(program, files, Path(temporary)),
            "growth": growth(program, files, Path(temporary)),
        }
    Path(out).write_text(json.dumps(results, indent=2) + "\n")
    for row in results["growth"]:
        print(f"{row['task']}: {row['seconds']:.1f} s, {row['megabytes']:.0f} MB")
    for stage in results["stages"]:
        print(f"{stage['task']}, {stage['engine']}: {stage['ms']:.1f} ms")
    for engine in results["archives"]:
        print(f"{engine['engine']}: {engine['ms_per_recording']:.1f} ms a recording, {engine['times_ours']:.1f} times ours")


def stages(models: Path) -> list[dict]:
    """Medians on one thread for four seconds of noise."""
    torch.set_num_threads(1)
    samples = np.random.default_rng(1).standard_normal(4 * RATE_HZ).astype(np.float32)
    maps = np.random.default_rng(2).standard_normal((1, 80, 400)).astype(np.float32)
    whisper = WhisperEncoder(WhisperConfig(encoder_layers=3, max_source_positions=200)).eval()
    base = Wav2Vec2Model(Wav2Vec2Config()).eval()
    work: list[tuple[str, str, Callable[[], object]]] = [
        ("MFCC and RMS, 41 x 216", f"librosa {version('librosa')}", lambda: mfcc_rms(samples)),
    ]
    for model, task, inputs, network in [
        ("voice", "4 s through voice's encoder", maps, whisper),
        ("base", "4 s through a base-size wav2vec 2.0", samples[None], base),
    ]:
        for precision, suffix in [("int8", ".int8.onnx"), ("fp32", ".onnx")]:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            session = onnxruntime.InferenceSession(models / f"{model}{suffix}", options, providers=["CPUExecutionProvider"])
            engine = f"ONNX Runtime {version('onnxruntime')}, {precision}"
            work.append((task, engine, lambda session=session, inputs=inputs: session.run(None, {"input": inputs})))
        engine = f"PyTorch {version('torch')}, fp32"
        work.append((task, engine, lambda network=network, inputs=inputs: network(torch.from_numpy(inputs))))
    with torch.inference_mode():
        return [{"task": task, "engine": engine, "ms": median_ms(call)} for task, engine, call in work]


def mfcc_rms(samples: np.ndarray) -> np.ndarray:
    """The paper's features as `FrontEndSettings::mfcc_rms` has them."""
    frames = {"n_fft": 2048, "hop_length": 297}
    mfcc = librosa.feature.mfcc(y=samples, sr=RATE_HZ, n_mfcc=40, n_mels=128, **frames)
    return np.concatenate([mfcc, librosa.feature.rms(y=samples, frame_length=frames["n_fft"], hop_length=frames["hop_length"])])


def median_ms(call: Callable[[], object]) -> float:
    times_ms = []
    for _ in range(WARM_UP + CALLS):
        start = time.perf_counter()
        call()
        times_ms.append(1000 * (time.perf_counter() - start))
    return statistics.median(times_ms[WARM_UP:])


def archives(program: str, files: list[Path], folder: Path) -> list[dict]:
    """Times for the same recordings on all cores."""
    few = files[:CLIPS_OF_PIPELINE]
    engines: list[tuple[str, str, list[Path], Callable[[list[Path]], object]]] = [
        ("sottovoce batch", "`voice`, from the file to Parquet", files, lambda recordings: batch(program, recordings, folder)),
        (f"openSMILE {version('opensmile')}", "88 features (eGeMAPSv02), no emotions", files, smile()),
        (f"transformers {version('transformers')}", "a wav2vec 2.0 of base size, random weights", few, transformers()),
    ]
    # One after another in each round, so that all share what the machine does besides.
    times_ms: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for engine, _, recordings, run in engines:
            start = time.perf_counter()
            run(recordings)
            times_ms.setdefault(engine, []).append(1000 * (time.perf_counter() - start) / len(recordings))
    medians = {engine: statistics.median(times) for engine, times in times_ms.items()}
    return [
        {
            "engine": engine,
            "task": task,
            "recordings": len(recordings),
            "ms_per_recording": medians[engine],
            "times_ours": medians[engine] / medians["sottovoce batch"],
        }
        for engine, task, recordings, _ in engines
    ]


def growth(program: str, files: list[Path], folder: Path) -> list[dict]:
    """Seconds and memory of `sottovoce batch`, against the number of recordings and against the length of one in windows."""
    speech = np.concatenate([soundfile.read(path, dtype="float32")[0] for path in files])
    rows = []
    for count in NUMBERS:
        recordings = [*islice(cycle(files), count)]
        rows.append({"task": f"{count} recordings"} | batch(program, recordings, folder))
    for minutes in MINUTES:
        long = folder / f"{minutes}.wav"
        soundfile.write(long, np.resize(speech, int(60 * minutes * RATE_HZ)), RATE_HZ)
        rows.append({"task": f"one of {minutes:g} minutes, a window every 2 s"} | batch(program, [long], folder, "--windows", "2"))
    return rows


def make_recordings(clips: Path, folder: Path) -> list[Path]:
    """WAV files of 16 kHz, which all three read, of the lesson's clips and of noisy copies of them."""
    folder.mkdir()
    noise = np.random.default_rng(1)
    files = []
    for number, clip in enumerate(islice(cycle(sorted(clips.glob("*.opus"))), CLIPS)):
        samples, rate_hz = soundfile.read(clip, dtype="float32")
        samples = audresample.resample(audresample.remix(samples.T, mixdown=True), rate_hz, RATE_HZ)[0]
        path = folder / f"{number:04}.wav"
        soundfile.write(path, samples + 0.001 * noise.standard_normal(len(samples)), RATE_HZ)
        files.append(path)
    return files


def batch(program: str, recordings: list[Path], folder: Path, *options: str) -> dict:
    """Runs `sottovoce batch`; returns its seconds and, on Linux, the most memory that it took."""
    names = folder / "names.txt"
    names.write_text("".join(f"{path}\n" for path in recordings))
    command = [program, "batch", str(names), "--out", str(folder / "results.parquet"), "--overwrite", *options]
    start, megabytes = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            megabytes = max(megabytes, peak_megabytes(process.pid))
            time.sleep(0.01)
    assert process.returncode == 0, f"{' '.join(command)} failed"
    return {"seconds": time.perf_counter() - start, "megabytes": megabytes}


def peak_megabytes(pid: int) -> float:
    """Peak memory of a process so far. That of `getrusage` has the memory of this one from before the program was started."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peak[0].split()[1]) * 1024 / 1e6 if peak else 0.0


def smile() -> Callable[[list[Path]], None]:
    extractor = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=CORES,
        multiprocessing=True,
    )

    def run(recordings: list[Path]) -> None:
        extractor.process_files([str(path) for path in recordings])

    return run


def transformers() -> Callable[[list[Path]], None]:
    torch.set_num_threads(CORES)
    torch.manual_seed(1)
    model = Wav2Vec2ForSequenceClassification(Wav2Vec2Config(num_labels=7)).eval()
    classify = pipeline("audio-classification", model=model, feature_extractor=Wav2Vec2FeatureExtractor())

    def run(recordings: list[Path]) -> None:
        waveforms = [soundfile.read(path, dtype="float32")[0] for path in recordings]
        classify(waveforms, batch_size=1)

    return run


if __name__ == "__main__":
    main(*sys.argv[1:])
