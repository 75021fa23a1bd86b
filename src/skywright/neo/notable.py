"""A small table of notable objects, compiled by hand, and finding an object by any of its names."""

from __future__ import annotations

import difflib
import json
import re
from functools import lru_cache
from importlib import resources

import polars as pl

from skywright.errors import NotFoundError

LABEL = "hand-compiled"

_PACKAGE = "skywright.neo"
_TYPES = {
    "designation": pl.String,
    "number": pl.Int64,
    "name": pl.String,
    "spec_B": pl.String,
    "class_jpl": pl.String,
    "source": pl.String,
    "why": pl.String,
    "rounded": pl.Boolean,
    "condition_code": pl.Int64,
    "n_obs": pl.Int64,
}
_NEAREST = 5
_MOST_COMPARED = 20_000


def notable_objects() -> pl.DataFrame:
    """Return about fifty notable near-Earth objects, with the source and epoch of each.

    Returns
    -------
    polars.DataFrame
        Our columns at the epoch of each orbit [JD TDB], au, degrees; ``covariance`` where the
        source gives one (over e, q, tp, node, peri, i); ``source``, ``why`` it is here, ``rounded``
        (true where the source gives four digits only: not for propagation) and
        ``label = "hand-compiled"``.
    """
    return _notable()


@lru_cache(maxsize=1)
def _notable() -> pl.DataFrame:
    folder = resources.files(_PACKAGE)
    text = (folder / "notable.csv").read_bytes()
    heading = text.partition(b"\n")[0].decode().split(",")
    table = pl.read_csv(text, schema={n: _TYPES.get(n, pl.Float64) for n in heading})
    kept = json.loads((folder / "notable_covariances.json").read_text(encoding="utf-8"))
    covariances = [kept.get(name) for name in table["designation"]]
    closed = pl.when(pl.col("e") != 1.0).then(pl.col("q_au") / (1.0 - pl.col("e")))
    return table.with_columns(
        closed.alias("a_au"),
        pl.Series("covariance", covariances, pl.List(pl.Float64)),
        _full_names().alias("full_name"),
        pl.lit(value=False).alias("synthetic"),
        pl.lit(LABEL).alias("label"),
    )


def _full_names() -> pl.Expr:
    """Write names as JPL does: ``99942 Apophis (2004 MN4)``, ``(2024 YR4)``, ``1P/Halley``."""
    number = pl.when(pl.col("number").is_not_null()).then(pl.col("number").cast(pl.String) + " ")
    name = pl.when(pl.col("name").is_not_null()).then(pl.col("name") + " ")
    asteroid = pl.concat_str(
        number.otherwise(pl.lit("")), name.otherwise(pl.lit("")), "(" + pl.col("designation") + ")"
    )
    is_other = pl.col("designation").str.contains("/", literal=True)
    return pl.when(is_other).then(pl.col("designation")).otherwise(asteroid)


def lookup(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """Find one object by number, name, designation or full name.

    Parameters
    ----------
    name : str
        ``Apophis``, ``99942``, ``2004 MN4``, ``2004mn4``, ``(99942) Apophis``, ...
    table : polars.DataFrame
        ``designation`` and, where known, ``number``, ``name``, ``full_name``.

    Returns
    -------
    polars.DataFrame
        The one row.

    Raises
    ------
    NotFoundError
        With the nearest names, if there is no such object.
    """
    names = _index(table)
    row = names.get(_key(name))
    if row is not None:
        return table[row]
    near = _nearest(name, table, names)
    shown = name if len(name) <= 60 else name[:57] + "..."
    message = f"There is no object {shown!r} among the {table.height} of the catalogue."
    hint = f"Nearest names: {', '.join(near)}." if near else ""
    if "label" in table.columns and not (table["label"] == "collected").any():
        hint = f"{hint} Collect the full catalogue with: skywright collect neo".strip()
    raise NotFoundError(message, hint=hint)


def _key(name: str) -> str:
    """Reduce a name to its letters and digits, so that spelling matters little."""
    return re.sub(r"[^0-9a-z/]", "", name.casefold())


_last: tuple[pl.DataFrame, dict[str, int]] | None = None


def _index(table: pl.DataFrame) -> dict[str, int]:
    """Return row by key; the one of the last table is kept, since it is asked again and again."""
    global _last
    kept = _last
    if kept is not None and kept[0] is table:
        return kept[1]
    index: dict[str, int] = {}
    columns = {
        name: table[name].to_list() if name in table.columns else [None] * table.height
        for name in ("designation", "number", "name", "full_name")
    }
    for row, (designation, number, name, full) in enumerate(zip(*columns.values(), strict=True)):
        for text in _spellings(designation, number, name, full):
            index.setdefault(_key(text), row)
    index.pop("", None)
    _last = (table, index)
    return index


def _spellings(
    designation: str | None, number: int | None, name: str | None, full: str | None
) -> list[str]:
    texts = [text for text in (designation, name, full) if text]
    if number is not None:
        texts += [str(number), f"{number} {name or ''}", f"{number} {designation or ''}"]
    if name and designation:
        texts.append(f"{name} {designation}")
    if designation and "/" in designation:
        texts.append(designation.partition("/")[0])  # 1P, 2I
        texts.append(designation.partition("/")[2])
    return texts


def _nearest(name: str, table: pl.DataFrame, index: dict[str, int]) -> list[str]:
    """Return the designations or names that look most like ``name``."""
    key = _key(name)
    if not key:
        return []
    near = [text for text in index if abs(len(text) - len(key)) <= 2 + len(key) // 4]
    near.sort(key=lambda text: (text[:1] != key[:1], text[:2] != key[:2]))
    found = difflib.get_close_matches(key, near[:_MOST_COMPARED], n=3 * _NEAREST, cutoff=0.5)
    rows = list(dict.fromkeys(index[text] for text in found))[:_NEAREST]
    return [_shown(table, row) for row in rows]


def _shown(table: pl.DataFrame, row: int) -> str:
    designation = str(table["designation"][row])
    name = table["name"][row] if "name" in table.columns else None
    return f"{name} ({designation})" if name and name not in designation else designation
