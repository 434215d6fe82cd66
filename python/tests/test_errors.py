"""What is wrong, and what to do about it."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CLIPS, RATE, ROOT

from sottovoce import Analyzer, FileError, MissingFileError, SottovoceError, SpeakerReference

SAMPLES = np.zeros(RATE, np.float32)


@pytest.mark.parametrize(
    ("audio", "rate", "options", "code"),
    [
        (ROOT / "README.md", None, {}, "unknown-format"),
        (b"", None, {}, "empty"),
        (CLIPS[0], None, {"channel": "left"}, "no-such-channel"),
        (CLIPS[0], None, {"channel": "middle"}, "no-such-channel"),
        (SAMPLES, 1, {}, "unsupported-rate"),
        (SAMPLES[:0], RATE, {}, "no-samples"),
        (np.zeros((2, RATE), np.float32), RATE, {}, "too-many-channels"),
    ],
)
def test_errors_have_codes(analyzer: Analyzer, audio: Any, rate: int | None, options: Any, code: str) -> None:
    with pytest.raises(SottovoceError) as error:
        analyzer.predict(audio, rate, **options)
    assert error.value.code == code
    copy = pickle.loads(pickle.dumps(error.value))
    assert (type(copy), str(copy), copy.code) == (SottovoceError, str(error.value), code)


@pytest.mark.parametrize(
    ("audio", "rate", "message"),
    [
        (SAMPLES, None, "an array needs rate"),
        (CLIPS[0], RATE, "a file has its own"),
        (SAMPLES.astype(np.int32), RATE, "but not int32"),
        (list(SAMPLES), RATE, "a NumPy array"),
        (None, None, "a NumPy array"),
    ],
)
def test_arguments_of_the_wrong_kind_are_type_errors(analyzer: Analyzer, audio: Any, rate: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        analyzer.predict(audio, rate)


def test_samples_have_one_or_two_dimensions(analyzer: Analyzer) -> None:
    with pytest.raises(ValueError, match="samples × channels"):
        analyzer.predict(np.zeros((2, 2, 2), np.float32), RATE)


def test_files_that_cannot_be_read_are_os_errors_too(analyzer: Analyzer, tmp_path: Path) -> None:
    path = tmp_path / "missing.wav"
    for call in (analyzer.predict, analyzer.embed, analyzer.follow):
        with pytest.raises(MissingFileError) as missing:
            call(path)
        error = missing.value
        assert isinstance(error, FileNotFoundError) and isinstance(error, FileError)
        assert (error.code, error.filename) == ("unreadable-file", str(path))
        assert str(error) == f"[Errno 2] No such file or directory: '{path}'"
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
    with pytest.raises(FileError) as folder:
        analyzer.predict(tmp_path)
    assert not isinstance(folder.value, FileNotFoundError)


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(SottovoceError, match="The package has voice; .* path of a folder") as error:
        Analyzer("vioce")
    assert error.value.code == "no-model"


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(SottovoceError) as error:
        Analyzer(tmp_path)
    assert error.value.code == "model-description"


def test_references_are_checked(analyzer: Analyzer) -> None:
    with pytest.raises(SottovoceError) as error:
        SpeakerReference.from_json("{}")
    assert error.value.code == "bad-speaker-reference"
    reference = analyzer.enrol(CLIPS[0])
    assert reference is not None
    with pytest.raises(SottovoceError):
        reference.remove(reference.merge(reference))
    with pytest.raises(SottovoceError) as not_taken:
        Analyzer(ROOT / "models/shipped/ms").predict_batch(CLIPS, reference=reference)
    assert not_taken.value.code == "no-speaker-reference"
