"""From what providers send to one clean row per object: names, types, ranges, duplicates."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import ELEMENT_ANGLES, require_columns

_NUMBER_MPC = r"^\((\d+)\)(?:\s|$)"
_NUMBER_JPL = r"^(\d+)\s.*\([^()]*\)$"
_PROVISIONAL = r"\(([^()]+)\)\s*$"
_AFTER_NUMBER = r"^\(?\d+\)?\s+((?:A\d{3}|\d{4}) [A-Z]{1,2}\d*)$"
_COMET_NAME = r"^(\d+[PDI](?:-\w+)?/.+|[CPDXA]/-?\d+ [A-Z]{1,2}\d*(?:-\w+)?)"
_EPHEMERIS_JD = (2_287_184.5, 2_688_976.5)  # DE440, years 1550 to 2650
_RANGES = {
    "h_mag": (-2.0, 40.0),
    "albedo": (0.0, 1.0),
    "diameter_km": (0.0, 2000.0),
    "rot_per_h": (0.0, 1e5),
}
_NEWEST = ("soln_date", "last_obs", "epoch_jd_tdb", "n_obs")


@dataclass(slots=True)
class CleaningReport:
    """What was done, so that a manifest can say it."""

    rows_in: int = 0
    rows_out: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason: rows."""
    blanked: dict[str, int] = field(default_factory=dict)
    """Column: values outside their range that were set to null."""


def clean(table: pl.DataFrame) -> tuple[pl.DataFrame, CleaningReport]:
    """Clean a table of objects.

    Parameters
    ----------
    table : polars.DataFrame
        Rows of one or several providers in our columns: ``designation``, ``epoch_jd_tdb``, ``e``,
        ``i_deg``, ``node_deg``, ``peri_deg`` and ``q_au`` or ``a_au``.

    Returns
    -------
    table : polars.DataFrame
        One row per object, its newest orbit; ``designation`` is the principal provisional
        designation (``2004 MN4``) where known, ``number`` and ``name`` where it has them.
    report : CleaningReport
        Counts of what was dropped or blanked, and why.

    Raises
    ------
    InputError
        If a column is missing, or nothing is left.
    """
    require_columns(table, ("designation", "epoch_jd_tdb", "e", *ELEMENT_ANGLES), "cleaning")
    report = CleaningReport(rows_in=table.height)
    table = _with_perihelion(with_names(table))
    table = _without_bad_orbits(table, report)
    table = _without_bad_values(table, report)
    table = _newest_of_each(table, report)
    if table.height == 0:
        message = f"None of the {report.rows_in} rows has a usable orbit: {report.dropped}."
        raise InputError(message)
    report.rows_out = table.height
    return table, report


def with_names(table: pl.DataFrame) -> pl.DataFrame:
    """Add ``number`` and ``name``, and make ``designation`` the principal one.

    ``99942`` with the full name ``99942 Apophis (2004 MN4)`` becomes ``2004 MN4``, number 99942,
    name Apophis. A bare number takes the designation that another row gives for it.
    """
    full = pl.col("full_name") if "full_name" in table.columns else pl.lit(None, dtype=pl.String)
    full = full.str.strip_chars()
    given = pl.col("designation").cast(pl.String).str.strip_chars()
    provisional = pl.coalesce(full.str.extract(_PROVISIONAL), full.str.extract(_AFTER_NUMBER))
    provisional = pl.when(provisional.str.contains(r"^(A\d{3}|\d{4}) ")).then(provisional)
    bare = given.str.contains(r"^\d+$")
    designation = pl.when(bare).then(pl.coalesce(provisional, given)).otherwise(given)
    comet = full.str.extract(_COMET_NAME)
    number = pl.coalesce(
        given.str.extract(r"^(\d+)$"),
        full.str.extract(_NUMBER_MPC),
        full.str.extract(_NUMBER_JPL),
    )
    table = table.with_columns(
        pl.coalesce(comet, designation).alias("designation"),
        number.cast(pl.Int64, strict=False).alias("number"),
    ).with_columns(_own_name(table))
    return _same_number_same_name(table)


