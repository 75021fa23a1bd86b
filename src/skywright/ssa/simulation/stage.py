"""What every policy starts from: the time, the air, the asset's orbit, and places beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.simulation.forces import GM_KM3_S2, RADIUS_KM
from skywright.ssa.simulation.observation import drawn, statistics
from skywright.ssa.simulation.surroundings import Surroundings, solar_weather, surroundings
from skywright.ssa.simulation.truth import STEP_S, Body, Track

F64 = npt.NDArray[np.float64]
Burn = tuple[float, float, float, float, bool]

DAY_S = 86400.0

HISTORY_D = {"leo": 45.0, "geo": 90.0, "meo": 60.0, "heo": 50.0}
"""Days of history before the moment of the assessment."""

AHEAD_D = {"leo": 5.0, "geo": 9.0, "meo": 6.0, "heo": 5.0}
"""Days of truth after it, which nobody sees."""

GROUPS = {"leo": 24, "geo": 24, "meo": 4, "heo": 4}
"""Groups of like orbits of assets in a regime."""

_FIRST_DAY = datetime(2005, 1, 1)  # noqa: DTZ001 - times inside are UTC without a zone
_DAYS_OF_YEARS = 7000


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario takes place."""

    random: np.random.Generator
    regime: str
    group: int
    around: Surroundings
    at_s: float
    """Moment of the assessment, seconds from the start."""
    flux_sfu: float

    def track(self, body: Body) -> Track:
        """Return an empty track over history and days ahead."""
        days = HISTORY_D[self.regime] + AHEAD_D[self.regime]
        return Track(self.around, body, STEP_S[self.regime], days)

    @property
    def end_s(self) -> float:
        """Last second of the truth."""
        return (HISTORY_D[self.regime] + AHEAD_D[self.regime]) * DAY_S

    def days(self, low: float, high: float) -> float:
        """Draw a time span evenly [s]."""
        return float(self.random.uniform(low, high)) * DAY_S

    def spread(self, low: float, high: float) -> float:
        """Draw a size evenly in its logarithm."""
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def sign(self) -> float:
        """Draw plus or minus one."""
        return float(self.random.choice((-1.0, 1.0)))


@dataclass(slots=True)
class Cast:
    """What a policy made: two tracks and what is true of them."""

    asset: Track
    other: Track
    behaviour: Behaviour
    cooperative: bool = False
    broken_s: float | None = None
    """When the object broke: sets of its pieces are taken for it afterwards."""
    nodes: list[tuple[str, float, str, str, str]] = field(default_factory=list)
    """Labels of station-keeping: role, seconds, EW or NS, SS ID AD IK or ES, NK CK EK or HK."""


def stage(regime: str, group: int, random: np.random.Generator) -> Stage:
    """Draw time and solar weather."""
    history, ahead = HISTORY_D[regime], AHEAD_D[regime]
    flux, ap = solar_weather(history + ahead + 1.0, random)
    start = _FIRST_DAY + timedelta(days=float(random.uniform(0, _DAYS_OF_YEARS)))
    around = surroundings(start, history + ahead + 1.0, flux, ap)
    return Stage(random, regime, group, around, history * DAY_S, float(flux.mean()))


def payload(random: np.random.Generator) -> Body:
    """Draw a body like a working satellite's."""
    size = float(np.exp(random.normal(np.log(0.008), 0.4)))
    return Body(2.2 * size, 1.3 * size * float(random.uniform(1.0, 2.5)))


def debris(random: np.random.Generator) -> Body:
    """Draw a body like a rocket stage's or a fragment's."""
    size = float(np.exp(random.normal(np.log(0.015), 0.8)))
    return Body(2.2 * size, 1.3 * size)


def asset_orbit(stage: Stage) -> F64:
    """Draw the asset's state at the start, near the centre of its group [km, km/s]; (6,)."""
    return {"leo": low_orbit, "meo": middle_orbit, "heo": eccentric_orbit}[stage.regime](stage)


