"""Windows of a recording."""

from pathlib import Path

import pytest
from conftest import CALL, CommandLine, rounded

from sottovoce import Analyzer, SottovoceError, SpeakerReference, Windows


def test_windows_are_those_of_the_command_line(analyzer: Analyzer, command_line: CommandLine) -> None:
    expected = command_line("follow", "--format", "json", CALL)
    assert rounded(list(analyzer.follow(CALL))) == rounded(expected)
    expected = command_line("follow", "--format", "json", "--step", 0.5, "--channel", "right", CALL)
    assert rounded(list(analyzer.follow(CALL, 0.5, channel="right"))) == rounded(expected)
    assert any("label" in window for window in expected)


def test_a_reference_conditions_each_window(analyzer: Analyzer, command_line: CommandLine, tmp_path: Path) -> None:
    reference = analyzer.enrol(CALL, channel="left")
    assert isinstance(reference, SpeakerReference)
    file = tmp_path / "speaker.json"
    file.write_text(reference.to_json())
    expected = command_line("follow", "--format", "json", "--reference", file, CALL)
    assert rounded(list(analyzer.follow(CALL, reference=reference))) == rounded(expected)
    assert rounded(list(analyzer.follow(CALL))) != rounded(expected)


def test_windows_are_read_when_they_are_asked_for(analyzer: Analyzer) -> None:
    windows = analyzer.follow(CALL)
    assert isinstance(windows, Windows) and iter(windows) is windows
    assert next(windows)["start_s"] == 0.0
    assert next(windows)["start_s"] == 2.0
    list(windows)
    assert windows.lost_s == 0.0
    assert [note["code"] for note in windows.notes] == ["dual-channel"]


def test_steps_have_a_range(analyzer: Analyzer) -> None:
    for step_s in (0.0, 0.2, 4.1, float("nan")):
        with pytest.raises(SottovoceError, match="0.25 to 4") as error:
            analyzer.follow(CALL, step_s)
        assert error.value.code == "out-of-range"
