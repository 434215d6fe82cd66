"""The types of results: plain dictionaries, with the fields of the command line's JSON."""

from typing import Literal, TypedDict, final

Emotion = Literal["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]

Certainty = Literal["likely", "leaning", "unsure", "no-speech"]


class Opinion(TypedDict):
    """A label with its certainty and the probabilities behind it."""

    label: Emotion
    """The likeliest emotion."""
    certainty: Certainty
    """``likely``: right at least two times in three; ``leaning``: it leads, but another may well be right; ``unsure``: more often wrong than
    right."""
    probabilities: dict[Emotion, float]


class Speaker(TypedDict):
    """The reference that an opinion is conditioned on."""

    clips: int
    seconds: float
    variance: float | None
    """Variance of the clips' embeddings: 1 is that of the training set. ``None`` of one clip."""
    one_sided: Emotion | None
    """The prevailing emotion, if that is not neutral: more varied clips would help."""
    alone: Opinion
    """The unconditioned opinion."""


class Note(TypedDict):
    """Something about a recording that makes predictions less reliable."""

    code: str
    advice: str
    """What is wrong and what to do about it."""


class Quality(TypedDict):
    """Measurements of a clip."""

    level_dbfs: float
    """RMS level of the speech, or of everything if there is none."""
    clipped_share: float
    """Share of samples at full scale, 0 to 1."""
    speech_share: float
    """Share of the clip that is speech, 0 to 1."""
    lost_s: float
    """Seconds of audio that are missing or could not be decoded."""


class Timings(TypedDict):
    """Duration of each stage in milliseconds."""

    decode_ms: float
    quality_ms: float
    features_ms: float
    model_ms: float


class _Report(Opinion):
    notes: list[Note]
    quality: Quality
    model: str
    backend: Literal["cpu"]
    duration_s: float
    """Length of the whole recording."""
    heard_from_s: float
    """Start of the clip that was classified."""
    heard_s: float
    """Length of that clip."""
    source_rate_hz: int
    timings: Timings


@final
class Report(_Report, total=False):
    """The analysis of a recording."""

    speaker: Speaker
    """Only with a reference."""


class Reason(TypedDict):
    """Why a file could not be analysed."""

    code: str
    message: str


@final
class Failure(TypedDict):
    """The entry of a file in a batch that could not be analysed."""

    error: Reason


class _Window(TypedDict):
    start_s: float
    end_s: float
    certainty: Certainty


@final
class Window(_Window, total=False):
    """A window of a recording; without speech, it has neither label nor probabilities."""

    label: Emotion
    probabilities: dict[Emotion, float]
