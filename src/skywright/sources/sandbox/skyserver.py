"""SDSS SkyServer: SQL over photometry, and the search around a position."""

from __future__ import annotations

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skywright.sources.sandbox.adql import RefusedQueryError
from skywright.sources.sandbox.holdings import Holdings
from skywright.sources.sandbox.querying import Question, answer
from skywright.sources.sandbox.votable import VOTABLE, Answer, as_csv, as_votable

MOST_ARCMIN = 3.0
"""Largest radius of a search around a position [arcmin]."""

_MOST_ROWS = 500_000
_COLUMN = re.compile(r'(?<!")\bdistance\b(?!\s*\()(?!")', re.IGNORECASE)  # a word of ADQL
_NEARBY = re.compile(
    r"(?:dbo\.)?fGet(?:Nearby|Nearest)ObjEq\s*\(\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*\)",
    re.IGNORECASE,
)
_NEAR = (
    '(SELECT objID, 60 * DISTANCE(POINT(ra, dec), POINT({ra}, {dec})) AS "distance" FROM PhotoObj '
    "WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE({ra}, {dec}, {deg:.12f})))"
)


class SkyServer:
    """The service, whatever stands before ``SearchTools``."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [
            Route(f"{before}/SearchTools/{name}", handler, methods=["GET", "POST"])
            for before in ("", "/{release}/SkyServerWS", "/SkyServerWS")
            for name, handler in (("SqlSearch", self._sql), ("RadialSearch", self._radial))
        ]

    async def _sql(self, request: Request) -> Response:
        asked = {**request.query_params, **(await request.form())}
        return await self._say(str(asked.get("cmd", "")), str(asked.get("format", "json")))

    async def _radial(self, request: Request) -> Response:
        asked = {**request.query_params, **(await request.form())}
        try:
            ra, dec, arcmin = (float(str(asked[name])) for name in ("ra", "dec", "radius"))
        except (KeyError, ValueError) as error:
            return _refused(f"ra, dec and radius must be numbers: {error}")
        top = str(asked.get("limit", "10"))
        command = (
            f"SELECT TOP {top if top.isdecimal() and int(top) else 1000} p.* FROM PhotoObj AS p, "  # noqa: S608
            f"dbo.fGetNearbyObjEq({ra},{dec},{arcmin}) AS n WHERE n.objID = p.objID"
        )
        return await self._say(command, str(asked.get("format", "json")))

    async def _say(self, command: str, form: str) -> Response:
        try:
            adql = _NEARBY.sub(_cone, _COLUMN.sub('"distance"', command))
            question = Question(adql, _MOST_ROWS)
            found = await run_in_threadpool(answer, self._holdings, question)
        except RefusedQueryError as error:
            return _refused(str(error))
        return _written(found, form.lower())


def _cone(match: re.Match[str]) -> str:
    ra, dec, arcmin = (float(match[k]) for k in (1, 2, 3))
    if arcmin > MOST_ARCMIN:
        message = f"radius = {arcmin} arcmin is more than {MOST_ARCMIN:g}"
        raise RefusedQueryError(message)
    return _NEAR.format(ra=ra, dec=dec, deg=arcmin / 60.0)


def _refused(words: str) -> JSONResponse:
    told = {"Error Code": "400", "Error Type": "Bad Request", "Error Message": words}
    return JSONResponse(told, 400)


def _written(found: Answer, form: str) -> Response:
    if form == "csv":
        return Response(b"#Table1\n" + as_csv(found), media_type="text/plain")
    if form in {"votable", "xml"}:
        return Response(as_votable(found), media_type=VOTABLE)
    names = [one.name for one in found.fields]
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in found.rows]
    return JSONResponse([{"TableName": "Table1", "Rows": rows}])
