"""What happens while the server is up: kernels and models are loaded beside the first requests."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from skywright.api.objects import EXAMPLE
from skywright.api.services import Services, Warmth
from skywright.logs import get_logger
from skywright.store.jobs import fail_interrupted_jobs

_log = get_logger("skywright.api")

_STOP_S = 15.0
Steps = tuple[tuple[str, Callable[[], None]], ...]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Bring the database up to date, tidy up after an earlier life, and begin to warm up."""
    services: Services = app.state.services
    await run_in_threadpool(services.database.upgrade)
    interrupted = await run_in_threadpool(fail_interrupted_jobs, services.database)
    if interrupted:
        _log.warning("jobs were interrupted by the last stop", jobs=interrupted)
    # A daemon: compiling for the first time must not hold up a stop.
    threading.Thread(target=warm, args=(services.warmth,), name="warm", daemon=True).start()
    stop = threading.Event()
    worker = threading.Thread(target=_work, args=(services, stop), name="worker", daemon=True)
    if services.settings.workers:
        worker.start()
        threading.Thread(target=_watch, args=(services, stop), name="watch", daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        if services.settings.workers:
            await run_in_threadpool(worker.join, _STOP_S)
        await run_in_threadpool(services.jobs.close)
        await run_in_threadpool(services.close_serving)
        services.work.close()
        services.database.close()


def _work(services: Services, stop: threading.Event) -> None:
    """Do training jobs beside the requests, each in a process of its own."""
    from skywright.foundry.jobs.worker import Worker

    with services.workplace() as place:
        Worker(place).run(stop)


def _watch(services: Services, stop: threading.Event) -> None:
    """Look at models in use now and then; of several servers each job comes of one only."""
    from skywright.foundry.watch.patrol import Watcher
    from skywright.foundry.watch.rounds import keep_watch

    watcher = Watcher.of(services.settings, services.database)
    keep_watch(watcher, stop, services.settings.watch_every_s)


def warm(warmth: Warmth, steps: Steps | None = None) -> None:
    """Load everything that the first request of each kind would wait for.

    Parameters
    ----------
    warmth : Warmth
        Told how far it is; ready when every step has succeeded.
    steps : tuple, optional
        Names and functions; by default all that the routes need.
    """
    started = time.perf_counter()
    failed = []
    for name, load in steps or _STEPS:
        warmth.detail = f"loading {name}"
        try:
            load()
        except Exception:
            failed.append(name)
            _log.exception("could not be loaded", part=name)
    seconds = time.perf_counter() - started
    warmth.ready = not failed
    warmth.detail = (
        f"could not load {', '.join(failed)}; the log says why"
        if failed
        else f"ready after {seconds:.1f} s"
    )
    _log.info("warm", detail=warmth.detail, seconds=round(seconds, 1))


def _load_catalogue() -> None:
    from skywright.neo.catalogue import load_catalogue

    load_catalogue()


def _load_prediction() -> None:
    from skywright.api.objects_routes import predict_all

    predict_all([dict(EXAMPLE)])


def _load_anomalies() -> None:
    from skywright.api.objects_routes import score_all

    score_all([dict(EXAMPLE)], 0.01)


def _load_simulation() -> None:
    from skywright.neo.simulate import SimulateRequest, simulate

    simulate(SimulateRequest(object="Apophis", years=0.1, clones=8))


def _load_assessment() -> None:
    from skywright.ssa.warm import assess_once

    assess_once()


_STEPS: Steps = (
    ("predictions", _load_prediction),  # first, as they are asked most
    ("catalogue", _load_catalogue),
    ("simulations", _load_simulation),
    ("anomalies", _load_anomalies),
    ("assessments", _load_assessment),
)
