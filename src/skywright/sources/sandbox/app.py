"""All services behind one port, each below its prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from skywright.sources.sandbox import catalogues
from skywright.sources.sandbox.ads import Ads
from skywright.sources.sandbox.archives import ConeSearch, MastPortal
from skywright.sources.sandbox.arxiv import Arxiv
from skywright.sources.sandbox.asu import Asu
from skywright.sources.sandbox.faults import Faults, FaultyMiddleware, faults_page
from skywright.sources.sandbox.files import Files
from skywright.sources.sandbox.holdings import Holdings
from skywright.sources.sandbox.horizons import Horizons
from skywright.sources.sandbox.launches import Launches
from skywright.sources.sandbox.library import Library
from skywright.sources.sandbox.nasa import Nasa
from skywright.sources.sandbox.satellites import Satellites
from skywright.sources.sandbox.skyserver import SkyServer
from skywright.sources.sandbox.spacex import Spacex
from skywright.sources.sandbox.tap import Limits, TapService

_CONE = (
    "SELECT TOP 10 source_id, ra, dec, phot_g_mean_mag FROM gaiadr3.gaia_source "
    "WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 265.1754, -53.6743, 0.083333))"
)
_NAME = "SELECT main_id, ra, dec, otype FROM basic JOIN ident ON oidref = oid WHERE id = 'M31'"
NOWHERE = "/_none"
"""Where services without a stand-in are led, instead of out."""

_GCAT = ("launchlog.tsv", "satcat.tsv", "sites.tsv")
_OPENNGC = ("NGC.csv", "addendum.csv")
_EXAMPLES = {
    "gaia": (("Stars around NGC 6397", _CONE),),
    "simbad": (("Position of a name", _NAME),),
}

_LIMITS = {
    "gaia": Limits(2_000, 2_000, 3_000_000),
    "simbad": Limits(10_000, 2_000_000, 2_000_000),
    "vizier": Limits(100_000, 1_000_000, 3_000_000),
    "exoplanets": Limits(1_000_000, 1_000_000, 1_000_000),
    "mast": Limits(100_000, 100_000, 1_000_000),
    "cadc": Limits(30_000_000, 30_000_000, 30_000_000),
}
"""Of the real services, as their pages tell."""


@dataclass(frozen=True, slots=True)
class Service:
    """A stand-in: where it is and which setting leads to it."""

    name: str
    prefix: str
    settings: Mapping[str, str]
    """Setting to the path below the prefix."""
    routes: Sequence[Route]


def build(
    folders: Sequence[Path], cache: Path, faults: Mapping[str, str] | None = None
) -> tuple[Starlette, list[Service]]:
    """Return the application and its services."""
    found = catalogues.find(folders)
    holdings = _holdings(found, cache)
    taps = {name: _tap(name, holdings[name]) for name in _LIMITS}
    services = [
        *(
            Service(name, f"/{name}/tap", {f"{name}_url": ""}, t.routes())
            for name, t in taps.items()
        ),
        *_archives(holdings),
        *_papers(folders),
        *_spaceflight(folders),
        Service(
            "celestrak", "/celestrak", {"celestrak_url": ""}, Satellites(found.satellites).routes()
        ),
    ]
    switches = Faults(tuple(dict.fromkeys(service.name for service in services)), faults)
    prefixes = {service.prefix: service.name for service in services}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for tap in taps.values():
            tap.jobs.close()

    routes: list[BaseRoute] = [
        Route("/", _index),
        Route(f"{NOWHERE}/{{path:path}}", _none, methods=["GET", "POST"]),
        Route("/_faults", faults_page, methods=["GET", "PUT", "POST", "DELETE"]),
        *(_below(service.prefix, route) for service in services for route in service.routes),
    ]
    middleware = [
        # A page in a browser must not reach in by a name that it points to this machine.
        Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
        Middleware(FaultyMiddleware, faults=switches, service_of=prefixes),
    ]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.faults = switches
    app.state.services = services
    return app, services


def _below(prefix: str, route: Route) -> Route:
    path = "" if route.path == "/" else route.path
    return Route(prefix + path, route.endpoint, methods=list(route.methods or ()))


def _holdings(found: catalogues.Found, cache: Path) -> dict[str, Holdings]:
    tables = catalogues.tables(found) | catalogues.observations()
    return {name: Holdings(known, cache) for name, known in tables.items()}


def _tap(name: str, holdings: Holdings) -> TapService:
    service = TapService(name, holdings, _LIMITS[name], _EXAMPLES.get(name, ()))
    service.lists_records = name == "exoplanets"
    return service


def _archives(holdings: Mapping[str, Holdings]) -> list[Service]:
    portal = MastPortal(holdings["mast"], holdings["simbad"])
    cones, asu = ConeSearch(holdings["vizier"]), Asu(holdings["vizier"], holdings["simbad"])
    return [
        Service("sdss", "/sdss", {"sdss_url": ""}, SkyServer(holdings["sdss"]).routes()),
        Service("mast", "/mast", {}, portal.routes()),
        Service("vizier", "/vizier/viz-bin", {}, [*cones.routes(), *asu.routes()]),
    ]


def _papers(folders: Sequence[Path]) -> list[Service]:
    library = Library(folders)
    return [
        Service("ads", "/ads/v1", {"ads_url": ""}, Ads(library).routes()),
        Service("arxiv", "/arxiv/api", {"arxiv_url": "/query"}, Arxiv(library).routes()),
    ]


def _spaceflight(folders: Sequence[Path]) -> list[Service]:
    nasa = Nasa(folders)
    gcat = Files([*folders, catalogues.SAMPLES], _GCAT).routes()
    openngc = Files(folders, _OPENNGC).routes() or Files([catalogues.SAMPLES], _OPENNGC).routes()
    launches, spacex = Launches(folders).routes(), Spacex(folders).routes()
    found = [
        Service("apod", "/nasa/planetary/apod", {"apod_url": ""}, nasa.apod()),
        Service("apod", "/nasa/apod-wordpress", {"apod_wordpress_url": ""}, nasa.wordpress()),
        Service("neows", "/nasa/neo/rest/v1/feed", {"neows_url": ""}, nasa.neows()),
        Service("launch-library", "/launch-library", {"launch_library_url": ""}, launches),
        Service("spacex", "/spacex/v4", {"spacex_url": ""}, spacex),
        Service("horizons", "/horizons", {"horizons_url": ""}, Horizons().routes()),
        Service("openngc", "/openngc", {"openngc_url": ""}, openngc),
        Service("gcat", "/gcat", {"gcat_url": ""}, gcat),
    ]
    return [service for service in found if service.routes]


async def _none(_: Request) -> JSONResponse:
    words = "The sandbox has no stand-in for this service, and the service itself was not asked."
    return JSONResponse({"message": words}, 501)


async def _index(request: Request) -> JSONResponse:
    services: list[Service] = request.app.state.services
    return JSONResponse(
        {
            "what": "Stand-ins for public services; none of this leaves this machine.",
            "services": [{"name": one.name, "prefix": one.prefix} for one in services],
            "faults": request.app.state.faults.told(),
        }
    )
