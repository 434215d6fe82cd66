"""How analyzers are unpickled."""

from functools import cache

from ._engine import Analyzer


@cache
def load(model: str) -> Analyzer:
    """The analyzer of all pickles of a model in this process, so that a worker loads it once."""
    return Analyzer(model)
