"""What objects in low orbits do, family by family; some families serve higher orbits too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.simulation.stage import (
    DAY_S,
    Burn,
    Cast,
    Stage,
    asset_orbit,
    asset_track,
    basis,
    beside,
    debris,
    mean_motion,
    payload,
    routine,
    unrelated_orbit,
    whole,
)
from skywright.ssa.simulation.truth import Body, Track

F64 = npt.NDArray[np.float64]


def passive(stage: Stage) -> Cast:
    """Stay passive in another orbit."""
    return _elsewhere(stage, debris(stage.random), list)


def low_keeping(stage: Stage) -> Cast:
    """Keep another orbit by routine burns."""
    burns = lambda: routine(stage, 0.0, stage.end_s)  # noqa: E731 - drawn after the orbit
    return _elsewhere(stage, payload(stage.random), burns)


def _elsewhere(stage: Stage, body: Body, burns: Callable[[], list[Burn]]) -> Cast:
    asset = asset_track(stage, asset_orbit(stage))
    other = stage.track(body)
    other.start(0.0, unrelated_orbit(stage))
    other.forward(stage.end_s, burns())
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING)


def plane_neighbour(stage: Stage) -> Cast:
    """Keep a place in the same plane, hundreds of kilometres away, by routine burns."""
    asset, other = _neighbours(stage, stage.sign() * stage.spread(250.0, 4000.0))
    burns = routine(stage, 0.0, stage.end_s)
    before, after = _split(burns, other)
    return Cast(asset, whole(other, stage, before, after), Behaviour.PASSIVE_OR_STATION_KEEPING)


def passive_neighbour(stage: Stage) -> Cast:
    """Drift slowly in the same plane, far along it: a dead satellite of a constellation."""
    asset = asset_track(stage, asset_orbit(stage))
    roe = _ring(stage, stage.spread(1.0, 15.0), stage.sign() * stage.spread(300.0, 5000.0))
    roe[0] = float(stage.random.normal(0.0, 0.4))
    t, state = beside(asset, stage.at_s - stage.days(0.0, 20.0), roe)
    other = stage.track(debris(stage.random))
    other.start(t, state)
    return Cast(asset, whole(other, stage, [], []), Behaviour.PASSIVE_OR_STATION_KEEPING)


def other_plane(stage: Stage) -> Cast:
    """Keep a place in another plane of the asset's constellation by routine burns."""
    start = asset_orbit(stage)
    asset = asset_track(stage, start)
    angle = stage.sign() * stage.spread(0.15, 2.5)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]]
    )
    there = asset.at(stage.days(0.0, 0.06))
    other = stage.track(payload(stage.random))
    other.start(0.0, np.concatenate([turn @ there[:3], turn @ there[3:]]))
    other.forward(stage.end_s, routine(stage, 0.0, stage.end_s))
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING)


def formation(stage: Stage) -> Cast:
    """Fly a declared formation: a ring of kilometres, kept by the same burns."""
    return _together(stage, stage.spread(0.3, 8.0))


def docked(stage: Stage) -> Cast:
    """Stay docked, declared."""
    return _together(stage, 0.0)


def _together(stage: Stage, size_km: float) -> Cast:
    asset, other = _neighbours(stage, size_km * stage.sign(), ring_km=size_km)
    # Docked or not, both feel the same air: one lies in the other's density and is trimmed.
    other.body = asset.body
    before, after = _split([(t + 1.0, *dv) for t, *dv in asset.burns], other)  # type: ignore[misc]
    cast = Cast(asset, whole(other, stage, before, after), Behaviour.PASSIVE_OR_STATION_KEEPING)
    cast.cooperative = True
    return cast


