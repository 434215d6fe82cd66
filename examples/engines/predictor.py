"""sottovoce in engines that run a function on batches of rows in many processes: paths in, predictions out, as Arrow."""

from typing import get_args

import pyarrow as pa
import sottovoce

EMOTIONS = get_args(sottovoce.Emotion)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("file", "error_code", "label", "certainty")]
    + [(emotion, pa.float32()) for emotion in EMOTIONS]
)


class Predictor:
    """Predicts the emotion in the files of a batch. A worker loads the model once.

    A file that cannot be read has an ``error_code`` and no prediction, so that no batch fails for one file.
    """

    def __init__(self, model: str = "voice") -> None:
        self.analyzer = sottovoce.Analyzer(model)

    def __call__(self, batch: pa.Table | pa.RecordBatch) -> pa.Table:
        files = batch.column("file").to_pylist()
        # One thread: engines start as many workers as there are cores.
        results = self.analyzer.predict_batch(files, threads=1)
        return pa.Table.from_pylist([row(file, result) for file, result in zip(files, results)], schema=SCHEMA)


def row(file: str, result: sottovoce.Report | sottovoce.Failure) -> dict[str, object]:
    if "error" in result:
        return {"file": file, "error_code": result["error"]["code"]}
    return {"file": file, "label": result["label"], "certainty": result["certainty"], **result["probabilities"]}
