"""Geometry of ADQL on the unit sphere, as functions that SQLite calls row by row.

A region is a text such as ``CIRCLE 265.2 -53.7 0.1``: SQLite has no type of its own for it. All
angles are in degrees, longitude then latitude, of whatever frame the table is in.

References
----------
.. [1] IVOA Astronomical Data Query Language 2.0 (2008), section 2.4.
.. [2] Vincenty (1975), Survey Review 23, 88, on a sphere: stable for small and for opposite arcs.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

_Shape = tuple[str, tuple[float, ...]]


def distance_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the arc between two directions [deg], all arguments in degrees [2]_."""
    a, b, dl = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    sa, ca, sb, cb = math.sin(a), math.cos(a), math.sin(b), math.cos(b)
    across = math.hypot(cb * math.sin(dl), ca * sb - sa * cb * math.cos(dl))
    return math.degrees(math.atan2(across, sa * sb + ca * cb * math.cos(dl)))


def in_box(point: Sequence[float], box: Sequence[float]) -> bool:
    """Tell whether a point lies in a box of centre, width and height, cut along the coordinates."""
    (lon, lat), (lon0, lat0, width, height) = point, box
    off = (lon - lon0 + 180.0) % 360.0 - 180.0
    return abs(off) <= width / 2 and abs(lat - lat0) <= height / 2


def in_polygon(point: Sequence[float], corners: Sequence[float]) -> bool:
    """Tell whether a point lies in a polygon of great circles smaller than a hemisphere.

    The angles under which the point sees the sides add up to a full turn inside, to nothing
    outside.
    """
    seen = [_bearing(point, corner) for corner in zip(corners[::2], corners[1::2], strict=True)]
    turn = 0.0
    for k, bearing in enumerate(seen):
        turn += (seen[(k + 1) % len(seen)] - bearing + math.pi) % (2 * math.pi) - math.pi
    return abs(turn) > math.pi


def _bearing(point: Sequence[float], other: Sequence[float]) -> float:
    lat, lat2 = math.radians(point[1]), math.radians(other[1])
    dl = math.radians(other[0] - point[0])
    north = math.cos(lat) * math.sin(lat2) - math.sin(lat) * math.cos(lat2) * math.cos(dl)
    return math.atan2(math.sin(dl) * math.cos(lat2), north)


@lru_cache(maxsize=4096)
def _read(region: str) -> _Shape:
    kind, *numbers = region.split()
    return kind, tuple(map(float, numbers))


def _region(kind: str) -> Callable[..., str | None]:
    def write(*numbers: float | None) -> str | None:
        if any(number is None for number in numbers):
            return None
        return " ".join([kind, *(repr(float(number or 0.0)) for number in numbers)])

    return write


def contains(inner: str | None, outer: str | None) -> int | None:
    """Tell by 1 or 0 whether one region lies in another; circles in circles, points in any."""
    if inner is None or outer is None:
        return None
    (kind, small), (around, large) = _read(inner), _read(outer)
    if kind == "CIRCLE" and around == "CIRCLE":
        return int(distance_deg(*small[:2], *large[:2]) + small[2] <= large[2])
    if kind != "POINT":
        message = f"CONTAINS({kind}, {around}) is not supported here"
        raise ValueError(message)
    return int(_INSIDE[around](small, large))


def intersects(one: str | None, other: str | None) -> int | None:
    """Tell by 1 or 0 whether two regions overlap; points and circles, or a point in any."""
    if one is None or other is None:
        return None
    (kind, first), (kind2, second) = _read(one), _read(other)
    if kind == "CIRCLE" and kind2 == "CIRCLE":
        return int(distance_deg(*first[:2], *second[:2]) <= first[2] + second[2])
    if kind2 == "POINT":
        return contains(other, one)
    return contains(one, other)


_INSIDE: dict[str, Callable[[Sequence[float], Sequence[float]], bool]] = {
    "POINT": lambda point, other: distance_deg(*point, *other) == 0.0,
    "CIRCLE": lambda point, circle: distance_deg(*point, *circle[:2]) <= circle[2],
    "BOX": in_box,
    "POLYGON": in_polygon,
}


def _in_circle(*numbers: float | None) -> int | None:
    if None in numbers:
        return None
    lon, lat, lon0, lat0, radius = map(float, numbers)  # type: ignore[arg-type]
    return int(distance_deg(lon, lat, lon0, lat0) <= radius)