def raising(stage: Stage) -> Cast:
    """Raise the orbit by a few large or many small burns."""
    if stage.random.random() < 0.5:
        n, gap, size = (
            int(stage.random.integers(2, 7)),
            stage.days(0.3, 3.0),
            stage.spread(0.3, 8.0),
        )
    else:
        n, gap, size = (
            int(stage.random.integers(12, 40)),
            stage.days(0.3, 0.6),
            stage.spread(0.1, 0.8),
        )
    return _changing(stage, n, gap, np.array([0.0, size, 0.0]))


def disposal(stage: Stage) -> Cast:
    """Lower the perigee by retrograde burns."""
    n, gap = int(stage.random.integers(1, 7)), stage.days(0.3, 4.0)
    return _changing(stage, n, gap, np.array([0.0, -stage.spread(0.5, 10.0), 0.0]))


def plane_change(stage: Stage) -> Cast:
    """Turn the plane, away from any that matters to the asset."""
    n, gap = int(stage.random.integers(1, 6)), stage.days(0.5, 4.0)
    size = stage.spread(1.0, 8.0)
    return _changing(stage, n, gap, np.array([0.0, 0.05 * size, stage.sign() * size]))


def relocation(stage: Stage) -> Cast:
    """Drift off to another place along the orbit, away from the asset."""
    where = stage.sign() * stage.spread(250.0, 4000.0)
    asset, other = _neighbours(stage, where, at_s=stage.days(1.0, 4.0))
    size, first = stage.spread(0.3, 4.0), stage.at_s - stage.days(3.5, 16.0)
    period = _period(asset)
    last = first + round(stage.days(2.0, 16.0) / period) * period
    burns = [
        (first, 0.0, -np.sign(where) * size, 0.0, False),
        (last, 0.0, np.sign(where) * size, 0.0, False),
    ]
    before, after = _split(burns, other)
    return Cast(asset, whole(other, stage, before, after), Behaviour.UNRELATED_ORBIT_CHANGE)


def _changing(stage: Stage, n: int, gap_s: float, dv: F64) -> Cast:
    """Burn until about the assessment, as an object elsewhere or far along the same plane."""
    last = stage.at_s + stage.days(-8.0, 2.0)
    first = min(max(last - n * gap_s, stage.days(4.0, 8.0)), stage.at_s - stage.days(3.5, 6.0))
    burns: list[Burn] = []
    for k in range(n):
        t = first + k * gap_s * float(stage.random.uniform(0.9, 1.1))
        one = dv * float(np.exp(stage.random.normal(0.0, 0.2)))
        burns.append((t, float(one[0]), float(one[1]), float(one[2]), False))
    if stage.random.random() < 0.6:
        cast = _elsewhere(stage, payload(stage.random), lambda: burns)
    else:
        # In-track burns move a neighbour to the other side of their sign.
        side = -np.sign(dv[1]) if abs(dv[1]) > abs(dv[2]) else stage.sign()
        asset, other = _neighbours(stage, side * stage.spread(300.0, 5000.0), at_s=stage.days(1, 3))
        before, after = _split(burns, other)
        cast = Cast(asset, whole(other, stage, before, after), Behaviour.UNRELATED_ORBIT_CHANGE)
    cast.behaviour = Behaviour.UNRELATED_ORBIT_CHANGE
    return cast


def crossing_passive(stage: Stage) -> Cast:
    """Cross the asset's orbit close by in the next days, passive."""
    return _crossing(stage, debris(stage.random), kept=False)


def crossing_active(stage: Stage) -> Cast:
    """Cross the asset's orbit close by, with routine burns."""
    return _crossing(stage, payload(stage.random), kept=True)