def low_orbit(stage: Stage) -> F64:
    """Draw a state of a low orbit of the group [km, km/s]; (6,)."""
    fixed = np.random.default_rng(7000 + stage.group)  # a group is always the same place
    height = float(fixed.uniform(440.0, 1350.0))
    inclination = float(fixed.choice([28.5, 45.0, 51.6, 53.0, 66.0, 74.0, 86.4, 92.0, 97.6, 98.6]))
    height += float(stage.random.uniform(-12.0, 12.0))
    inclination += float(stage.random.uniform(-0.3, 0.3))
    return orbit(stage.random, RADIUS_KM + height, inclination, stage.spread(2e-4, 2e-3))


def middle_orbit(stage: Stage) -> F64:
    """Draw a state of a navigation satellite's orbit [km, km/s]; (6,)."""
    axis = (26560.0, 25510.0, 27900.0, 29600.0)[stage.group]
    inclination = (55.0, 64.8, 55.0, 56.0)[stage.group] + float(stage.random.uniform(-1, 1))
    return orbit(stage.random, axis, inclination, stage.spread(5e-4, 8e-3))


def eccentric_orbit(stage: Stage) -> F64:
    """Draw a state of a highly eccentric orbit, at apogee [km, km/s]; (6,)."""
    axis = (26560.0, 24500.0, 20500.0, 33000.0)[stage.group] + float(stage.random.uniform(-50, 50))
    inclination = (63.4, 27.0, 63.4, 63.4)[stage.group] + float(stage.random.uniform(-0.5, 0.5))
    perigee = RADIUS_KM + float(stage.random.uniform(900.0, 1400.0))
    return orbit(stage.random, axis, inclination, 1.0 - perigee / axis, at_apogee=True)


def unrelated_orbit(stage: Stage, lowest_km: float = 420.0, highest_km: float = 1300.0) -> F64:
    """Draw an orbit anywhere in the regime; heights count for low ones [km, km/s]; (6,)."""
    if stage.regime != "leo":
        return asset_orbit(replace(stage, group=int(stage.random.integers(GROUPS[stage.regime]))))
    inclination = float(stage.random.choice([30.0, 52.0, 65.0, 74.0, 82.9, 87.0, 98.0, 99.0]))
    inclination += float(stage.random.normal(0.0, 0.8))
    height = float(stage.random.uniform(lowest_km, highest_km))
    return orbit(stage.random, RADIUS_KM + height, inclination, stage.spread(3e-4, 6e-3))


def orbit(
    random: np.random.Generator,
    axis_km: float,
    inclination_deg: float,
    e: float,
    *,
    at_apogee: bool = False,
) -> F64:
    """Draw node, perigee and place of an orbit of given size, tilt and shape; (6,)."""
    node, argp, u = random.uniform(0.0, 2.0 * np.pi, 3)
    i = np.radians(inclination_deg)
    nu = np.pi if at_apogee else u
    p = axis_km * (1.0 - e * e)
    r = p / (1.0 + e * np.cos(nu))
    flat = np.array([np.cos(nu), np.sin(nu), 0.0]) * r
    speed = np.sqrt(GM_KM3_S2 / p) * np.array([-np.sin(nu), e + np.cos(nu), 0.0])
    turn = _about_z(node) @ _about_x(float(i)) @ _about_z(argp)
    return np.concatenate([turn @ flat, turn @ speed])


def _about_z(angle: float) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle: float) -> F64:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def mean_motion(state: F64) -> float:
    """Return the osculating mean motion [rad/s]."""
    a = 1.0 / (2.0 / np.linalg.norm(state[:3]) - state[3:] @ state[3:] / GM_KM3_S2)
    return float(np.sqrt(GM_KM3_S2 / a**3))


def basis(state: F64) -> F64:
    """Return radial, in-track and cross-track unit vectors as rows; (3, 3)."""
    r = state[:3] / np.linalg.norm(state[:3])
    n = np.cross(state[:3], state[3:])
    n /= np.linalg.norm(n)
    return np.stack([r, np.cross(n, r), n])


