"""Ray Data: each actor of a pool loads the model once."""

import pyarrow as pa
import ray
from predictor import Predictor


def predict(files: list[str], workers: int) -> pa.Table:
    # One processor more, for what is not an actor.
    ray.init(num_cpus=workers + 1, ignore_reinit_error=True)
    rows = ray.data.from_items([{"file": file} for file in files], override_num_blocks=8 * workers)
    # Ray starts an actor that died anew, and gives it the batch again.
    actors = ray.data.ActorPoolStrategy(size=workers)
    predicted = rows.map_batches(Predictor, batch_format="pyarrow", batch_size=32, compute=actors)
    return pa.concat_tables(ray.get(predicted.to_arrow_refs()))