def _crossing(stage: Stage, body: Body, *, kept: bool) -> Cast:
    asset = asset_track(stage, asset_orbit(stage))
    t = round((stage.at_s + stage.days(0.15, 2.0)) / asset.step_s) * asset.step_s
    here = asset.at(t)
    axes = basis(here)
    angle = float(stage.random.uniform(0.15, np.pi)) * stage.sign()
    speed = np.linalg.norm(here[3:]) * (1.0 + float(stage.random.normal(0.0, 0.004)))
    way = np.cos(angle) * axes[1] + np.sin(angle) * axes[2]
    way = way + float(stage.random.normal(0.0, 0.004)) * axes[0]
    miss = stage.random.normal(0.0, 1.0, 3)
    miss *= stage.spread(0.1, 4.0) / np.linalg.norm(miss)
    other = stage.track(body)
    other.start(t, np.concatenate([here[:3] + miss, speed * way / np.linalg.norm(way)]))
    before, after = _split(routine(stage, 0.0, stage.at_s - 2 * DAY_S) if kept else [], other)
    return Cast(asset, whole(other, stage, before, after), Behaviour.PASSING_CONJUNCTION)


def coplanar_passing(stage: Stage) -> Cast:
    """Drift past in nearly the same plane, slightly higher or lower, passive."""
    asset = asset_track(stage, asset_orbit(stage))
    da = stage.sign() * stage.spread(4.0, 25.0)
    roe = stage.random.normal(0.0, 1.0, 6) * np.array(
        [0.0, 2.0, abs(da) / 2, abs(da) / 2, 8.0, 8.0]
    )
    roe[0] = da
    t, state = beside(asset, stage.at_s + stage.days(0.2, 2.0), roe)
    other = stage.track(debris(stage.random))
    other.start(t, state)
    return Cast(asset, whole(other, stage, [], []), Behaviour.PASSING_CONJUNCTION)


def phasing(stage: Stage) -> Cast:
    """Burn into a drift towards the asset, and later out of it."""
    asset, other, arrival = _meeting(stage, stage.days(0.3, 4.0))
    dv, period = stage.sign() * stage.spread(0.08, 5.0), _period(asset)
    drift = round((arrival - stage.at_s + stage.days(3.5, 18.0)) / period) * period
    burns = [(arrival - drift, 0.0, dv, 0.0, False), (arrival, 0.0, -dv, 0.0, False)]
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.APPROACH)


def stepped_phasing(stage: Stage) -> Cast:
    """Drift fast towards the asset, slowed in steps."""
    asset, other, arrival = _meeting(stage, stage.days(0.1, 2.0))
    dv, period = stage.sign() * stage.spread(0.3, 6.0), _period(asset)
    steps = int(stage.random.integers(2, 5))
    shares = np.sort(stage.random.dirichlet(np.full(steps, 2.0)))[::-1]
    t = arrival
    burns: list[Burn] = []
    for share in shares[::-1]:
        burns.append((t, 0.0, -dv * float(share), 0.0, False))
        t -= max(round(stage.days(0.5, 4.0) / period), 1) * period
    burns.append((min(t, stage.at_s - stage.days(3.5, 6.0)), 0.0, dv, 0.0, False))
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.APPROACH)


def altitude_closing(stage: Stage) -> Cast:
    """Come from higher or lower to the asset's height in several burns."""
    asset, other, arrival = _meeting(stage, stage.days(0.1, 3.0))
    n, dv = int(stage.random.integers(3, 9)), stage.sign() * stage.spread(0.4, 5.0)
    period, t = _period(asset), arrival
    burns: list[Burn] = []
    for k in range(n):
        burns.append((t, 0.0, dv * float(np.exp(stage.random.normal(0.0, 0.3))), 0.0, False))
        # The first gap back reaches past the assessment, so that burns lie before it.
        gap = stage.days(0.8, 3.0) + (k == 0) * max(arrival - stage.at_s, 0.0)
        t -= (max(round(gap / period), 1) + 0.5) * period
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.APPROACH)


