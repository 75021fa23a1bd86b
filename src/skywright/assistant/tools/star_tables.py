"""Which table is meant: one of the conversation, or a catalogue file that the user installed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from skywright.assistant.messages import Origin
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import now_utc, origins_of, slug
from skywright.errors import InputError, NotFoundError
from skywright.settings import Settings

_SUFFIXES = (".csv", ".csv.gz")
_MOST_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StarTable:
    """Rows with a name and where they come from."""

    name: str
    rows: pl.DataFrame
    origins: tuple[Origin, ...]


def table_meant(desk: Desk, table: str = "", target: str = "") -> StarTable:
    """Return the table that a request means.

    Parameters
    ----------
    desk : Desk
        Its tables come first.
    table : str
        Name of a table of the conversation or of an installed file; empty for the newest.
    target : str
        Object whose table is meant; wins over the newest.

    Raises
    ------
    NotFoundError
        If there is none; the hint says how one is made.
    """
    name = table or target
    if name:
        known = on_the_desk(desk, name) or _installed(desk.settings, name)
        if known is not None:
            return known
    if table or (target and not desk.tables):
        message = f"There is no table of {name!r} in this conversation, nor an installed file."
        there = f"There are {', '.join(desk.tables)}." if desk.tables else ""
        hint = f"{there} Search a catalogue around it first, such as a cone in gaia-dr3."
        raise NotFoundError(message, hint=hint.strip())
    if target:
        message = f"There is no table of {target!r} in this conversation, nor an installed file."
        raise NotFoundError(message, hint="Search a catalogue around it first.")
    if not desk.tables and desk.target:
        installed = _installed(desk.settings, desk.target)
        if installed is not None:
            return installed
    found, rows = desk.table()
    return StarTable(found, rows, origins_of(desk, found))


def on_the_desk(desk: Desk, name: str) -> StarTable | None:
    """Return the newest table of the conversation whose name holds an object's, if any."""
    wanted = slug(name)
    for one in reversed(desk.tables):
        if one in (name, wanted) or wanted in _parts(one):
            return StarTable(one, desk.tables[one], origins_of(desk, one))
    return None


def _parts(name: str) -> set[str]:
    """Return all runs of words of a name: ``gaia-dr3-ngc-6397`` holds ``ngc-6397``."""
    words = name.split("-")
    n = len(words)
    return {"-".join(words[i:j]) for i in range(n) for j in range(i + 1, n + 1)}


def _installed(settings: Settings, name: str) -> StarTable | None:
    path = installed_file(settings, name)
    if path is None:
        return None
    if path.stat().st_size > _MOST_BYTES:
        message = f"The file {path.name} is larger than {_MOST_BYTES // 1024**2} MiB."
        raise InputError(message, hint="Cut it to the object, or ask the catalogue itself.")
    try:
        rows = pl.read_csv(path, infer_schema_length=10_000)
    except (pl.exceptions.PolarsError, OSError) as error:
        message = f"The installed file {path.name} cannot be read as CSV: {error}."
        raise InputError(message) from error
    origin = Origin(
        service="catalogues",
        title=f"Installed catalogue file {path.name}",
        retrieved_utc=now_utc(),
        rows=rows.height,
        state="as installed",
    )
    return StarTable(slug(name), rows, (origin,))


def installed_file(
    settings: Settings, name: str, suffixes: tuple[str, ...] = _SUFFIXES
) -> Path | None:
    """Return the installed file whose name holds an object's, the shortest name first."""
    folder = settings.catalogues_dir
    wanted = re.sub(r"[^a-z0-9]", "", name.lower())
    if not wanted or not folder.is_dir():
        return None
    files = sorted(
        (one for one in folder.iterdir() if one.name.lower().endswith(suffixes)),
        key=lambda one: (len(one.name), one.name),
    )
    return next((one for one in files if wanted in _words(one.name)), None)


def _words(name: str) -> set[str]:
    """Return runs of words of a file's name, joined: ``ngc_6397_gaia.csv`` holds ``ngc6397``."""
    words = re.findall(r"[a-z0-9]+", name.lower().partition(".csv")[0])
    n = len(words)
    return {"".join(words[i:j]) for i in range(n) for j in range(i + 1, n + 1)}
