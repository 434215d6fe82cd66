"""Single recordings, compared with the command line."""

from pathlib import Path

import numpy as np
import pytest
from conftest import CALL, CLIPS, RATE, ROOT, CommandLine, lasting
from numpy.typing import NDArray

from sottovoce import Analyzer, SottovoceError, SpeakerReference


@pytest.mark.parametrize("model", ["voice", ROOT / "models/shipped/ms"])
def test_predictions_are_those_of_the_command_line(model: str | Path, command_line: CommandLine) -> None:
    analyzer = Analyzer(model)
    assert analyzer.model == Path(model).name
    expected = command_line("predict", "--json", "--model", analyzer.model, *CLIPS)
    assert [lasting(analyzer.predict(clip)) for clip in CLIPS] == [lasting(report) for report in expected]


def test_a_file_can_be_a_path_or_bytes(analyzer: Analyzer) -> None:
    path = CLIPS[0]
    data = path.read_bytes()
    expected = lasting(analyzer.predict(path))
    for audio in (str(path), data, bytearray(data), memoryview(data)):
        assert lasting(analyzer.predict(audio)) == expected


def test_samples_are_read_like_a_file_of_them(
    analyzer: Analyzer, voice: NDArray[np.int16], wav: Path, command_line: CommandLine
) -> None:
    (expected,) = command_line("predict", "--json", wav)
    floats = voice.astype(np.float32) / 32_768
    every_second = np.zeros(2 * len(floats), np.float32)
    every_second[::2] = floats
    unaligned = np.frombuffer(b"." + floats.tobytes(), np.uint8)[1:].view(np.float32)
    samples: list[NDArray[np.int16] | NDArray[np.float32] | NDArray[np.float64]] = [
        voice,
        floats,
        floats.astype(np.float64),
        floats.astype(">f4"),
        every_second[::2],
        unaligned,
        floats[:, np.newaxis],
    ]
    for array in samples:
        assert lasting(analyzer.predict(array, RATE)) == lasting(expected)
        assert lasting(analyzer.predict(array, rate=RATE)) == lasting(expected)


def test_channels_of_an_array_are_those_of_a_file(analyzer: Analyzer, voice: NDArray[np.int16]) -> None:
    right = voice.astype(np.float32) / 32_768
    both = np.stack([np.zeros_like(right), right], axis=1)
    expected = lasting(analyzer.predict(right, RATE))
    for array in (both, np.asfortranarray(both)):
        for channel in ("right", 2):
            assert lasting(analyzer.predict(array, RATE, channel=channel)) == expected
    assert analyzer.predict(both, RATE, channel="left")["certainty"] == "no-speech"


def test_channels_are_those_of_the_command_line(analyzer: Analyzer, command_line: CommandLine) -> None:
    for channel in ("left", "right", None):
        options = ["--channel", channel] if channel else []
        (expected,) = command_line("predict", "--json", *options, CALL)
        assert lasting(analyzer.predict(CALL, channel=channel)) == lasting(expected)


def test_references_are_those_of_the_command_line(
    analyzer: Analyzer, command_line: CommandLine, tmp_path: Path
) -> None:
    first, *others = [reference for clip in CLIPS[1:4] if (reference := analyzer.enrol(clip))]
    speaker = first
    for other in others:
        speaker = speaker.merge(other)
    assert speaker.clips == 3
    file = tmp_path / "speaker.json"
    command_line("predict", "--json", "--same-speaker", "--write-reference", file, *CLIPS[1:4])
    assert SpeakerReference.from_json(file.read_text()) == speaker
    assert SpeakerReference.from_json(speaker.to_json()) == speaker
    (expected,) = command_line("predict", "--json", "--reference", file, CLIPS[0])
    assert lasting(analyzer.predict(CLIPS[0], reference=speaker)) == lasting(expected)
    assert "speaker" not in analyzer.predict(CLIPS[0]), "it is that of one call"
    assert speaker.remove(first) == others[1].merge(others[0])
    assert speaker.clips == 3


def test_silence_has_no_reference(analyzer: Analyzer) -> None:
    silence = np.zeros(RATE, np.float32)
    assert analyzer.predict(silence, RATE)["certainty"] == "no-speech"
    assert analyzer.enrol(silence, RATE) is None


def test_models_without_references_say_so() -> None:
    with pytest.raises(SottovoceError) as error:
        Analyzer(ROOT / "models/shipped/ms").enrol(CLIPS[0])
    assert error.value.code == "no-speaker-reference"


def test_embeddings_are_floats_of_the_networks_size(analyzer: Analyzer) -> None:
    one, other = (analyzer.embed(clip) for clip in CLIPS[:2])
    assert one.dtype == np.float32 and one.ndim == 1 and one.shape == other.shape
    assert np.isfinite(one).all() and not np.array_equal(one, other)
    assert np.array_equal(one, analyzer.embed(CLIPS[0].read_bytes()))