def beside(asset: Track, t_s: float, roe_km: F64) -> tuple[float, F64]:
    """Return a place given by relative elements [km] about the asset: its time, and state (6,).

    The offset in mean longitude is one in time along the asset's own track, so that both have the
    same mean orbit; the others are small and taken by the linear map of D'Amico and Montenbruck
    (2006, J. Guidance 29, 554), for near-circular orbits.
    """
    t = round(t_s / asset.step_s) * asset.step_s
    here = asset.at(t)
    n = mean_motion(here)
    speed = n * np.linalg.norm(here[:3])
    there = asset.at(float(np.clip(t + roe_km[1] / speed, asset.low * asset.step_s, _end(asset))))
    axes = basis(there)
    u = float(np.arctan2(there[2], axes[1][2] * np.linalg.norm(there[:3])))
    da, _, ex, ey, ix, iy = roe_km
    cos, sin = np.cos(u), np.sin(u)
    offset = np.array([
        da - ex * cos - ey * sin,
        2.0 * (ex * sin - ey * cos),
        ix * sin - iy * cos,
    ])  # fmt: skip
    rate = n * np.array([
        ex * sin - ey * cos,
        -1.5 * da + 2.0 * (ex * cos + ey * sin),
        ix * cos + iy * sin,
    ])  # fmt: skip
    turning = np.array([-n * offset[1], n * offset[0], 0.0])
    return t, there + np.concatenate([axes.T @ offset, axes.T @ (rate + turning)])


def _end(track: Track) -> float:
    return (track.high - 1) * track.step_s


def routine(stage: Stage, start_s: float, stop_s: float) -> list[Burn]:
    """Draw burns that keep a low orbit, as operators report them."""
    held = statistics()
    gap = float(np.clip(drawn(held.gap_d, stage.random), 4.0, 60.0)) * DAY_S
    size = float(drawn(held.routine_m_s, stage.random))
    t = start_s + float(stage.random.random()) * gap
    out: list[Burn] = []
    while t < stop_s:
        dv = size * float(np.exp(stage.random.normal(0.0, 0.5)))
        sign = 1.0 if stage.random.random() < 0.85 else -1.0
        if stage.random.random() < 0.04:
            across = float(drawn(held.across_m_s, stage.random))
            out.append((t, 0.0, 0.02 * across, stage.sign() * across, True))
        else:
            tilt = stage.random.normal(0.0, 0.02, 2) * dv
            out.append((t, float(tilt[0]), sign * dv, float(tilt[1]), True))
        t += gap * float(np.exp(stage.random.normal(0.0, 0.35)))
    return out


def asset_track(stage: Stage, state: F64, *, kept: bool | None = None) -> Track:
    """Return the asset's track; seven in ten are kept by routine burns."""
    track = stage.track(payload(stage.random))
    track.start(0.0, state)
    keeps = stage.random.random() < 0.7 if kept is None else kept
    track.forward(stage.end_s, routine(stage, 0.0, stage.end_s) if keeps else [])
    return track


def whole(track: Track, stage: Stage, before: list[Burn], after: list[Burn]) -> Track:
    """Run a track from its anchor to both ends."""
    track.backward(0.0, before)
    track.forward(stage.end_s, after)
    return track


def nearest_ahead_km(one: Track, two: Track, at_s: float, days: float) -> float:
    """Return the least true distance from a moment on [km]; cubic between rows."""
    low = int(at_s / one.step_s)
    high = min(low + int(days * DAY_S / one.step_s), one.high, two.high)
    if high <= low + 1:
        return float("inf")
    r = two.states[low : high + 1, :3] - one.states[low : high + 1, :3]
    v = (two.states[low : high + 1, 3:] - one.states[low : high + 1, 3:]) * one.step_s
    near = np.flatnonzero(
        np.linalg.norm(r[:-1], axis=1) < 1.2 * np.linalg.norm(v[:-1], axis=1) + 200
    )
    if not len(near):
        return float(np.linalg.norm(r, axis=1).min())
    x = np.linspace(0.0, 1.0, 51)[:, None, None]
    r0, r1, v0, v1 = r[near], r[near + 1], v[near], v[near + 1]
    c2, c3 = 3.0 * (r1 - r0) - 2.0 * v0 - v1, 2.0 * (r0 - r1) + v0 + v1
    path = r0 + x * (v0 + x * (c2 + x * c3))
    speed = v0 + x * (2.0 * c2 + x * 3.0 * c3)
    back = np.sum(path * speed, axis=-1) / np.maximum(np.sum(speed * speed, axis=-1), 1e-30)
    path = path - np.clip(back, -0.02, 0.02)[..., None] * speed
    return float(np.linalg.norm(path, axis=-1).min())