def _distance(*numbers: float | None) -> float | None:
    if None in numbers:
        return None
    return distance_deg(*map(float, numbers))  # type: ignore[arg-type]


def _between(one: str | None, other: str | None) -> float | None:
    if one is None or other is None:
        return None
    return distance_deg(*_read(one)[1][:2], *_read(other)[1][:2])


def _number_of(which: int) -> Callable[[str | None], float | None]:
    return lambda region: None if region is None else _read(region)[1][which]


def _area(region: str | None) -> float | None:
    """Return the area [deg2] of a circle or a box."""
    if region is None:
        return None
    kind, numbers = _read(region)
    if kind == "CIRCLE":
        return 2 * math.pi * (1 - math.cos(math.radians(numbers[2]))) * math.degrees(1) ** 2
    if kind == "BOX":
        high, low = (math.radians(numbers[1] + s * numbers[3] / 2) for s in (1, -1))
        return numbers[2] * math.degrees(math.sin(high) - math.sin(low))
    message = f"AREA({kind}) is not supported here"
    raise ValueError(message)


def _null_where_undefined(function: Callable[..., float]) -> Callable[..., float | None]:
    def safe(*numbers: float | None) -> float | None:
        if None in numbers:
            return None
        try:
            return function(*numbers)
        except (ValueError, OverflowError, ZeroDivisionError):
            return None

    return safe


def _truncate(x: float, digits: float = 0) -> float:
    scale = float(10.0**digits)
    return math.trunc(x * scale) / scale


_MATHS: dict[str, tuple[Callable[..., float], tuple[int, ...]]] = {
    "acos": (math.acos, (1,)),
    "asin": (math.asin, (1,)),
    "atan": (math.atan, (1,)),
    "atan2": (math.atan2, (2,)),
    "ceiling": (math.ceil, (1,)),
    "cos": (math.cos, (1,)),
    "cot": (lambda x: 1 / math.tan(x), (1,)),
    "degrees": (math.degrees, (1,)),
    "exp": (math.exp, (1,)),
    "floor": (math.floor, (1,)),
    "log": (math.log, (1,)),  # natural in ADQL, common in SQLite
    "ln": (math.log, (1,)),
    "log10": (math.log10, (1,)),
    "mod": (math.fmod, (2,)),
    "power": (math.pow, (2,)),
    "radians": (math.radians, (1,)),
    "sin": (math.sin, (1,)),
    "sqrt": (math.sqrt, (1,)),
    "tan": (math.tan, (1,)),
    "truncate": (_truncate, (1, 2)),
}

_GEOMETRY: dict[str, tuple[Callable[..., Any], int]] = {
    "adql_point": (_region("POINT"), 2),
    "adql_circle": (_region("CIRCLE"), 3),
    "adql_box": (_region("BOX"), 4),
    "adql_polygon": (_region("POLYGON"), -1),
    "adql_contains": (contains, 2),
    "adql_intersects": (intersects, 2),
    "adql_in_circle": (_in_circle, 5),
    "adql_distance": (_distance, 4),
    "adql_between": (_between, 2),
    "coord1": (_number_of(0), 1),
    "coord2": (_number_of(1), 1),
    "adql_area": (_area, 1),
}


def _of_text(change: Callable[[str], str]) -> Callable[[Any], str | None]:
    return lambda text: None if text is None else change(str(text))


def _matches(text: str | None, pattern: str) -> int | None:
    if text is None:
        return None
    try:
        return int(re.search(pattern, text) is not None)
    except re.error:
        return 0


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection the functions of ADQL."""
    for name, (function, n) in _GEOMETRY.items():
        connection.create_function(name, n, function, deterministic=True)
    for name, (maths, arities) in _MATHS.items():
        for arity in arities:
            connection.create_function(
                name, arity, _null_where_undefined(maths), deterministic=True
            )
    for name, change in (("lowercase", str.lower), ("uppercase", str.upper)):  # of SIMBAD
        connection.create_function(name, 1, _of_text(change), deterministic=True)
    connection.create_function("regexp", 2, _matches, deterministic=True)
    connection.create_function("pi", 0, lambda: math.pi, deterministic=True)
