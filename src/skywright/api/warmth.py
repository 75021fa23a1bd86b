"""What happens while the server is up: kernels and models are loaded beside the first requests."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from skywright.api.services import Services, Warmth
from skywright.logs import get_logger
from skywright.store.jobs import fail_interrupted_jobs

_log = get_logger("skywright.api")


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
    try:
        yield
    finally:
        await run_in_threadpool(services.jobs.close)
        services.work.close()
        services.database.close()


def warm(warmth: Warmth) -> None:
    """Load everything that the first request of each kind would wait for."""
    warmth.detail = "loading kernels and models"
    started = time.perf_counter()
    try:
        warmth.detail = _load()
        warmth.ready = True
        _log.info("ready", detail=warmth.detail, seconds=round(time.perf_counter() - started, 1))
    except Exception:
        warmth.detail = "loading failed; the log says why"
        _log.exception("warming up failed")


def _load() -> str:
    from skywright.api.objects import EXAMPLE
    from skywright.api.objects_routes import predict_all, score_all
    from skywright.neo.catalogue import load_catalogue
    from skywright.neo.simulate import SimulateRequest, simulate
    from skywright.neo.warm import warm_up

    load_catalogue()
    predict_all([dict(EXAMPLE)])  # first, as it is asked most
    told = warm_up()
    score_all([dict(EXAMPLE)], 0.01)
    simulate(SimulateRequest(elements=dict(EXAMPLE), years=0.1))
    return told
