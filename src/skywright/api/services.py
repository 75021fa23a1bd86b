"""What the routes share: one of each for an application, made without touching the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request

from skywright.api.doorkeeper import Doorkeeper
from skywright.api.jobs import Jobs
from skywright.api.metrics import Metrics
from skywright.api.work import Work
from skywright.security.callers import Caller
from skywright.security.permissions import Permission
from skywright.security.pseudonyms import person_of, read_salt
from skywright.settings import Settings
from skywright.store.blobs import BlobStore
from skywright.store.database import Database

if TYPE_CHECKING:
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.serve.serving import Serving


@dataclass(slots=True)
class Warmth:
    """How far the loading of kernels and models is."""

    ready: bool = False
    detail: str = "not started"


@dataclass(slots=True)
class Services:
    """One application's database, workers, limits and figures."""

    settings: Settings
    database: Database
    work: Work
    jobs: Jobs
    metrics: Metrics
    doorkeeper: Doorkeeper
    warmth: Warmth = field(default_factory=Warmth)
    _workplace: Workplace | None = None
    _serving: Serving | None = None

    def workplace(self) -> Workplace:
        """Return where models are trained and kept, loaded when first asked for."""
        if self._workplace is None:
            from skywright.foundry.jobs.workplace import Workplace

            self._workplace = Workplace.of(self.settings, self.database)
        return self._workplace

    @property
    def serving(self) -> Serving:
        """Return the endpoints, loaded when first asked for."""
        if self._serving is None:
            from skywright.foundry.serve.serving import Pools, Serving

            pools = Pools(self.work.call, self.work.call_long)
            self._serving = Serving.of(self.settings, self.database, pools, self.metrics.registry)
        return self._serving

    def close_serving(self) -> None:
        """Write what the endpoints have queued, and stop them."""
        if self._serving is not None:
            self._serving.close()

    def pseudonym_of(self, caller: Caller, user: str) -> str:
        """Return the pseudonym of a user behind a caller; names are neither kept nor logged."""
        salt = read_salt(self.settings.pseudonym_salt.get_secret_value(), self.settings.data_dir)
        return person_of(salt, caller.name, user)


def make_services(settings: Settings) -> Services:
    """Make the services of one application."""
    database = Database.of(settings)
    metrics = Metrics()
    return Services(
        settings=settings,
        database=database,
        work=Work(),
        jobs=Jobs(database, BlobStore(settings.data_dir / "blobs"), metrics),
        metrics=metrics,
        doorkeeper=Doorkeeper(database, settings),
    )


def services_of(request: Request) -> Services:
    """Return the services of the application that a request reached."""
    services: Services = request.app.state.services
    return services


def caller_of(request: Request, permission: Permission = Permission.READ) -> Caller:
    """Return who makes a request.

    Raises
    ------
    AccessError
        If the caller's role does not carry ``permission``.
    """
    caller: Caller = request.state.caller
    caller.require_permission(permission)
    return caller
