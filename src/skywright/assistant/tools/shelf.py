"""What tools leave behind: tables with where they come from, and files that can be fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import polars as pl

from skywright import __version__
from skywright.assistant.messages import Artifact, Origin
from skywright.assistant.tools.desk import Desk
from skywright.security.perimeter import is_loopback
from skywright.sources.state import SourceState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ORIGINS = ".origins.json"
_PNG_DPI = 160
STAND_IN = "a stand-in on this machine"
"""Said of rows that the sandbox gave: they are not what the real service would tell."""

_MEDIA_TYPES = {".csv": "text/csv", ".png": "image/png", ".bib": "application/x-bibtex"}
_NO_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """A table on the shelf."""

    name: str
    """Its name in the conversation."""
    artifact: Artifact
    """The same as a CSV file."""


def now_utc() -> str:
    """Return the time, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def origin_from(state: SourceState, **known: str | int | None) -> Origin:
    """Return where rows of a source come from; ``known`` are further fields of `Origin`."""
    told = {"retrieved_utc": now_utc(), "title": state.title, **known}
    if is_loopback(urlsplit(str(told.get("url") or "")).hostname or ""):
        told["title"] = f"{told['title']} ({STAND_IN})"
    return Origin.model_validate(
        {"service": state.name, "state": state.told(), "licence": state.licence, **told}
    )


def computed_here(tool: str, what: str) -> Origin:
    """Return the origin of what a tool worked out itself."""
    return Origin(
        service=tool,
        title=f"{what}, computed by skywright {__version__}",
        retrieved_utc=now_utc(),
    )


def keep_table(
    desk: Desk, name: str, title: str, table: pl.DataFrame, origins: tuple[Origin, ...] = ()
) -> Kept:
    """Put a table on the shelf under its name, and into a CSV file; the newest of a name counts."""
    name = slug(name)
    artifact = _write(desk, name, ".csv", title, lambda path: _write_csv(table, path))
    desk.tables.pop(name, None)
    desk.tables[name] = table
    told = [one.model_dump(mode="json") for one in origins]
    (desk.folder / _ORIGINS).write_text(
        json.dumps({**_origins(desk), name: told}), encoding="utf-8"
    )
    return Kept(name, artifact)


def keep_csv(desk: Desk, name: str, title: str, table: pl.DataFrame) -> Artifact:
    """Write a table to a CSV file and leave the shelf as it is."""
    return _write(desk, slug(name), ".csv", title, lambda path: _write_csv(table, path))


def keep_plot(desk: Desk, name: str, title: str, figure: Figure) -> Artifact:
    """Write a figure to a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    return _write(
        desk,
        slug(name),
        ".png",
        title,
        lambda path: figure.savefig(path, format="png", dpi=_PNG_DPI),
    )


def keep_text(desk: Desk, name: str, suffix: str, title: str, text: str) -> Artifact:
    """Write a text, such as BibTeX entries, to a file."""
    return _write(
        desk, slug(name), suffix, title, lambda path: path.write_text(text, encoding="utf-8")
    )


def origins_of(desk: Desk, name: str) -> tuple[Origin, ...]:
    """Return where a table on the shelf comes from, as far as that was kept."""
    return tuple(Origin.model_validate(one) for one in _origins(desk).get(name, []))


def slug(text: str) -> str:
    """Return a name for a file: small letters, digits and hyphens, at most 80."""
    return _NO_NAME.sub("-", text.lower()).strip("-")[:80] or "table"


def _origins(desk: Desk) -> dict[str, list[dict[str, object]]]:
    path = desk.folder / _ORIGINS
    known: dict[str, list[dict[str, object]]] = (
        json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    )
    return known


def _write(
    desk: Desk, name: str, suffix: str, title: str, write: Callable[[Path], object]
) -> Artifact:
    desk.folder.mkdir(parents=True, exist_ok=True)
    path = desk.folder / f"{name}{suffix}"
    k = 1
    while path.exists():
        k += 1
        path = desk.folder / f"{name}-{k}{suffix}"
    partial = path.with_name(path.name + ".partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Artifact(
        id=path.name,
        title=title,
        media_type=_MEDIA_TYPES[suffix],
        path=str(path),
        size_bytes=path.stat().st_size,
    )


def _write_csv(table: pl.DataFrame, path: Path) -> None:
    nested = [name for name, kind in table.schema.items() if kind.is_nested()]
    table.with_columns(
        pl.Series(name, [None if v is None else json.dumps(v) for v in table[name].to_list()])
        for name in nested
    ).write_csv(path)
