"""Several threads and processes."""

import multiprocessing
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import CLIPS, ROOT, lasting

from sottovoce import Analyzer, _pickle


def test_threads_share_an_analyzer(analyzer: Analyzer) -> None:
    expected = [lasting(analyzer.predict(clip)) for clip in CLIPS]
    with ThreadPoolExecutor(4) as threads:
        assert [lasting(report) for report in threads.map(analyzer.predict, CLIPS)] == expected


def test_workers_get_an_analyzer(analyzer: Analyzer) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as workers:
        reports = workers.map(analyzer.predict, CLIPS, chunksize=1)
        loads = workers.map(loads_in_this_process, range(8), chunksize=1)
    assert [lasting(report) for report in reports] == [lasting(analyzer.predict(clip)) for clip in CLIPS]
    assert set(loads) <= {0, 1}, "no worker has loaded the model twice"


def loads_in_this_process(_: int) -> int:
    return _pickle.load.cache_info().misses


def test_a_pickle_names_the_model(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert len(pickle.dumps(analyzer)) < 200
    assert pickle.loads(pickle.dumps(analyzer)) is pickle.loads(pickle.dumps(Analyzer()))
    other = Analyzer(os.path.relpath(ROOT / "models/shipped/ms"))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(pickle.dumps(other)).model == "ms"


def test_references_can_be_pickled(analyzer: Analyzer) -> None:
    reference = analyzer.enrol(CLIPS[0])
    assert pickle.loads(pickle.dumps(reference)) == reference