def plane_matching(stage: Stage) -> Cast:
    """Turn the plane into the asset's by burns across the track, and drift towards it."""
    asset, other, arrival = _meeting(stage, stage.days(0.3, 3.5))
    n, size, side = int(stage.random.integers(3, 9)), stage.spread(1.0, 15.0), stage.sign()
    period, t = _period(asset), min(arrival, stage.at_s) - stage.days(0.2, 1.5)
    phase = float(stage.random.uniform(0.0, period))
    burns: list[Burn] = []
    for _ in range(n):
        at = round(t / period) * period + phase  # at one place of the orbit
        burns.append((min(at, arrival), 0.0, 0.0, side * size, False))
        t -= stage.days(0.5, 3.5)
    dv = stage.sign() * stage.spread(0.08, 1.5)
    drift = round((arrival - min(t, stage.at_s - 4.0 * DAY_S)) / period) * period
    burns += [(arrival - drift, 0.0, dv, 0.0, False), (arrival, 0.0, -dv, 0.0, False)]
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.APPROACH)


def co_orbit(stage: Stage) -> Cast:
    """Arrive and stay behind or ahead, held by small burns."""
    return _staying(stage, nearest_km=2.0, ring_km=2.0, most_m_s=0.2)


def circumnavigation(stage: Stage) -> Cast:
    """Arrive on a ring around the asset and trim it."""
    return _staying(stage, nearest_km=0.0, ring_km=stage.spread(1.0, 25.0), most_m_s=0.1)


def _staying(stage: Stage, *, nearest_km: float, ring_km: float, most_m_s: float) -> Cast:
    asset, other, _ = _meeting(stage, -stage.days(0.0, 1.5), nearest_km=nearest_km, ring_km=ring_km)
    arrival = stage.at_s - stage.days(3.0, 16.0)
    burns = _arrival(stage, asset, arrival) + _holding(stage, asset, arrival, 0.03, most_m_s)
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.PROXIMITY_STAY)


def hold_points(stage: Stage) -> Cast:
    """Move between places along the asset's orbit, up to tens of kilometres away."""
    asset, other, anchor = _meeting(stage, -stage.days(0.0, 1.5), nearest_km=3.0, ring_km=1.5)
    period, t = _period(asset), anchor - stage.days(0.1, 3.0)
    burns: list[Burn] = []
    for _ in range(int(stage.random.integers(2, 5))):
        dv = stage.sign() * stage.spread(0.05, 0.4)
        hop = max(round(stage.days(0.2, 0.8) / period), 1) * period
        burns += [(t - 1.0, 0.0, -dv, 0.0, False), (t - hop, 0.0, dv, 0.0, False)]
        t -= hop + stage.days(0.4, 4.0)
    burns += [(s + 60.0, r, i, c, True) for s, r, i, c, _ in asset.burns if s > t]
    return Cast(asset, whole(other, stage, *_split(burns, other)), Behaviour.PROXIMITY_STAY)


def shadowing(stage: Stage) -> Cast:
    """Repeat the asset's burns hours after them, and so stay near."""
    asset = stage.track(payload(stage.random))
    asset.start(0.0, asset_orbit(stage))
    t, burns = stage.days(3.0, 10.0), []
    while t < stage.at_s - 1.5 * DAY_S:
        burns.append((t, 0.0, stage.sign() * stage.spread(0.05, 1.0), 0.0, True))
        t += stage.days(3.0, 9.0)
    asset.forward(stage.end_s, burns)
    ring = stage.spread(0.5, 10.0)
    roe = _ring(stage, ring, stage.sign() * stage.spread(3.0, 60.0))
    t, state = beside(asset, stage.at_s - stage.days(0.0, 1.0), roe)
    other = stage.track(_alike(stage, asset.body))
    other.start(t, state)
    delay = max(round(stage.spread(0.1, 0.6) * DAY_S / _period(asset)), 1) * _period(asset)
    copied = [(s + delay, r, i, c, False) for s, r, i, c, _ in asset.burns]
    return Cast(asset, whole(other, stage, *_split(copied, other)), Behaviour.PROXIMITY_STAY)


