"""VizieR's own service, ASU: columns, conditions and a circle as parameters, answered as VOTable.

References
----------
.. [1] CDS, "Astronomical Server URL", vizier.cds.unistra.fr/doc/asu-summary.htx.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote_plus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skywright.sources.sandbox.adql import RefusedQueryError
from skywright.sources.sandbox.holdings import Holdings, Table
from skywright.sources.sandbox.querying import Question, answer
from skywright.sources.sandbox.tap import refused
from skywright.sources.sandbox.votable import VOTABLE, as_votable

_USUAL_ROWS = 50
_MOST_ROWS = 100_000
_RADIUS_DEG = 2.0 / 60.0
_UNITS_DEG = {"-c.r": 1 / 60, "-c.rd": 1.0, "-c.rm": 1 / 60, "-c.rs": 1 / 3600}
_POSITION = re.compile(r"(\d+(?:\.\d*)?)(?:\s*,\s*|\s+|(?=[+-]))([+-]?\s*\d+(?:\.\d*)?)")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COMPARED = re.compile(rf"\s*(<=|>=|<|>|=)?\s*({_NUMBER})\s*")
_BETWEEN = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*")


@dataclass(frozen=True, slots=True)
class _Circle:
    ra_deg: float
    dec_deg: float
    inner_deg: float
    outer_deg: float


class Asu:
    """The service, below ``viz-bin``."""

    def __init__(self, holdings: Holdings, names: Holdings) -> None:
        self._holdings = holdings
        self._names = names

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/votable", self._votable, methods=["GET", "POST"])]

    async def _votable(self, request: Request) -> Response:
        asked = _asked(request.url.query, (await request.body()).decode("utf-8", "replace"))
        try:
            return await run_in_threadpool(self._answered, asked)
        except RefusedQueryError as error:
            return refused(str(error))

    def _answered(self, asked: Mapping[str, str]) -> Response:
        table = self._table(asked.get("-source", ""))
        most = asked.get("-out.max", f"{_USUAL_ROWS}")
        rows = min(int(most), _MOST_ROWS) if most.isdecimal() else _MOST_ROWS
        found = answer(self._holdings, Question(self._adql(table, asked), rows))
        return Response(as_votable(replace(found, table=table.name)), media_type=VOTABLE)

    def _table(self, source: str) -> Table:
        """Return the first table that is named, or that lies in a catalogue that is."""
        wanted = [one.strip() for one in source.split(",")]
        for name, table in self._holdings.tables.items():
            if any(one == name or name.startswith(f"{one}/") for one in wanted):
                return table
        known = ", ".join(self._holdings.tables)
        message = f"There is no -source = {source!r} here; there is {known}."
        raise RefusedQueryError(message)

    def _adql(self, table: Table, asked: Mapping[str, str]) -> str:
        columns = {one.name.lower(): one.name for one in table.fields}
        lon, lat = _position_of(table)
        circle = self._circle(asked)
        where = [
            _condition(f'"{columns[name.lower()]}"', value)
            for name, value in asked.items()
            if name.lower() in columns and value.strip()
        ]
        if circle is not None:
            where += _within(circle, lon, lat)
        computed = {"_raj2000": lon, "_dej2000": lat}
        if circle is not None:
            computed["_r"] = f"60 * {_distance(circle, lon, lat)}"
        shown = [f'"{columns[one]}"' for one in _shown(asked, columns)]
        added = _words(asked.get("-out.add", ""))
        shown += [f'{computed[one.lower()]} AS "{one}"' for one in added if one.lower() in computed]
        sort = [_order(one, {*columns, *computed}) for one in _words(asked.get("-sort", ""))]
        adql = f'SELECT {", ".join(shown)} FROM "{table.name}"'  # noqa: S608
        adql += f" WHERE {' AND '.join(where)}" if where else ""
        return adql + (f" ORDER BY {', '.join(sort)}" if sort else "")

    def _circle(self, asked: Mapping[str, str]) -> _Circle | None:
        if not asked.get("-c"):
            return None
        other = [one for one in asked if one.startswith("-c.b") or one == "-c.geom"]
        if other:
            message = f"{other[0]} is not known here; a circle is (-c.r, -c.rd, -c.rm, -c.rs)."
            raise RefusedQueryError(message)
        inner_deg, outer_deg = 0.0, _RADIUS_DEG
        for name, unit_deg in _UNITS_DEG.items():
            if name in asked:
                radii = [float(one) * unit_deg for one in _numbers(name, asked[name])]
                inner_deg, outer_deg = (0.0, *radii)[-2:]
        return _Circle(*self._place(asked["-c"]), inner_deg, outer_deg)

    def _place(self, text: str) -> tuple[float, float]:
        found = _POSITION.fullmatch(text.strip())
        if found:
            return float(found[1]), float(found[2].replace(" ", ""))
        name = text.strip().replace("'", "''")
        adql = f"SELECT ra, dec FROM basic JOIN ident ON oidref = oid WHERE id = '{name}'"  # noqa: S608
        rows = answer(self._names, Question(adql, 1)).rows
        if not rows:
            message = f"-c = {text[:60]!r} is no position in degrees and no name that is known."
            raise RefusedQueryError(message)
        return float(rows[0][0]), float(rows[0][1])


def _asked(query: str, body: str) -> dict[str, str]:
    """Read parameters of an address, of a form, or one a line as scripts send them."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if "\n" not in body and "&" in body:
        return asked | dict(parse_qsl(body, keep_blank_values=True))
    for line in body.splitlines():
        name, _, value = line.partition("=")
        if name.strip():
            asked[name.strip()] = value if "\n" in body else unquote_plus(value)
    return asked


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def _numbers(name: str, text: str) -> Sequence[str]:
    values = text.split(",")
    if not 1 <= len(values) <= 2 or not all(re.fullmatch(_NUMBER, one.strip()) for one in values):
        message = f"{name} = {text[:40]!r} is neither a radius nor two."
        raise RefusedQueryError(message)
    return values


