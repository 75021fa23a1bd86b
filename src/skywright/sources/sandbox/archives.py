"""What is special to one archive: VizieR's search around a position, the portal of MAST."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skywright.sources.sandbox.adql import RefusedQueryError
from skywright.sources.sandbox.holdings import Holdings
from skywright.sources.sandbox.querying import Question, answer
from skywright.sources.sandbox.tap import refused
from skywright.sources.sandbox.votable import VOTABLE, Answer, as_votable

_MOST_ROWS = 50_000
_OBSERVED = (
    "SELECT * FROM ivoa.obscore "
    "WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', {}, {}, {}))"
)


class ConeSearch:
    """Simple Cone Search 1.03 over the tables of VizieR."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/conesearch/{table:path}", self._cone)]

    async def _cone(self, request: Request) -> Response:
        table = self._holdings.tables.get(request.path_params["table"])
        asked = {name.upper(): value for name, value in request.query_params.items()}
        if table is None:
            return refused(f"There is no table {request.path_params['table']!r}.", 404)
        try:
            ra, dec, radius = (float(asked[name]) for name in ("RA", "DEC", "SR"))
        except (KeyError, ValueError):
            return refused("RA, DEC and SR must be numbers of degrees.")
        position = [one.name for one in table.fields if one.ucd.endswith(";meta.main")]
        lon, lat = (name for name in position if "id" not in name.lower() and name != "Source")
        adql = (
            f'SELECT * FROM "{table.name}" WHERE 1 = CONTAINS('  # noqa: S608
            f"POINT('ICRS', {lon}, {lat}), CIRCLE('ICRS', {ra}, {dec}, {radius}))"
        )
        found = await run_in_threadpool(answer, self._holdings, Question(adql, _MOST_ROWS))
        return Response(as_votable(found), media_type=VOTABLE)


class MastPortal:
    """The service behind MAST's portal: names, and observations around a position."""

    def __init__(self, observations: Holdings, names: Holdings) -> None:
        self._observations = observations
        self._names = names

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/api/v0/invoke", self._invoke, methods=["GET", "POST"])]

    async def _invoke(self, request: Request) -> Response:
        asked = {**request.query_params, **(await request.form())}
        try:
            wanted = json.loads(str(asked.get("request", "")))
            service, parameters = wanted["service"], dict(wanted.get("params") or {})
            return await run_in_threadpool(self._answered, service, parameters)
        except (ValueError, KeyError, TypeError) as error:
            words = f"The request cannot be read: {error}"
            return JSONResponse({"status": "ERROR", "msg": words, "data": []}, 400)
        except RefusedQueryError as error:
            return JSONResponse({"status": "ERROR", "msg": str(error), "data": []})

    def _answered(self, service: str, parameters: Mapping[str, Any]) -> Response:
        if service == "Mast.Name.Lookup":
            return self._lookup(str(parameters.get("input", "")))
        if service == "Mast.Caom.Cone":
            centre = float(parameters["ra"]), float(parameters["dec"])
            adql = _OBSERVED.format(*centre, float(parameters.get("radius", 0.2)))
            return _told(answer(self._observations, Question(adql, _MOST_ROWS)))
        message = f"Unknown service {service!r}; here are Mast.Name.Lookup and Mast.Caom.Cone."
        raise RefusedQueryError(message)

    def _lookup(self, name: str) -> Response:
        quoted = name.replace("'", "''")
        adql = (
            f"SELECT main_id, ra, dec FROM basic JOIN ident ON oidref = oid WHERE id = '{quoted}'"  # noqa: S608
        )
        found = answer(self._names, Question(adql, 1)).rows
        places = [
            {
                "searchString": name,
                "resolver": "SIMBAD",
                "canonicalName": row[0],
                "ra": row[1],
                "decl": row[2],
            }
            for row in found
        ]
        return JSONResponse({"resolvedCoordinate": places, "status": ""})


def _told(found: Answer) -> Response:
    names = [one.name for one in found.fields]
    kinds = {"double": "float", "float": "float", "char": "string"}
    fields = [{"name": one.name, "type": kinds.get(one.datatype, "int")} for one in found.fields]
    rows = [dict(zip(names, row, strict=True)) for row in found.rows]
    paging = {"page": 1, "pageSize": _MOST_ROWS, "pagesFiltered": 1, "rows": len(rows)}
    told = {"status": "COMPLETE", "msg": "", "data": rows, "fields": fields, "paging": paging}
    return JSONResponse(told)
