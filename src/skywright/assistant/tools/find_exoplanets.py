"""Find planets of other stars in the table of the NASA Exoplanet Archive."""

from __future__ import annotations

import re
from typing import Annotated

import polars as pl
from pydantic import Field

from skywright.assistant.messages import ToolResult
from skywright.assistant.tools.collected import collected_table
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import keep_table
from skywright.errors import InputError
from skywright.sources.star_names import short_name

_Text = Annotated[str, Field(max_length=100)]
_METHODS = {
    "transit": "Transit", "transits": "Transit", "transiting": "Transit",
    "radial velocity": "Radial Velocity", "rv": "Radial Velocity", "doppler": "Radial Velocity",
    "imaging": "Imaging", "direct imaging": "Imaging", "microlensing": "Microlensing",
    "astrometry": "Astrometry", "ttv": "Transit Timing Variations",
    "transit timing variations": "Transit Timing Variations",
    "eclipse timing variations": "Eclipse Timing Variations",
    "pulsar timing": "Pulsar Timing",
    "pulsation timing variations": "Pulsation Timing Variations",
    "orbital brightness modulation": "Orbital Brightness Modulation",
    "disk kinematics": "Disk Kinematics",
}  # fmt: skip
_UNITS = {
    "period_d": ("orbital period", "days"),
    "radius_re": ("radius", "Earth radii"),
    "mass_me": ("mass", "Earth masses"),
    "semi_major_axis_au": ("semi-major axis", "au"),
    "equilibrium_k": ("equilibrium temperature", "K"),
    "distance_pc": ("distance", "pc"),
}


def find_exoplanets(
    desk: Desk,
    name: _Text = "",
    host: _Text = "",
    method: _Text = "",
    year: Annotated[int | None, Field(ge=1989, le=2100)] = None,
    facility: _Text = "",
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> ToolResult:
    """Find planets of other stars and count them.

    All that were found become a table of the conversation and a CSV file.

    Parameters
    ----------
    name : str
        Name of a planet, such as TRAPPIST-1 e.
    host : str
        Name of a star: all its planets.
    method : str
        How they were discovered, such as transit or radial velocity.
    year : int, optional
        Year of discovery.
    facility : str
        Discovering observatory or mission, such as Kepler or TESS.
    limit : int
        Most planets told in words.
    """
    found = collected_table(desk, "exoplanets", "planets")
    table = found.table
    if name:
        table = _same(table, "name", name)
    if host:
        table = _same(table, "host", host)
    if method:
        table = table.filter(pl.col("discovery_method") == _method(method, found.table))
    if year is not None:
        table = table.filter(pl.col("discovery_year") == year)
    if facility:
        table = _holding(table, facility)
    question = _question(host, method, year, facility)
    kept = (
        keep_table(desk, "exoplanets", f"Exoplanets {question}", table, (found.origin,))
        if (table.height)
        else None
    )
    if table.height == 1:
        desk.target = str(table["name"][0])
    elif table.height and host:
        desk.target = str(table["host"][0])
    return ToolResult(
        text=_told(table, found.origin.title, name, question, limit),
        data={
            "count": table.height,
            "by_method": dict(table["discovery_method"].value_counts(sort=True).iter_rows()),
            "planets": table.head(limit).to_dicts(),
        },
        origins=(found.origin.model_copy(update={"rows": table.height}),),
        artifacts=(kept.artifact,) if kept else (),
        warnings=_warnings(table),
        table=kept.name if kept else "",
    )


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9+.]+", "", text.lower())


def _same(table: pl.DataFrame, column: str, asked: str) -> pl.DataFrame:
    """Return the rows of a name, whatever its blanks, hyphens, capitals and constellation."""
    wanted = _plain(short_name(asked))
    return table.filter(
        pl.Series(
            [_plain(short_name(text or "")) == wanted for text in table[column]], dtype=pl.Boolean
        )
    )


def _holding(table: pl.DataFrame, facility: str) -> pl.DataFrame:
    """Return the rows whose facility holds the words, or has them for its initials."""
    wanted = facility.lower().strip()

    def is_meant(told: str | None) -> bool:
        initials = "".join(word[0] for word in re.findall(r"[A-Z]\w*", told or ""))
        return wanted in (told or "").lower() or (len(wanted) > 2 and wanted == initials.lower())

    return table.filter(
        pl.Series([is_meant(text) for text in table["discovery_facility"]], dtype=pl.Boolean)
    )


def _method(asked: str, table: pl.DataFrame) -> str:
    known = table["discovery_method"].drop_nulls().unique().sort().to_list()
    plain = re.sub(r"[^a-z]+", " ", asked.lower()).strip().removesuffix(" method")
    chosen = _METHODS.get(plain) or next((one for one in known if one.lower() == plain), "")
    if not chosen:
        message = f"method = {asked!r} is no way of discovery that the archive knows."
        raise InputError(message, hint=f"Choose from {', '.join(known)}.")
    return chosen


def _question(host: str, method: str, year: int | None, facility: str) -> str:
    words = [f"of the star {host}"] if host else []
    words += [f"found by {method}"] if method else []
    words += [f"in {year}"] if year is not None else []
    words += [f"at {facility}"] if facility else []
    return " ".join(words)


def _told(table: pl.DataFrame, title: str, name: str, question: str, limit: int) -> str:
    if not table.height:
        return f"{title} lists no planet {name or question}".strip() + "."
    if name and table.height == 1:
        return f"{title}: {_whole(table.row(0, named=True))}"
    noun = "planet" if table.height == 1 else "planets"
    text = f"{title} lists {table.height:,} {noun} {question}".strip() + "."
    shown = min(limit, table.height, 10)
    rows = table.sort("discovery_year", descending=True, nulls_last=True).head(shown)
    more = "" if shown == table.height else f"The {shown} found last: "
    return f"{text} {more}" + "; ".join(_brief(row) for row in rows.iter_rows(named=True)) + "."


def _whole(row: dict[str, object]) -> str:
    """Tell everything of one planet, the host's star included."""
    found = f"{row['name']} orbits {row['host']}"
    found += f", discovered in {row['discovery_year']}" if row["discovery_year"] else ""
    found += f" by {row['discovery_method']}" if row["discovery_method"] else ""
    found += f" ({row['discovery_facility']})." if row["discovery_facility"] else "."
    told = [
        f"{label} {_number(value)} {unit}"
        for column, (label, unit) in _UNITS.items()
        if (value := row.get(column)) is not None
    ]
    return f"{found} Values: {', '.join(told)}." if told else found


def _brief(row: dict[str, object]) -> str:
    told = [f"{row['discovery_year']}"] if row["discovery_year"] else []
    told += [
        f"{_number(row[column])} {_UNITS[column][1]}"
        for column in ("period_d", "radius_re", "mass_me")
        if row.get(column) is not None
    ]
    return f"{row['name']} ({', '.join(told)})" if told else str(row["name"])


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _warnings(table: pl.DataFrame) -> tuple[str, ...]:
    if not table.height:
        return ()
    return ("A row is put together from several papers, so its values need not agree.",)