def decay(stage: Stage) -> Cast:
    """Sink without control from a low near-circular orbit."""
    return _sinking(stage, lambda: unrelated_orbit(stage, 245.0, 330.0))


def decay_eccentric(stage: Stage) -> Cast:
    """Sink from an orbit whose perigee lies in dense air."""

    def start() -> F64:
        state = unrelated_orbit(stage, 500.0, 1400.0)
        r = float(np.linalg.norm(state[:3]))
        perigee = 6378.0 + float(stage.random.uniform(185.0, 250.0))
        axes = basis(state)
        slow = np.sqrt(2.0 * 398600.4418 * perigee / (r * (r + perigee)))
        return np.concatenate([state[:3], slow * axes[1]])

    return _sinking(stage, start)


def _sinking(stage: Stage, start: Callable[[], F64]) -> Cast:
    """Draw until the object is still up at the assessment, and has sunk enough to be seen."""
    asset = asset_track(stage, asset_orbit(stage))
    for _ in range(12):
        other = stage.track(debris(stage.random))
        other.start(0.0, start())
        first = mean_motion(other.states[0])
        other.forward(stage.end_s, [])
        up = other.high * other.step_s
        if up > stage.at_s - stage.days(0.0, 8.0) and up > 0.6 * stage.at_s:
            row = min(other.high, int(stage.at_s / other.step_s)) - 1
            if mean_motion(other.states[row]) / first > 1.004:
                break
    return Cast(asset, other, Behaviour.BREAKUP_OR_DECAY)


def fragmentation(stage: Stage) -> Cast:
    """Break: an impulse in any direction, then more area to the mass."""
    return _broken(stage, [(stage.at_s - stage.days(3.0, 14.0), stage.spread(2.0, 40.0))])


def venting(stage: Stage) -> Cast:
    """Vent: impulses in any direction, one after another."""
    first = stage.at_s - stage.days(5.0, 16.0)
    n = int(stage.random.integers(3, 9))
    times = np.sort(stage.random.uniform(first, stage.at_s - DAY_S, n))
    return _broken(stage, [(float(t), stage.spread(0.4, 4.0)) for t in times])


def _broken(stage: Stage, events: list[tuple[float, float]]) -> Cast:
    asset = asset_track(stage, asset_orbit(stage))
    other = stage.track(debris(stage.random))
    other.start(0.0, unrelated_orbit(stage))
    burns: list[Burn] = []
    for t, size in events:
        way = stage.random.normal(0.0, 1.0, 3)
        way *= size / np.linalg.norm(way)
        burns.append((t, float(way[0]), float(way[1]), float(way[2]), False))
    other.forward(events[0][0], [])
    more = stage.spread(4.0, 30.0)
    other.body = Body(other.body.drag_m2_kg * more, other.body.light_m2_kg * more)
    other.forward(stage.end_s, burns)
    return Cast(asset, other, Behaviour.BREAKUP_OR_DECAY, broken_s=events[0][0])


def _neighbours(
    stage: Stage, along_km: float, *, at_s: float | None = None, ring_km: float | None = None
) -> tuple[Track, Track]:
    """Return the asset, and another of the same mean orbit with an anchor along it."""
    asset = asset_track(stage, asset_orbit(stage))
    ring = stage.spread(1.0, 15.0) if ring_km is None else ring_km
    t, state = beside(
        asset, stage.days(10, 35) if at_s is None else at_s, _ring(stage, ring, along_km)
    )
    other = stage.track(payload(stage.random))
    other.start(t, state)
    return asset, other


def _ring(stage: Stage, size_km: float, along_km: float) -> F64:
    """Return relative elements of a ring with e- and i-vectors nearly parallel (passively safe)."""
    angle = float(stage.random.uniform(0.0, 2.0 * np.pi))
    tilt = angle + float(stage.random.normal(0.0, 0.3))
    across = size_km * float(stage.random.uniform(0.3, 1.5))
    e, i = (np.cos(angle), np.sin(angle)), (np.cos(tilt), np.sin(tilt))
    return np.array([0.0, along_km, size_km * e[0], size_km * e[1], across * i[0], across * i[1]])


