"""Daft: a class that is made once in each process, as a function on columns."""

import daft
import pyarrow as pa
from predictor import SCHEMA, Predictor

FIELDS = {field.name: daft.DataType.from_arrow_type(field.type) for field in SCHEMA}


def predict(files: list[str], workers: int) -> pa.Table:
    @daft.cls(max_concurrency=workers, use_process=True)
    class Column(Predictor):
        @daft.method.batch(return_dtype=daft.DataType.struct(FIELDS), batch_size=32)
        def predict(self, files: daft.Series) -> pa.Array:
            table = self(pa.table({"file": files.to_arrow()}))
            return table.to_struct_array().combine_chunks()

    rows = daft.from_pydict({"file": files}).into_batches(32)
    predicted = rows.select(Column().predict(rows["file"]).alias("row"))
    return predicted.select(predicted["row"].unnest()).to_arrow()
