"""Runs each engine on 2,000 clips, twice: the second time one of its workers is killed half-way. Each must give a row for every file,
with the same bits as `sottovoce batch`. Prints what a file costs beyond the batch.

    python check.py SOTTOVOCE CLIPS     the command line's program, and a folder with clips
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from predictor import SCHEMA

CLIPS = 2000
WORKERS = os.cpu_count() or 1
# What the command lines of workers contain. Daft's own engine does not start a process that died anew; on a cluster of Ray, Ray does.
ENGINES = {"on_ray": "ray::MapWorker", "on_spark": "pyspark.daemon", "on_daft": None}


def main(program: str, clips: str) -> None:
    with tempfile.TemporaryDirectory(prefix="sottovoce-engines-") as temporary:
        folder = Path(temporary) / "clips"
        make_clips(folder, sorted(Path(clips).glob("*.opus")))
        expected, batch_s = run_batch(program, folder)
        print(f"sottovoce batch: {batch_s:.1f} s, {len(expected) / batch_s:.0f} files a second", flush=True)
        for engine, worker in ENGINES.items():
            rows, took_s = run_engine(engine, folder)
            assert rows == expected, f"{engine}: {differences(rows, expected)}"
            # Starting an engine and its workers is among it.
            overhead_ms = 1000 * (took_s - batch_s) / len(expected)
            print(f"{engine}: {took_s:.1f} s, {overhead_ms:.1f} ms a file more", flush=True)
            if worker:
                rows, took_s = run_engine(engine, folder, worker, took_s / 2)
                assert rows == expected, f"{engine}, with a worker killed: {differences(rows, expected)}"
                print(f"{engine}, a worker killed half-way: {took_s:.1f} s", flush=True)


def make_clips(folder: Path, clips: list[Path]) -> None:
    """Copies under other names, and a file that is no recording."""
    folder.mkdir()
    for number, clip in enumerate(islice(cycle(clips), CLIPS - 1)):
        shutil.copyfile(clip, folder / f"{number:04}.opus")
    (folder / "broken.opus").write_bytes(b"no recording")


def run_batch(program: str, folder: Path) -> tuple[dict[str, tuple], float]:
    out = folder.parent / "batch.parquet"
    start = time.monotonic()
    subprocess.run([program, "batch", folder, "--out", out], check=True)
    return by_file(pq.read_table(out)), time.monotonic() - start


def run_engine(engine: str, folder: Path, worker: str | None = None, kill_after_s: float = 0.0) -> tuple[dict[str, tuple], float]:
    """In a process of its own, since an engine does not stop with a function."""
    out = folder.parent / f"{engine}.parquet"
    start = time.monotonic()
    # Workers find the modules of this folder.
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)}
    process = subprocess.Popen([sys.executable, __file__, "--run", engine, folder, out], env=environment)
    if worker:
        time.sleep(kill_after_s)
        kill_one(worker)
    assert process.wait() == 0, f"{engine} failed"
    return by_file(pq.read_table(out)), time.monotonic() - start


def kill_one(worker: str) -> None:
    """Kills the worker that has worked most."""
    workers = [process for process in psutil.process_iter() if worker in " ".join(command_line(process))]
    busiest = max(workers, key=lambda process: process.cpu_times().user)
    print(f"  killing {busiest.pid}, one of {len(workers)} processes", flush=True)
    busiest.kill()


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def by_file(table: pa.Table) -> dict[str, tuple]:
    """Rows by the names of their files; each file must have one."""
    rows = table.select(SCHEMA.names).to_pylist()
    found = {Path(row["file"]).name: tuple(list(row.values())[1:]) for row in rows}
    assert len(found) == len(rows), f"{len(rows) - len(found)} rows too many"
    return found


def differences(rows: dict[str, tuple], expected: dict[str, tuple]) -> str:
    differing = [file for file in expected if rows.get(file) != expected[file]]
    return f"{len(rows)} rows, {len(differing)} of {len(expected)} differ, such as {differing[:1]}"


def run(engine: str, folder: str, out: str) -> None:
    files = sorted(str(path) for path in Path(folder).iterdir())
    pq.write_table(import_module(engine).predict(files, WORKERS), out)


if __name__ == "__main__":
    run(*sys.argv[2:]) if sys.argv[1] == "--run" else main(*sys.argv[1:])
