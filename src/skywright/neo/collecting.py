"""Collect public data on near-Earth objects into one clean, featured, split catalogue.

``<out>/neo.parquet`` is the catalogue, ``manifest.json`` says where every byte came from and what
was done to it; the lists of Sentry, ESA and CAD lie beside it as they were sent.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from skywright import __version__
from skywright.errors import InputError, NotFoundError, SourceError
from skywright.neo.catalogue import COLLECTED, FILE
from skywright.neo.cleaning import CleaningReport, clean, with_names
from skywright.neo.features import add_features
from skywright.neo.splits import add_splits
from skywright.settings import Settings
from skywright.sources import cad, mpc, neocc, sbdb, sentry
from skywright.sources.http import Fetcher, Provenance, in_folder
from skywright.sources.state import SourceState

PROVIDERS: dict[str, SourceState] = {
    "sbdb": sbdb.STATE,
    "sentry": sentry.STATE,
    "neocc": neocc.STATE,
    "cad": cad.STATE,
    "mpc": mpc.STATE,
}
"""What can be collected; orbits come from ``sbdb`` or ``mpc``."""

DEFAULT = ("sbdb", "sentry", "neocc", "cad")
_ORBITS = ("sbdb", "mpc")
_CAD_YEARS = 100
_CAD_WITHIN_AU = 0.05

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is (0 if unknown)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to collect."""

    providers: tuple[str, ...] = DEFAULT
    limit: int | None = None
    """Most objects; all where None."""
    with_covariance: int = 0
    """For how many objects to ask for a covariance, the most threatening first."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.providers if name not in PROVIDERS]
        if unknown:
            message = f"Provider {unknown[0]!r} is unknown; choose from {', '.join(PROVIDERS)}."
            raise InputError(message)
        if not set(self.providers) & set(_ORBITS):
            message = f"At least one provider of orbits is needed: {' or '.join(_ORBITS)}."
            raise InputError(message)


@dataclass(slots=True)
class _Run:
    """One collection as it goes."""

    fetcher: Fetcher
    settings: Settings
    wish: Wish
    progress: Progress
    provenance: list[Provenance] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    lists: dict[str, pl.DataFrame] = field(default_factory=dict)


def collect(
    wish: Wish,
    settings: Settings,
    *,
    out: Path | None = None,
    progress: Progress = lambda *_: None,
    fetcher: Fetcher | None = None,
) -> dict[str, Any]:
    """Fetch, clean and write the catalogue.

    Parameters
    ----------
    wish : Wish
        What to collect.
    settings : Settings
        Addresses, time limit and data folder.
    out : Path, optional
        Folder of the result; ``<data_dir>/neo`` where None.
    progress : callable
        Told how far it is.
    fetcher : Fetcher, optional
        One of one's own; below the data folder where None.

    Returns
    -------
    dict
        The manifest, as written to ``manifest.json``. ``failed`` names providers of lists that
        could not be reached; their columns are missing.

    Raises
    ------
    SourceError
        If the orbits themselves cannot be fetched.
    InputError
        If a folder cannot be written to.
    """
    folder = settings.data_dir.expanduser()
    out = (out or folder / "neo").expanduser()
    for place in (folder, out):
        _make(place)
    with fetcher or in_folder(folder, settings.http_timeout_s) as open_fetcher:
        run = _Run(open_fetcher, settings, wish, progress)
        table, report = clean(_orbits(run))
        _fetch_lists(run)
        table = _with_lists(table, run.lists)
        table = _with_covariances(table, run)
    progress("features", 0, table.height)
    table = add_splits(add_features(table))
    progress("features", table.height, table.height)
    return _write(out, table, report, run)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror}."
        raise InputError(
            message, hint="Choose another with --out or SKYWRIGHT_DATA_DIR."
        ) from error


def _orbits(run: _Run) -> pl.DataFrame:
    """Fetch the orbits; where both providers are asked, cleaning keeps the newer of each object."""
    tables: list[pl.DataFrame] = []
    if "sbdb" in run.wish.providers:
        table, rows = sbdb.fetch_catalogue(
            run.fetcher,
            run.settings,
            limit=run.wish.limit,
            progress=lambda done, total: run.progress("sbdb", done, total),
        )
        run.provenance += rows
        tables.append(table.with_columns(pl.lit(sbdb.STATE.citation).alias("source")))
    if "mpc" in run.wish.providers:
        run.progress("mpc", 0, 1)
        table, row = mpc.fetch_list(run.fetcher, run.settings)
        run.provenance += [row] if row else []
        table = table.drop("epoch_jd_tt").with_columns(pl.lit(mpc.STATE.citation).alias("source"))
        tables.append(table.head(run.wish.limit) if run.wish.limit else table)
        run.progress("mpc", 1, 1)
    together = pl.concat(tables, how="diagonal_relaxed")
    return together.with_columns(pl.lit(value=False).alias("synthetic"))


def _fetch_lists(run: _Run) -> None:
    """Fetch the risk lists and close approaches; one that fails does not cost the others."""
    today = dt.datetime.now(dt.UTC).date()
    last = today.replace(year=today.year + _CAD_YEARS, day=min(today.day, 28))
    fetchers: dict[str, Callable[[], tuple[pl.DataFrame, Provenance | None]]] = {
        "sentry": lambda: sentry.fetch_risk_list(run.fetcher, run.settings),
        "neocc": lambda: neocc.fetch_risk_list(run.fetcher, run.settings),
        "cad": lambda: cad.fetch_close_approaches(
            run.fetcher,
            run.settings,
            start=today.isoformat(),
            stop=last.isoformat(),
            within_au=_CAD_WITHIN_AU,
        ),
    }
    for name in (name for name in fetchers if name in run.wish.providers):
        run.progress(name, 0, 1)
        try:
            run.lists[name], row = fetchers[name]()
        except SourceError as error:
            run.failed[name] = str(error)
            continue
        run.provenance += [row] if row else []
        run.progress(name, 1, 1)


def _with_lists(table: pl.DataFrame, lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Add what Sentry and ESA say; an object that is on no list has null."""
    if "sentry" in lists:
        table = _joined(table, lists["sentry"], "sentry", ("ip_cum", "ps_cum", "ps_max", "ts_max"))
    if "neocc" in lists:
        table = _joined(table, lists["neocc"], "neocc", ("ip_cum", "ps_cum", "ps_max", "ts"))
    return table


