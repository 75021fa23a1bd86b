"""``/api/neo``: the catalogue, one object by any of its names or page by page."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from skywright.api.answers import json_bytes
from skywright.api.documented import answers
from skywright.api.listing import RANGES, Listing, page_of
from skywright.api.schemas import CataloguePage, CatalogueRow
from skywright.api.services import caller_of, services_of
from skywright.errors import InputError

router = APIRouter(tags=["catalogue"])


def _bound(text: str, example: float) -> Any:
    return Query(description=text, examples=[example], allow_inf_nan=False)


@router.get(
    "/api/neo",
    operation_id="listObjects",
    summary="List objects of the catalogue",
    responses=answers(CataloguePage),
)
async def list_objects(
    request: Request,
    orbit_class: Annotated[
        str | None,
        Query(
            alias="class", max_length=40, description="Atira, Aten, Apollo, Amor, or JPL's code."
        ),
    ] = None,
    pha: Annotated[bool | None, Query(description="Potentially hazardous or not.")] = None,
    a_min: Annotated[float | None, _bound("Least semi-major axis [au].", 0.5)] = None,
    a_max: Annotated[float | None, _bound("Largest semi-major axis [au].", 1.0)] = None,
    e_min: Annotated[float | None, _bound("Least eccentricity.", 0.0)] = None,
    e_max: Annotated[float | None, _bound("Largest eccentricity.", 0.5)] = None,
    i_min: Annotated[float | None, _bound("Least inclination [deg].", 0.0)] = None,
    i_max: Annotated[float | None, _bound("Largest inclination [deg].", 10.0)] = None,
    h_min: Annotated[float | None, _bound("Least absolute magnitude [mag].", 15.0)] = None,
    h_max: Annotated[float | None, _bound("Largest absolute magnitude [mag].", 22.0)] = None,
    moid_min: Annotated[float | None, _bound("Least Earth MOID [au].", 0.0)] = None,
    moid_max: Annotated[float | None, _bound("Largest Earth MOID [au].", 0.05)] = None,
    q_min: Annotated[float | None, _bound("Least perihelion distance [au].", 0.1)] = None,
    q_max: Annotated[float | None, _bound("Largest perihelion distance [au].", 1.0)] = None,
    sort: Annotated[
        str, Query(description="Column; a minus before it means descending.", examples=["moid_au"])
    ] = "designation",
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows of a page.")] = 100,
    cursor: Annotated[
        str | None, Query(max_length=200, description="next_cursor of the page before.")
    ] = None,
) -> Response:
    """Bounds are inclusive; an object without the value does not match a bound on it."""
    given = locals()
    caller_of(request)
    _refuse_unknown(request, {*given, "class"} - {"request", "orbit_class"})
    bounds = tuple(
        (column, given[f"{name}_min"], given[f"{name}_max"]) for name, column in RANGES.items()
    )
    listing = Listing(orbit_class, pha, bounds, sort, limit)
    found = await services_of(request).work.call(_page, listing, cursor)
    return Response(found, media_type="application/json")


@router.get(
    "/api/neo/{designation:path}",
    operation_id="getObject",
    summary="Show one object",
    responses=answers(CatalogueRow, 404),
)
async def get_object(request: Request, designation: str) -> Response:
    """Find it by name, number or designation; an unknown name is answered by the nearest ones."""
    caller_of(request)
    found = await services_of(request).work.call(_row, designation)
    return Response(found, media_type="application/json")


def _refuse_unknown(request: Request, known: set[str]) -> None:
    """Refuse a filter that does not exist: without it the answer would be another one."""
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name[:40], known, n=1)
            message = f"There is no filter {name[:40]!r}."
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(known))}."
            raise InputError(message, hint=hint)


def _page(listing: Listing, cursor: str | None) -> bytes:
    from skywright.neo.catalogue import load_catalogue

    return json_bytes(page_of(load_catalogue(), listing, cursor))


def _row(designation: str) -> bytes:
    from skywright.neo.catalogue import load_catalogue
    from skywright.neo.notable import lookup

    return json_bytes(lookup(designation, load_catalogue()).row(0, named=True))
