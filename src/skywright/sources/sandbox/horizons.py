"""JPL Horizons for the Sun, the planets, the Moon and Pluto, from our table of DE440.

Tables of vectors, and of what is seen from the Earth's centre.

References
----------
.. [1] ssd-api.jpl.nasa.gov/doc/horizons.html (parameters, tables of type VECTORS and OBSERVER).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from skywright.orbits.constants import C_AU_D

_NUMBERS = {
    "10": "sun", "199": "mercury", "299": "venus", "399": "earth", "301": "moon", "499": "mars",
    "599": "jupiter", "699": "saturn", "799": "uranus", "899": "neptune", "999": "pluto",
    "0": "barycenter",
}  # fmt: skip
_HEAD = "API VERSION: 1.2\nAPI SOURCE: skywright sandbox, after NASA/JPL Horizons\n\n"
_COLUMNS = "JDTDB, Calendar Date (TDB), X, Y, Z, VX, VY, VZ, LT, RG, RR,"
_EARTHS_CENTRE = "500@399"
_DATES = {"CAL": ["Date__(UT)__HR:MN"], "JD": ["Date_________JDUT"]}
_MINUTES = {"m": 1.0, "min": 1.0, "h": 60.0, "d": 1_440.0}
_STEP = re.compile(r"(\d+)\s*(m|min|h|d)")
_MOST_ROWS = 90_024
_JD_OF_UNIX = 2_440_587.5


class Horizons:
    """The service, at its one address."""

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/", self._answer)]

    def _answer(self, request: Request) -> PlainTextResponse:
        asked = {name.upper(): value.strip("' ") for name, value in request.query_params.items()}
        try:
            return PlainTextResponse(_HEAD + _table(asked))
        except KeyError as error:
            return PlainTextResponse(f"{_HEAD}The parameter {error} is missing.\n")
        except ValueError as error:
            return PlainTextResponse(f"{_HEAD}{error}\n")


def _table(asked: Mapping[str, str]) -> str:
    kind = asked.get("EPHEM_TYPE", "OBSERVER").upper()
    if kind not in _TABLES:
        message = f"Only tables of EPHEM_TYPE = {' or '.join(_TABLES)} are made here."
        raise ValueError(message)
    start, stop = (_epoch_jd(asked[name]) for name in ("START_TIME", "STOP_TIME"))
    found = _STEP.fullmatch(asked.get("STEP_SIZE", "1d"))
    step_d = int(found[1]) * _MINUTES[found[2]] / 1_440.0 if found else 0.0
    if step_d <= 0.0 or not 0.0 <= (stop - start) / step_d < _MOST_ROWS:
        message = "Bad dates or step: the end comes after the start, the step is like 1d or 60m."
        raise ValueError(message)
    epochs = [start + k * step_d for k in range(int((stop - start) / step_d + 1e-9) + 1)]
    titles, rows = _TABLES[kind](asked, epochs)
    stars = "*" * 79
    return f"{stars}\n{titles}\n{stars}\n$$SOE\n{rows}$$EOE\n{stars}\n"


def _body(asked: Mapping[str, str]) -> str:
    body = _NUMBERS.get(asked["COMMAND"], "barycenter")
    if body == "barycenter":
        message = f"No matches found. The sandbox knows {', '.join(_NUMBERS)}."
        raise ValueError(message)
    return body


def _vectors(asked: Mapping[str, str], epochs: list[float]) -> tuple[str, str]:
    centre = _NUMBERS.get(asked.get("CENTER", "@10").rpartition("@")[2])
    if centre is None:
        message = f"No matches found for CENTER. The sandbox knows {', '.join(_NUMBERS)}."
        raise ValueError(message)
    return _COLUMNS, _rows(_body(asked), centre, epochs)


def _seen(asked: Mapping[str, str], epochs: list[float]) -> tuple[str, str]:
    from skywright.sources.sandbox.observer_tables import TITLES, observed

    body, centre = _body(asked), asked.get("CENTER", _EARTHS_CENTRE)
    wanted = [int(one) for one in asked.get("QUANTITIES", "1,9,20,23").split(",")]
    if centre not in {_EARTHS_CENTRE, "geo", "500", "399"} or body == "earth":
        message = f"The sandbox looks from the Earth's centre only (CENTER = {_EARTHS_CENTRE})."
        raise ValueError(message)
    if not {*wanted} <= {*TITLES} or asked.get("ANG_FORMAT", "HMS").upper() != "DEG":
        known = ",".join(map(str, TITLES))
        message = f"Only QUANTITIES = '{known}' with ANG_FORMAT = DEG are computed here."
        raise ValueError(message)
    cells = observed(body, epochs)
    dates = asked.get("CAL_FORMAT", "CAL").upper()
    lines = []
    for k, epoch in enumerate(epochs):
        first = {"CAL": [_calendar(epoch)[:-8]], "JD": [f"{epoch:.9f}"]}
        told = first.get(dates, first["CAL"] + first["JD"])
        lines.append(
            ", ".join([*told, "", "", *(c for one in wanted for c in cells[one][k]), "\n"])
        )
    named = _DATES.get(dates, [*_DATES["CAL"], *_DATES["JD"]])
    titles = [*named, "", "", *(name for one in wanted for name in TITLES[one])]
    return ", ".join(titles) + ",", "".join(lines)


_TABLES = {"VECTORS": _vectors, "OBSERVER": _seen}


def _rows(body: str, centre: str, epochs: list[float]) -> str:
    from skywright.orbits.ephemeris import body_state

    lines = []
    for epoch, state in zip(epochs, body_state(body, epochs, centre).tolist(), strict=True):
        far_au = math.hypot(*state[:3])
        rate = sum(x * v for x, v in zip(state[:3], state[3:], strict=True)) / (far_au or 1.0)
        light_d = far_au / C_AU_D
        told = ", ".join(f"{number:.15E}" for number in (*state, light_d, far_au, rate))
        lines.append(f"{epoch:.9f}, A.D. {_calendar(epoch)}, {told},\n")
    return "".join(lines)


def _epoch_jd(text: str) -> float:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%b-%d"):
        try:
            when = dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
        return when.timestamp() / 86_400.0 + _JD_OF_UNIX
    message = f"Cannot interpret date {text!r}. Type it like 2026-01-31 12:00."
    raise ValueError(message)


def _calendar(epoch_jd: float) -> str:
    when = dt.datetime.fromtimestamp((epoch_jd - _JD_OF_UNIX) * 86_400.0, dt.UTC)
    return when.strftime("%Y-%b-%d %H:%M:%S.0000")
