"""Many files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CLIPS, ROOT, CommandLine, lasting

from sottovoce import Analyzer


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_a_batch_is_in_order_and_equals_the_command_line(
    analyzer: Analyzer, command_line: CommandLine, threads: int | None
) -> None:
    results = analyzer.predict_batch((clip for clip in CLIPS), threads)
    expected = command_line("predict", "--json", *CLIPS)
    assert [lasting(result) for result in results] == [lasting(report) for report in expected]


def test_a_file_that_cannot_be_read_does_not_end_a_batch(analyzer: Analyzer, command_line: CommandLine) -> None:
    paths = [ROOT / "README.md", CLIPS[0], Path("missing.wav"), ROOT]
    text, report, missing, folder = analyzer.predict_batch(paths, threads=2)
    assert "error" not in report and report["model"] == "voice"
    # Its errors are on standard error.
    expected = command_line("predict", "--json", *paths)[1:]
    assert [text, missing, folder] == [lasting(failure) for failure in expected]
    assert "error" in missing and missing["error"]["code"] == "unreadable-file"


def test_a_batch_can_be_empty(analyzer: Analyzer) -> None:
    assert analyzer.predict_batch([]) == []


def test_a_path_is_no_batch(analyzer: Analyzer) -> None:
    with pytest.raises(TypeError, match="predict takes a single one"):
        analyzer.predict_batch("voice.wav")


@pytest.mark.skipif(os.name == "nt", reason="signals differ")
def test_control_c_ends_a_batch() -> None:
    # Shells start what runs in the background without the signal, which it inherits.
    program = f"""
import signal
import sottovoce
signal.signal(signal.SIGINT, signal.default_int_handler)
analyzer = sottovoce.Analyzer()
def paths():
    yield from [{str(CLIPS[0])!r}] * 100_000
    print("ready", flush=True)
try:
    analyzer.predict_batch(paths())
except KeyboardInterrupt:
    print("ended")
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(1.0)  # until it computes
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60)[0] == "ended\n"
        finally:
            process.kill()
