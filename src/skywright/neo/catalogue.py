"""The catalogue in use: what was collected, else notable objects and an invented population.

Every row says in ``label`` and ``provenance`` where it comes from.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import polars as pl

from skywright.errors import InputError
from skywright.neo.features import add_features
from skywright.neo.notable import notable_objects
from skywright.neo.splits import add_splits
from skywright.neo.synthetic import synthetic_population
from skywright.settings import Settings, get_settings

COLLECTED = "collected"
FILE = "neo.parquet"
_SYNTHETIC = 2000


def catalogue_path(settings: Settings | None = None) -> Path:
    """Return where ``skywright collect neo`` puts the catalogue."""
    folder = (settings or get_settings()).data_dir.expanduser()
    return folder / "neo" / FILE


def load_catalogue(settings: Settings | None = None) -> pl.DataFrame:
    """Return the catalogue in use.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process where None.

    Returns
    -------
    polars.DataFrame
        Elements [au, deg] at the epoch of each orbit [JD TDB], magnitudes and sizes where known,
        features and splits; ``label`` is ``collected``, ``hand-compiled`` or ``synthetic``,
        ``provenance`` a phrase that says more. The same object comes back until the file changes.

    Raises
    ------
    InputError
        If the collected file is damaged.
    """
    path = catalogue_path(settings)
    if path.is_file():
        return _collected(path, path.stat().st_mtime_ns)
    return built_in_catalogue()


@lru_cache(maxsize=2)
def _collected(path: Path, _changed_ns: int) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        message = f"The collected catalogue {path} cannot be read: {error}."
        raise InputError(message, hint="Collect it again with: skywright collect neo") from error


@lru_cache(maxsize=1)
def built_in_catalogue() -> pl.DataFrame:
    """Return notable objects and an invented population, for use without any data."""
    notable = notable_objects().with_columns(
        ("hand-compiled from " + pl.col("source")).alias("provenance")
    )
    invented = synthetic_population(_SYNTHETIC).with_columns(pl.col("source").alias("provenance"))
    together = pl.concat([notable, invented], how="diagonal_relaxed")
    return add_splits(add_features(together))
