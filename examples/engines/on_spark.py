"""Spark: Python processes live from task to task, and each loads the model once."""

import os
import sys
from collections.abc import Iterator

import predictor
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

# Workers run the interpreter of the driver.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)


def predict(files: list[str], workers: int) -> pa.Table:
    # A task may fail three times before the job does.
    spark = SparkSession.builder.master(f"local[{workers},4]").config("spark.ui.enabled", "false").getOrCreate()
    # What the function below needs, for workers on other machines, too.
    spark.sparkContext.addPyFile(predictor.__file__)
    model = predictor.Predictor()

    def predict_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from model(batch).to_batches()

    rows = spark.createDataFrame([(file,) for file in files], "file string").repartition(8 * workers)
    predicted = rows.mapInArrow(predict_batches, from_arrow_schema(predictor.SCHEMA))
    return predicted.toArrow()
