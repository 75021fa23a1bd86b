"""Latency of the ``/api/v1/ml`` routes over HTTP: ``python bench/ssa_latency.py``.

Starts a server of its own on a free port with an empty data folder, and asks it over kept-alive
loopback connections: one request after the other for p50, p95 and p99, 1,000 records in one, and
several callers for requests a second. Features are computed within each request. The processor
time of the server is told too, as it depends less on what else runs. One JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from api_load import running_server

from skywright.api.strategy_routes import EXAMPLE

EPOCH = datetime(2024, 3, 1)  # noqa: DTZ001 - UTC


def sets(count: int, shift_deg: float) -> list[dict[str, Any]]:
    """Daily sets of a sun-synchronous satellite."""
    return [
        {
            "epoch_utc": (EPOCH + timedelta(days=k)).isoformat(),
            "mean_motion_rev_day": 14.34,
            "eccentricity": 0.001,
            "inclination_deg": 98.5,
            "raan_deg": (40.0 + 0.9856 * k) % 360,
            "argp_deg": 90.0,
            "mean_anomaly_deg": (10.0 + shift_deg + 122.4 * k) % 360,
            "bstar": 1e-5,
        }
        for k in range(count)
    ]


def threat_body(
    objects: int, turn: int = 0, count: int = 30, asset_deg: float = 0.0
) -> dict[str, Any]:
    """An asset and some objects, other ones at every turn."""
    places = [1.0 + k + 1e-3 * turn for k in range(objects)]
    return {
        "asset": {"object_id": "A", "records": sets(count, asset_deg)},
        "objects": [
            {"object_id": str(k), "records": sets(count, place)} for k, place in enumerate(places)
        ],
    }


def new_asset_body(objects: int, turn: int = 0) -> dict[str, Any]:
    """The same, and another asset at every turn."""
    return threat_body(objects, turn, asset_deg=180.0 + 1e-3 * turn)


def strategy_body(count: int, turn: int = 0) -> dict[str, Any]:
    """Some conjunctions, each of its own satellite."""
    (one,) = EXAMPLE["conjunctions"]
    some = [
        {
            **one,
            "conjunction_id": f"C{k}",
            "asset": f"A{k}",
            "time_to_tca_s": 40000.0 + k + 1e-3 * turn,
        }
        for k in range(count)
    ]
    return {"conjunctions": some, "constraints": EXAMPLE["constraints"]}


def predict_body(count: int, turn: int = 0) -> dict[str, Any]:
    """Rows of slots and circumstances."""
    from skywright.ssa.threats.circumstances import FEATURES

    random = np.random.default_rng(turn)
    rows = [
        dict(
            zip([f.name for f in FEATURES], random.normal(size=len(FEATURES)).tolist(), strict=True)
        )
        for _ in range(count)
    ]
    return {"model": "ssa-threats", "rows": rows}


_MOST_A_SECOND = 2000

ROUTES: dict[str, tuple[str, Callable[..., dict[str, Any]], int]] = {
    "threat-analysis": ("/api/v1/ml/threat-analysis", threat_body, 32),
    "threat-analysis, new asset": ("/api/v1/ml/threat-analysis", new_asset_body, 32),
    "generate-strategy": ("/api/v1/ml/generate-strategy", strategy_body, 1000),
    "predict": ("/api/v1/ml/predict", predict_body, 1000),
}
"""Path, body of a size and turn, size of the large request (32 objects and an asset: 990 sets)."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=5.0, help="of the load by several callers")
    options = parser.parse_args()
    with running_server() as (url, _, _):
        told = asyncio.run(_measured(url, options.requests, options.seconds))
    print(json.dumps(told, indent=1))


async def _measured(url: str, requests: int, seconds: float) -> dict[str, Any]:
    told: dict[str, Any] = {}
    async with httpx.AsyncClient(base_url=url, timeout=120.0) as client:
        for name, (path, body, large) in ROUTES.items():
            ones = (json.dumps(body(1, turn)) for turn in itertools.count(1))
            first = next(ones)
            await _post(client, path, first)
            worked = _worked_s()
            times = [await _post(client, path, next(ones)) for _ in range(requests)]
            worked = _worked_s() - worked
            again = [await _post(client, path, first) for _ in range(requests)]
            manys = [json.dumps(body(large, 10_000_000 + turn)) for turn in range(4)]
            batch = [await _post(client, path, many) for many in manys][1:]
            told[name] = {
                "p50_ms": 1e3 * float(np.quantile(times, 0.5)),
                "p95_ms": 1e3 * float(np.quantile(times, 0.95)),
                "p99_ms": 1e3 * float(np.quantile(times, 0.99)),
                "processor_ms": 1e3 * worked / requests,
                "large_request": large,
                "large_s": float(np.median(batch)),
                "again_p50_ms": 1e3 * float(np.quantile(again, 0.5)),
                "requests_a_second": await _rate(client, path, ones, seconds),
            }
    return told


def _worked_s() -> float:
    """Seconds of processor time of the server, the only child of this process; NaN off Linux."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not own.is_file():
        return float("nan")
    ticks = 0
    for child in own.read_text(encoding="ascii").split():
        told = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(told[11]) + int(told[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def _post(client: httpx.AsyncClient, path: str, content: str) -> float:
    started = time.perf_counter()
    answer = await client.post(path, content=content, headers={"content-type": "application/json"})
    answer.raise_for_status()
    return time.perf_counter() - started


async def _rate(
    client: httpx.AsyncClient, path: str, contents: Iterator[str], seconds: float
) -> float:
    """Count answers to requests that all differ, made before the clock starts."""
    ready = iter([next(contents) for _ in range(int(seconds * _MOST_A_SECOND))])
    done = 0
    stop = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < stop:
            await _post(client, path, next(ready))
            done += 1

    await asyncio.gather(*(caller() for _ in range(4)))
    return done / seconds


if __name__ == "__main__":
    main()