def _meeting(
    stage: Stage, after_s: float, *, nearest_km: float = 1.0, ring_km: float = 3.0
) -> tuple[Track, Track, float]:
    """Return the asset, and another that is near it from a time after the assessment on."""
    asset = asset_track(stage, asset_orbit(stage))
    along = stage.sign() * stage.spread(nearest_km, 60.0) if nearest_km else 0.0
    t, state = beside(asset, stage.at_s + after_s, _ring(stage, ring_km, along))
    other = stage.track(_alike(stage, asset.body))
    other.start(t, state)
    return asset, other, t


def _alike(stage: Stage, body: Body) -> Body:
    """Return a body whose drag a guest has nearly matched by its attitude."""
    factor = float(np.exp(stage.random.normal(0.0, 0.08)))
    return Body(body.drag_m2_kg * factor, body.light_m2_kg * factor)


def _arrival(stage: Stage, asset: Track, arrival: float) -> list[Burn]:
    """Return burns that led here: into a drift, and out of it."""
    dv, period = stage.sign() * stage.spread(0.1, 4.0), _period(asset)
    drift = round(stage.days(1.0, 12.0) / period) * period
    return [(arrival - drift, 0.0, dv, 0.0, False), (arrival - 1.0, 0.0, -dv, 0.0, False)]


def _holding(stage: Stage, asset: Track, start_s: float, least: float, most: float) -> list[Burn]:
    """Return pairs of small opposite burns to and fro, and the asset's own burns."""
    period, t = _period(asset), start_s + stage.days(0.5, 3.0)
    out: list[Burn] = [(s + 60.0, r, i, c, True) for s, r, i, c, _ in asset.burns if s > start_s]
    side = stage.sign()
    while t < stage.at_s:
        dv = side * stage.spread(least, most)
        hop = int(stage.random.integers(1, 4)) * period
        out += [(t, 0.0, dv, 0.0, False), (t + hop, 0.0, -dv, 0.0, False)]
        side, t = -side, t + hop + stage.days(1.0, 6.0)
    return out


def _period(track: Track) -> float:
    return 2.0 * np.pi / mean_motion(track.states[track.low])


def _split(burns: list[Burn], track: Track) -> tuple[list[Burn], list[Burn]]:
    """Return burns before and after the anchor of a track."""
    anchor = track.low * track.step_s
    return [b for b in burns if 0.0 < b[0] <= anchor], [b for b in burns if b[0] > anchor]


POLICIES: dict[str, Callable[[Stage], Cast]] = {
    one.__name__: one
    for one in (
        passive,
        low_keeping,
        plane_neighbour,
        passive_neighbour,
        other_plane,
        formation,
        docked,
        raising,
        disposal,
        plane_change,
        relocation,
        crossing_passive,
        crossing_active,
        coplanar_passing,
        phasing,
        stepped_phasing,
        altitude_closing,
        plane_matching,
        co_orbit,
        circumnavigation,
        hold_points,
        shadowing,
        decay,
        decay_eccentric,
        fragmentation,
        venting,
    )
}
"""Families of low orbits by name."""

MIDDLE = (
    "passive",
    "plane_neighbour",
    "passive_neighbour",
    "other_plane",
    "raising",
    "relocation",
    "crossing_passive",
    "crossing_active",
    "phasing",
    "stepped_phasing",
    "co_orbit",
    "circumnavigation",
    "fragmentation",
    "venting",
)
"""Families that fly in orbits of navigation satellites as well."""

ECCENTRIC = (
    "passive",
    "low_keeping",
    "raising",
    "plane_change",
    "crossing_passive",
    "crossing_active",
    "fragmentation",
    "venting",
)
"""Families that fly in highly eccentric orbits as well."""
