"""Recordings, an analyzer, and the command line to compare with."""

import json
import os
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sottovoce

ROOT = Path(__file__).parents[2]
CLIPS = sorted(ROOT.glob("www/samples/*.opus"))
CALL = ROOT / "tests/fixtures/audio/call.ogg"
"""A voice on each of two channels."""

RATE = 16_000

CommandLine = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def command_line() -> CommandLine:
    """Runs the command line; returns the JSON objects that it prints, first those on standard output."""

    def run(*arguments: object) -> list[Any]:
        command = [os.environ["SOTTOVOCE_CLI"], *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{")]

    return run


@pytest.fixture(scope="session")
def analyzer() -> sottovoce.Analyzer:
    return sottovoce.Analyzer("voice")


@pytest.fixture(scope="session")
def librosa() -> dict[str, NDArray[np.float32]]:
    """Signals and what librosa makes of them, from a safetensors file."""
    data = (ROOT / "tests/fixtures/librosa.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    arrays = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in tensor["data_offsets"])
            arrays[name] = np.frombuffer(data[start:end], "<f4").reshape(tensor["shape"])
    return arrays


@pytest.fixture(scope="session")
def voice(librosa: dict[str, NDArray[np.float32]]) -> NDArray[np.int16]:
    """Four seconds of a voice at 16 kHz."""
    return (librosa["speech.samples"] * 32_767).astype(np.int16)


@pytest.fixture(scope="session")
def wav(voice: NDArray[np.int16], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("recordings") / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(voice.tobytes())
    return path


def lasting(result: Any) -> dict[str, Any]:
    """What two analyses of a recording have in common."""
    return {key: value for key, value in result.items() if key not in ("file", "timings")}


def rounded(result: Any) -> Any:
    """The same with numbers as float32, which some of the command line's JSON has with fewer digits."""
    if isinstance(result, dict):
        return {key: rounded(value) for key, value in result.items()}
    if isinstance(result, list):
        return [rounded(item) for item in result]
    return np.float32(result) if isinstance(result, float) else result
