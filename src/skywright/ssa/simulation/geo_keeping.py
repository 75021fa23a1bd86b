"""Geostationary station-keeping, forward or backward in time, with labels of the SPLID scheme.

East-west burns answer to the pull of C22 and S22, north-south ones to Sun and Moon (Soop 1994,
Handbook of Geostationary Orbits, chapters 5 and 8). Labels: direction EW or NS; node SS (start of
study), ID, AD, IK (initiate drift, adjust drift, initiate keeping) or ES (end of study); type NK
(none), CK (chemical), EK (electric), HK (hybrid).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.simulation.catalogue import equinoctial
from skywright.ssa.simulation.forces import GM_KM3_S2
from skywright.ssa.simulation.stage import DAY_S, Burn, Stage
from skywright.ssa.simulation.surroundings import EARTH_RATE_RAD_S
from skywright.ssa.simulation.truth import Body, Track

F64 = npt.NDArray[np.float64]

SIDEREAL_DAY_S = 86164.0905
"""One turn of the Earth against the stars [s]."""

DRIFT_PER_M_S = -0.35222
"""Change of longitude drift that an in-track burn causes [deg/day per m/s]: -3 n dv / v."""

DRIFT_PER_KM = -0.012842
"""Change of longitude drift with semi-major axis [deg/day per km]."""

KM_PER_DEG = 735.9
"""Length of a degree along the ring [km]."""

_PULL_DEG_D2 = 0.00168  # of J22 alone; Soop (1994), section 4.3
_STABLE_DEG = 75.1
_TILT_DEG_D = 0.85 / 365.25
_SPEED_M_S = 3074.66
_AXIS_KM = 42165.8


@dataclass(frozen=True, slots=True)
class Style:
    """How a slot is kept."""

    kind: str
    """CK, EK or HK."""
    east_west_d: float
    """Days between east-west burns."""
    north_south_d: float
    """Days between north-south burns; 0 for none (an inclined orbit)."""
    routine: bool = True


def style_of(stage: Stage, kind: str, *, inclined: bool = False, wide: bool = False) -> Style:
    """Draw the rhythm of chemical (CK), electric (EK) or hybrid (HK) keeping.

    A wide box, as of weather satellites, asks for an east-west burn in weeks only.
    """
    draw = stage.random.uniform
    east_west = float(draw(2.0, 4.0) if kind == "EK" else draw(7.0, 15.0))
    north_south = float(draw(12.0, 28.0) if kind == "CK" else draw(2.0, 4.0))
    if wide:
        east_west = float(draw(18.0, 45.0))
    return Style(kind, east_west, 0.0 if inclined else north_south)


def geo_state(stage: Stage, body: Body, longitude_deg: float, tilt_deg: float) -> F64:
    """Return a state at the start that stays at a longitude for some days; (6,)."""
    # Left alone the pole circles one 7.5 deg away (Soop 1994, section 5.3).
    node = 0.5 * np.pi - np.arcsin(min(tilt_deg / 15.0, 1.0)) + stage.random.normal(0.0, 0.15)
    e, perigee = (
        float(stage.random.uniform(5e-5, 5e-4)),
        float(stage.random.uniform(0.0, 2 * np.pi)),
    )
    axis = _AXIS_KM
    for _ in range(3):
        anomaly = stage.around.sidereal_rad + np.radians(longitude_deg) - perigee
        state = _kepler(axis, e, np.radians(tilt_deg), node, perigee - node, anomaly)
        probe = stage.track(body)
        probe.start(0.0, state)
        probe.forward(1.2 * DAY_S, [])
        axis -= measured(probe, forward=True)[1] / DRIFT_PER_KM
    return state


def _kepler(a: float, e: float, i: float, node: float, argp: float, anomaly: float) -> F64:
    nu = anomaly + 2.0 * e * np.sin(anomaly)
    r, p = a * (1.0 - e * e) / (1.0 + e * np.cos(nu)), a * (1.0 - e * e)
    u, k = nu + argp, np.sqrt(GM_KM3_S2 / p)
    ascending = np.array([np.cos(node), np.sin(node), 0.0])
    beyond = np.array([-np.sin(node) * np.cos(i), np.cos(node) * np.cos(i), np.sin(i)])
    along = (-np.sin(u) - e * np.sin(argp)) * ascending + (np.cos(u) + e * np.cos(argp)) * beyond
    return np.concatenate([r * (np.cos(u) * ascending + np.sin(u) * beyond), k * along])


def measured(track: Track, *, forward: bool) -> tuple[float, float, F64]:
    """Return mean longitude [deg], its rate [deg/day] and the inclination vector [deg] at an end.

    From osculating equinoctial elements of the last sidereal day of the run.
    """
    rows = round(SIDEREAL_DAY_S / track.step_s)
    if forward:
        first, last = max(track.high - rows, track.low), track.high
    else:
        first, last = track.low, min(track.low + rows, track.high)
    x = equinoctial(track.states[first : last + 1])
    t = np.arange(first, last + 1) * track.step_s
    turned = track.around.sidereal_rad + EARTH_RATE_RAD_S * t
    longitude = np.degrees(np.unwrap(x[:, 5] - turned))
    end = t[-1] if forward else t[0]
    rate, here = np.polyfit((t - end) / DAY_S, longitude, 1)
    tilt = np.degrees(2.0 * np.array([x[:, 3].mean(), x[:, 4].mean()]))
    return _turned(float(here)), float(rate), tilt


def _turned(degrees: float) -> float:
    return float((degrees + 180.0) % 360.0 - 180.0)


def pull_deg_d2(longitude_deg: float) -> float:
    """Return the acceleration of a longitude by C22 and S22 [deg/day2]."""
    return float(-_PULL_DEG_D2 * np.sin(2.0 * np.radians(longitude_deg - _STABLE_DEG)))


def keep(
    track: Track, stage: Stage, style: Style, stop_s: float, slot_deg: float | None = None
) -> None:
    """Run a track to a time, past its end or before its start, and hold longitude and tilt.

    The slot is where the track is when nothing else is told.
    """
    forward = stop_s > track.high * track.step_s
    way = 1.0 if forward else -1.0
    if (track.high - track.low) * track.step_s < DAY_S:
        first = (track.high if forward else track.low) * track.step_s + way * 1.1 * DAY_S
        (track.forward if forward else track.backward)(first, [])
    longitude, _, hold = measured(track, forward=forward)
    slot = longitude if slot_deg is None else slot_deg
    now = (track.high if forward else track.low) * track.step_s
    waiting: list[Burn] = []
    for when, kind in _events(stage, style, now, stop_s):
        _advance(track, when, waiting, forward=forward)
        here = (track.high if forward else track.low) * track.step_s
        if (when - here) * way > track.step_s:
            return  # came down
        if kind == "EW":
            waiting.append(_east_west(track, style, slot, forward=forward))
        else:
            waiting.append(_north_south(track, style, hold, forward=forward))
    _advance(track, stop_s, waiting, forward=forward)


def _events(stage: Stage, style: Style, start: float, stop: float) -> list[tuple[float, str]]:
    way = 1.0 if stop > start else -1.0
    out: list[tuple[float, str]] = []
    for kind, gap in (("EW", style.east_west_d), ("NS", style.north_south_d)):
        t = start + way * DAY_S * (1.1 + float(stage.random.uniform(0.0, 0.5)) * gap)
        while gap > 0.0 and (stop - t) * way > 0.0:
            out.append((t, kind))
            t += way * gap * DAY_S * float(stage.random.uniform(0.9, 1.1))
    return sorted(out, reverse=way < 0.0)


def _advance(track: Track, to_s: float, waiting: list[Burn], *, forward: bool) -> None:
    """Run with the waiting burns that lie on the way; the others wait on."""
    stop = round(to_s / track.step_s) * track.step_s
    ready = [b for b in waiting if (b[0] < stop) == forward]
    waiting[:] = [b for b in waiting if (b[0] < stop) != forward]
    (track.forward if forward else track.backward)(stop, ready)


def _east_west(track: Track, style: Style, slot_deg: float, *, forward: bool) -> Burn:
    """Choose the burn after which the parabola of the drift returns to the slot."""
    longitude, rate, _ = measured(track, forward=forward)
    off, days = _turned(longitude - slot_deg), style.east_west_d
    pull = pull_deg_d2(longitude)
    if forward:
        change = (-off / days - 0.5 * pull * days) - rate
    else:
        change = rate - (off / days + 0.5 * pull * days)
    dv = float(np.clip(change / DRIFT_PER_M_S, -2.0, 2.0))
    row = track.high if forward else track.low
    t = (row + (0.3 if forward else -0.3)) * track.step_s
    return (t, 0.0, dv, 0.002 * dv, style.routine)


def _north_south(track: Track, style: Style, hold_deg: F64, *, forward: bool) -> Burn:
    """Choose the burn across the track that brings the inclination vector back past its place."""
    _, _, tilt = measured(track, forward=forward)
    row = track.high if forward else track.low
    state, way = track.states[row], 1.0 if forward else -1.0
    # Sun and Moon take the pole towards the node at 90 deg; aim half of that past the place.
    past = np.array([0.0, -0.5 * _TILT_DEG_D * style.north_south_d * way])
    change = np.radians(hold_deg + past - tilt) * way
    angle = np.arctan2(change[1], change[0])
    here = np.arctan2(state[1], state[0])
    ahead = float((way * (angle - here)) % (2.0 * np.pi)) / (2.0 * np.pi) * SIDEREAL_DAY_S
    dv = float(np.clip(_SPEED_M_S * np.hypot(*change), 0.0, 6.0))
    t = row * track.step_s + way * (ahead + 0.3 * track.step_s)
    return (t, 0.0, 0.003 * dv, dv, style.routine)
