"""All services behind one port, each below its prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from skywright.sources.sandbox import catalogues
from skywright.sources.sandbox.faults import Faults, FaultyMiddleware, faults_page
from skywright.sources.sandbox.holdings import Holdings
from skywright.sources.sandbox.tap import Limits, TapService

_CONE = (
    "SELECT TOP 10 source_id, ra, dec, phot_g_mean_mag FROM gaiadr3.gaia_source "
    "WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 265.1754, -53.6743, 0.083333))"
)
_NAME = "SELECT main_id, ra, dec, otype FROM basic JOIN ident ON oidref = oid WHERE id = 'M31'"
_EXAMPLES = {
    "gaia": (("Stars around NGC 6397", _CONE),),
    "simbad": (("Position of a name", _NAME),),
}


@dataclass(frozen=True, slots=True)
class Service:
    """A stand-in: where it is and which setting leads to it."""

    name: str
    prefix: str
    settings: Mapping[str, str]
    """Setting to the path below the prefix."""
    routes: Sequence[BaseRoute]


def build(
    folders: Sequence[Path], cache: Path, faults: Mapping[str, str] | None = None
) -> tuple[Starlette, list[Service]]:
    """Return the application and its services."""
    taps = _tap_services(folders, cache)
    services = _with_prefixes(taps)
    switches = Faults(tuple(service.name for service in services), faults)
    prefixes = {service.prefix: service.name for service in services}

    @asynccontextmanager
    async def lifespan(_: Starlette):  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield
        for tap in taps.values():
            tap.jobs.close()

    routes: list[BaseRoute] = [
        Route("/", _index),
        Route("/_faults", faults_page, methods=["GET", "PUT", "POST", "DELETE"]),
        *(Mount(service.prefix, routes=list(service.routes)) for service in services),
    ]
    middleware = [Middleware(FaultyMiddleware, faults=switches, service_of=prefixes)]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.faults = switches
    app.state.services = services
    return app, services


def _tap_services(folders: Sequence[Path], cache: Path) -> dict[str, TapService]:
    tables = catalogues.tables(catalogues.find(folders))
    limits = {
        "gaia": Limits(2_000, 2_000, 3_000_000),
        "simbad": Limits(10_000, 2_000_000, 2_000_000),
        "vizier": Limits(100_000, 1_000_000, 3_000_000),
        "exoplanets": Limits(1_000_000, 1_000_000, 1_000_000),
    }
    taps = {
        name: TapService(name, Holdings(tables[name], cache), limit, _EXAMPLES.get(name, ()))
        for name, limit in limits.items()
    }
    taps["exoplanets"].lists_records = True
    return taps


def _with_prefixes(taps: Mapping[str, TapService]) -> list[Service]:
    return [
        Service(name, f"/{name}/tap", {f"{name}_url": ""}, tap.routes())
        for name, tap in taps.items()
    ]


async def _index(request: Request) -> JSONResponse:
    services: list[Service] = request.app.state.services
    return JSONResponse(
        {
            "what": "Stand-ins for public services; none of this leaves this machine.",
            "services": {service.name: service.prefix for service in services},
            "faults": request.app.state.faults.told(),
        }
    )
