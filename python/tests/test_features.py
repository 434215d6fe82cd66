"""Feature maps, compared with librosa's and with the command line's."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, CommandLine
from numpy.typing import NDArray

from sottovoce import features

KINDS = {"mfcc_rms": features.mfcc_rms, "log_mel": features.log_mel}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signal", ["chirp", "noise", "short", "silence", "speech"])
def test_features_equal_librosas(kind: str, signal: str, librosa: dict[str, NDArray[np.float32]]) -> None:
    ours = KINDS[kind](librosa[f"{signal}.samples"], RATE)
    theirs = librosa[f"{signal}.{kind}"].reshape(ours.shape)
    assert ours.dtype == np.float32 and ours.shape[0] == {"mfcc_rms": 41, "log_mel": 128}[kind]
    assert np.abs(ours - theirs).max() <= 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_those_of_the_command_line(
    kind: str, wav: Path, voice: NDArray[np.int16], command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "features.safetensors"
    command_line("features", wav, "--kind", kind, "--no-clip", "--out", file)
    data = file.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    shape = json.loads(data[8 : 8 + length])["features"]["shape"]
    expected = np.frombuffer(data[8 + length :], "<f4").reshape(shape)
    assert np.array_equal(KINDS[kind](wav), expected)
    assert np.array_equal(KINDS[kind](voice, RATE), expected)