def _shown(asked: Mapping[str, str], columns: Mapping[str, str]) -> list[str]:
    """Return the columns that are shown, in small letters: those named, else all."""
    named = [one.lower() for one in _words(asked.get("-out", "")) if not one.startswith(("*", "_"))]
    unknown = next((one for one in named if one not in columns), "")
    if unknown:
        message = f"-out = {unknown!r} is no column; there are {', '.join(columns.values())}."
        raise RefusedQueryError(message)
    return named or list(columns)


def _condition(column: str, text: str) -> str:
    between, compared = _BETWEEN.fullmatch(text), _COMPARED.fullmatch(text)
    if between:
        return f"{column} BETWEEN {between[1]} AND {between[2]}"
    if compared:
        return f"{column} {compared[1] or '='} {compared[2]}"
    message = f"{column} = {text[:40]!r} is no condition; write <15, >=2, 3 or 1..2."
    raise RefusedQueryError(message)


def _order(text: str, columns: set[str]) -> str:
    name = text.lstrip("+-")
    if name.lower() not in columns:
        message = f"-sort = {text[:40]!r} is no column."
        raise RefusedQueryError(message)
    return f'"{name}" {"DESC" if text.startswith("-") else "ASC"}'


def _position_of(table: Table) -> tuple[str, str]:
    lon, lat = (
        next(one.name for one in table.fields if one.ucd == f"pos.eq.{axis};meta.main")
        for axis in ("ra", "dec")
    )
    return lon, lat


def _distance(circle: _Circle, lon: str, lat: str) -> str:
    return f"DISTANCE(POINT({lon}, {lat}), POINT({circle.ra_deg}, {circle.dec_deg}))"


def _within(circle: _Circle, lon: str, lat: str) -> list[str]:
    centre = f"{circle.ra_deg}, {circle.dec_deg}"
    where = [f"1 = CONTAINS(POINT({lon}, {lat}), CIRCLE({centre}, {circle.outer_deg:.12f}))"]
    if circle.inner_deg > 0.0:
        where.append(f"{_distance(circle, lon, lat)} >= {circle.inner_deg:.12f}")
    return where