def _joined(
    table: pl.DataFrame, risks: pl.DataFrame, prefix: str, names: Sequence[str]
) -> pl.DataFrame:
    principal = _principal(risks, table)
    chosen = risks.select(
        principal.alias("designation"), *(pl.col(n).alias(f"{prefix}_{n}") for n in names)
    ).unique("designation", keep="first")
    return table.join(chosen, on="designation", how="left", maintain_order="left")


def _principal(risks: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    """Return the designations of a list as the catalogue writes them (numbers replaced)."""
    numbers = table.filter(pl.col("number").is_not_null())
    of = dict(zip(numbers["number"].cast(pl.String), numbers["designation"], strict=True))
    known = with_names(risks)["designation"]
    return pl.Series("designation", [of.get(name, name) for name in known], pl.String)


def _with_covariances(table: pl.DataFrame, run: _Run) -> pl.DataFrame:
    """Ask for covariances, the most threatening objects first; replaces their orbits.

    A covariance belongs to elements at an epoch of its own, so the whole orbit is taken with it.
    """
    wanted = _most_threatening(table)[: run.wish.with_covariance]
    rows: list[dict[str, Any]] = []
    for done, name in enumerate(wanted):
        run.progress("covariances", done, len(wanted))
        try:
            row, provenance = sbdb.fetch_object(run.fetcher, run.settings, name)
        except (NotFoundError, SourceError) as error:
            run.failed[f"covariance of {name}"] = str(error)
            continue
        run.provenance += [provenance] if provenance else []
        if row["covariance"] is not None:
            rows.append(row | {"designation": name})
    if wanted:
        run.progress("covariances", len(wanted), len(wanted))
    return _replaced(table, rows)


def _replaced(table: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    empty = pl.lit(None, dtype=pl.List(pl.Float64)).alias("covariance")
    if not rows:
        return table.with_columns(empty)
    found = pl.DataFrame(
        rows, infer_schema_length=None, schema_overrides={"covariance": pl.List(pl.Float64)}
    )
    orbit = ("epoch_jd_tdb", "e", "q_au", "a_au", "tp_jd_tdb", "node_deg", "peri_deg", "i_deg")
    nongrav = ("a1_au_d2", "a2_au_d2", "a3_au_d2")
    columns = [name for name in (*orbit, *nongrav) if name in found.columns]
    chosen = found.select(
        "designation", "covariance", *(pl.col(n).cast(pl.Float64).alias(f"_{n}") for n in columns)
    )
    table = table.join(chosen, on="designation", how="left", maintain_order="left")
    has = pl.col("covariance").is_not_null()
    new = [
        pl.when(has).then(pl.col(f"_{n}")).otherwise(_or_null(table, n)).alias(n) for n in columns
    ]
    mean = pl.when(~has).then(_or_null(table, "mean_anomaly_deg")).alias("mean_anomaly_deg")
    return table.with_columns(*new, mean).drop([f"_{name}" for name in columns])


def _or_null(table: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in table.columns else pl.lit(None, dtype=pl.Float64)


def _most_threatening(table: pl.DataFrame) -> list[str]:
    """Order by Palermo scale of Sentry, then of ESA, then by JPL's MOID."""
    keys = ("sentry_ps_cum", "neocc_ps_cum", "moid_jpl_au")
    present = [name for name in keys if name in table.columns]
    if not present:
        return [str(name) for name in table["designation"]]
    down = [name != "moid_jpl_au" for name in present]
    ordered = table.sort(present, descending=down, nulls_last=True)
    return [str(name) for name in ordered["designation"]]


def _write(out: Path, table: pl.DataFrame, report: CleaningReport, run: _Run) -> dict[str, Any]:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    table = table.with_columns(
        pl.lit(COLLECTED).alias("label"),
        (pl.col("source") + f", collected {now[:10]}").alias("provenance"),
    )
    files = {FILE: table, **{f"{name}.parquet": found for name, found in run.lists.items()}}
    manifest = {
        "kind": "skywright near-Earth object catalogue",
        "version": 1,
        "created_utc": now,
        "skywright": __version__,
        "wish": asdict(run.wish),
        "cleaning": asdict(report),
        "splits": dict(table["split"].value_counts().iter_rows()),
        "failed": run.failed,
        "files": {name: _write_one(out / name, found) for name, found in files.items()},
        "provenance": [asdict(row) for row in run.provenance],
    }
    partial = out / "manifest.json.partial"
    partial.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    partial.replace(out / "manifest.json")
    return manifest


def _write_one(path: Path, table: pl.DataFrame) -> dict[str, Any]:
    """Write a file whole or not at all; return its rows and hash."""
    partial = path.with_name(path.name + ".partial")
    table.write_parquet(partial)
    with partial.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    partial.replace(path)
    return {"rows": table.height, "sha256": sha256}
