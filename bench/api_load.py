"""Latency and rate of ``POST /api/predict`` on one worker: ``python bench/api_load.py``.

Starts a server of its own on a free port with an empty data folder, waits until it is ready, and
loads it over kept-alive loopback connections from this process, so both share the machine.
Prints p50, p95 and p99 for one object and for 1,000, and requests a second from several callers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_READY_WITHIN_S = 180.0


def main() -> None:
    """Run the whole benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the load")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    with running_server() as (url, started_s, ready_s):
        host, port = url.removeprefix("http://").split(":")
        figures = asyncio.run(_measure(host, int(port), options.seconds, options.connections))
        figures = {"answers_after_s": started_s, "ready_after_s": ready_s, **figures}
    print(json.dumps(figures) if options.json else _table(figures))


@contextmanager
def running_server() -> Iterator[tuple[str, float, float]]:
    """Start ``skywright serve`` and yield its address and the seconds to answer and to be warm."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SKYWRIGHT_DATA_DIR": folder}
        command = [str(Path(sys.executable).with_name("skywright")), "serve", "--port", "0"]
        begun = time.perf_counter()
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        try:
            line = server.stdout.readline() if server.stdout else ""
            found = re.search(r"http://\S+", line)
            if found is None:
                message = f"the server did not start: {line!r}"
                raise RuntimeError(message)
            url = found.group()
            httpx.get(url + "/health").raise_for_status()
            started_s = time.perf_counter() - begun
            _wait_until_ready(url)
            yield url, started_s, time.perf_counter() - begun
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while httpx.get(url + "/ready").status_code != 200:
        if time.monotonic() > deadline:
            message = f"not ready within {_READY_WITHIN_S} s: {httpx.get(url + '/ready').text}"
            raise RuntimeError(message)
        time.sleep(0.2)


async def _measure(
    host: str, port: int, seconds: float, connections: int
) -> dict[str, float | dict[str, float]]:
    rng = random.Random(1)
    one = _request(host, _object(rng))
    thousand = _request(host, {"objects": [_object(rng) for _ in range(1000)]})
    await _sequence(host, port, one, 200)
    alone = await _sequence(host, port, one, 3000)
    await _sequence(host, port, thousand, 5)
    many = await _sequence(host, port, thousand, 100)
    loads = await asyncio.gather(*(_load(host, port, one, seconds) for _ in range(connections)))
    loaded = [ms for load in loads for ms in load]
    return {
        "one_object_ms": _percentiles(alone),
        "thousand_objects_ms": _percentiles(many),
        "under_load_ms": _percentiles(loaded),
        "requests_per_s": len(loaded) / seconds,
        "connections": float(connections),
    }


async def _sequence(host: str, port: int, request: bytes, count: int) -> list[float]:
    """Send one request after another and return the time of each [ms]."""
    reader, writer = await asyncio.open_connection(host, port)
    times = [await _exchange(reader, writer, request) for _ in range(count)]
    writer.close()
    return times


async def _load(host: str, port: int, request: bytes, seconds: float) -> list[float]:
    """Send requests one after another for some seconds and return the time of each [ms]."""
    reader, writer = await asyncio.open_connection(host, port)
    until = time.perf_counter() + seconds
    times = []
    while time.perf_counter() < until:
        times.append(await _exchange(reader, writer, request))
    writer.close()
    return times


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> float:
    begun = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    length = int(re.search(rb"content-length: (\d+)", head).group(1))  # type: ignore[union-attr]
    await reader.readexactly(length)
    return (time.perf_counter() - begun) * 1e3


def _request(host: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST /api/predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _object(rng: random.Random) -> dict[str, float | str]:
    e = rng.uniform(0.05, 0.8)
    return {
        "designation": f"synthetic {rng.randrange(10**6)}",
        "epoch_jd_tdb": 2461000.5,
        "a_au": rng.uniform(0.7, 1.2) / (1.0 - e),
        "e": e,
        "i_deg": rng.uniform(0.0, 40.0),
        "node_deg": rng.uniform(0.0, 360.0),
        "peri_deg": rng.uniform(0.0, 360.0),
        "mean_anomaly_deg": rng.uniform(0.0, 360.0),
        "h_mag": rng.uniform(16.0, 28.0),
        "condition_code": rng.randrange(10),
        "arc_d": rng.uniform(1.0, 9000.0),
        "n_obs": rng.randrange(10, 900),
    }


def _percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    last = len(ordered) - 1
    return {f"p{p}": round(ordered[round(last * p / 100)], 3) for p in (50, 95, 99)}


def _table(figures: dict[str, object]) -> str:
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            value = "  ".join(f"{key} {number:9.2f}" for key, number in value.items())
        else:
            value = f"{value:.2f}"
        lines.append(f"{name:22} {value}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
