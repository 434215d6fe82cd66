"""What the package contains and declares."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

from conftest import CALL, CLIPS, ROOT

import sottovoce
from sottovoce import Analyzer


def test_the_wheel_has_the_package_one_model_and_licences() -> None:
    files = importlib.metadata.files("sottovoce") or []
    installed = {path.as_posix() for path in files if "__pycache__" not in path.parts and path.name != "RECORD"}
    package = {path for path in installed if path.startswith("sottovoce/")}
    sources = {path.relative_to(ROOT / "python").as_posix() for path in (ROOT / "python/sottovoce").glob("*.py*")}
    model = {f"sottovoce/models/voice/{path.name}" for path in (ROOT / "models/shipped/voice").iterdir()}
    (engine,) = package - sources - model - {"sottovoce/py.typed"}
    assert Path(engine).name.startswith("_engine.")
    assert package >= sources | model
    others = installed - package
    assert all(path.startswith("sottovoce-") for path in others)
    licences = {Path(path).name for path in others if "/licenses/" in path}
    assert licences == {"LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "LICENSE-SILERO", "CARD.md", "NOTICE.md"}


def test_the_version_is_the_packages() -> None:
    assert sottovoce.__version__ == importlib.metadata.version("sottovoce")


def test_importing_does_not_import_numpy() -> None:
    program = "import sottovoce, sys; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


def test_results_have_the_declared_types(analyzer: Analyzer) -> None:
    speaker = analyzer.enrol(CLIPS[1])
    conforms(analyzer.predict(CLIPS[0], reference=speaker), sottovoce.Report)
    conforms(analyzer.predict(CALL), sottovoce.Report)
    for result in analyzer.predict_batch([CLIPS[0], "missing.wav"]):
        conforms(result, sottovoce.Failure if "error" in result else sottovoce.Report)
    for window in analyzer.follow(CALL):
        conforms(window, sottovoce.Window)


def conforms(value: Any, declared: Any) -> None:
    """Compares the keys of dictionaries, and of those in them, with what their type declares."""
    keys = set(value)
    assert declared.__required_keys__ <= keys <= declared.__required_keys__ | declared.__optional_keys__
    for key, hint in get_type_hints(declared).items():
        for item in value.get(key, []) if hint == list[sottovoce.Note] else [value.get(key)]:
            inner = sottovoce.Note if hint == list[sottovoce.Note] else hint
            if item is not None and is_typeddict(inner):
                conforms(item, inner)