def _own_name(table: pl.DataFrame) -> pl.Expr:
    """Take the name as given, else from the full name of a numbered object."""
    nothing = pl.lit(None, dtype=pl.String)
    given = pl.col("name").cast(pl.String) if "name" in table.columns else nothing
    full = pl.col("full_name") if "full_name" in table.columns else nothing
    word = full.str.strip_chars().str.extract(r"^\(?\d+\)?\s+([^()]+?)\s*(?:\(|$)")
    own = pl.col("number").is_not_null() & ~word.str.contains(r"^(A\d{3}|\d{4}) [A-Z]")
    return pl.coalesce(given, pl.when(own).then(word)).alias("name")


def _same_number_same_name(table: pl.DataFrame) -> pl.DataFrame:
    known = (
        table.filter(pl.col("number").is_not_null() & ~pl.col("designation").str.contains(r"^\d+$"))
        .group_by("number")
        .agg(pl.col("designation").first().alias("principal"))
    )
    joined = table.join(known, on="number", how="left", maintain_order="left")
    bare = pl.col("designation").str.contains(r"^\d+$")
    better = pl.when(bare).then(pl.coalesce("principal", "designation"))
    return joined.with_columns(better.otherwise(pl.col("designation")).alias("designation")).drop(
        "principal"
    )


def _with_perihelion(table: pl.DataFrame) -> pl.DataFrame:
    """Fill q_au from a_au and the reverse."""
    nothing = pl.lit(None, dtype=pl.Float64)
    q = pl.col("q_au") if "q_au" in table.columns else nothing
    a = pl.col("a_au") if "a_au" in table.columns else nothing
    one = pl.col("e") == 1.0
    return table.with_columns(
        pl.coalesce(q, a * (1.0 - pl.col("e"))).alias("q_au"),
        pl.coalesce(a, pl.when(~one).then(q / (1.0 - pl.col("e")))).alias("a_au"),
    )


def _without_bad_orbits(table: pl.DataFrame, report: CleaningReport) -> pl.DataFrame:
    angles = [pl.col(name).is_finite() for name in ELEMENT_ANGLES]
    phase = [name for name in ("mean_anomaly_deg", "tp_jd_tdb") if name in table.columns]
    rules = {
        "no designation": pl.col("designation").is_not_null() & (pl.col("designation") != ""),
        "no epoch": pl.col("epoch_jd_tdb").is_finite(),
        "epoch outside the ephemeris": pl.col("epoch_jd_tdb").is_between(*_EPHEMERIS_JD),
        "e missing or below 0": (pl.col("e") >= 0.0) & pl.col("e").is_finite(),
        "q missing or not above 0": (pl.col("q_au") > 0.0) & pl.col("q_au").is_finite(),
        "an angle is missing": pl.all_horizontal(angles),
        "inclination outside 0 to 180": pl.col("i_deg").is_between(0.0, 180.0),
        "no place on the orbit": pl.any_horizontal([pl.col(name).is_finite() for name in phase])
        if phase
        else pl.lit(value=False),
    }
    for reason, rule in rules.items():
        kept = table.filter(rule.fill_null(value=False))
        if kept.height < table.height:
            report.dropped[reason] = table.height - kept.height
        table = kept
    return table


def _without_bad_values(table: pl.DataFrame, report: CleaningReport) -> pl.DataFrame:
    """Blank what cannot be: an albedo above 1, a diameter of 0."""
    for name, (low, high) in _RANGES.items():
        if name not in table.columns:
            continue
        good = (pl.col(name) > low) & (pl.col(name) < high)
        bad = table.filter(~good).height
        if bad:
            report.blanked[name] = bad
            table = table.with_columns(pl.when(good).then(pl.col(name)).alias(name))
    return table


def _newest_of_each(table: pl.DataFrame, report: CleaningReport) -> pl.DataFrame:
    """Keep the newest orbit: by date of the solution, last observation, epoch, observations."""
    order = [name for name in _NEWEST if name in table.columns]
    newest = (
        table.with_row_index("_row")
        .sort(order, nulls_last=False, maintain_order=True)
        .unique("designation", keep="last", maintain_order=True)
        .sort("_row")
        .drop("_row")
    )
    if newest.height < table.height:
        report.dropped["older orbit of the same object"] = table.height - newest.height
    return newest
