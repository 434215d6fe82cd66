"""Predicts which of seven emotions a voice expresses, on your own machine.

>>> analyzer = sottovoce.Analyzer("voice")
>>> report = analyzer.predict("voice.wav")
>>> report["label"], report["certainty"]
('angry', 'likely')

Times are in seconds (``_s``), rates in Hz (``_hz``), durations of stages in milliseconds (``_ms``). Audio never leaves the machine.
"""

from . import features
from ._engine import Analyzer, SpeakerReference, Windows, __version__
from ._errors import FileError, MissingFileError, SottovoceError
from ._types import Certainty, Emotion, Failure, Note, Opinion, Quality, Report, Speaker, Timings, Window

__all__ = [
    "Analyzer",
    "Certainty",
    "Emotion",
    "Failure",
    "FileError",
    "MissingFileError",
    "Note",
    "Opinion",
    "Quality",
    "Report",
    "SottovoceError",
    "Speaker",
    "SpeakerReference",
    "Timings",
    "Window",
    "Windows",
    "__version__",
    "features",
]
