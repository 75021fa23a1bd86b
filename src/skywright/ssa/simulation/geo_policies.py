"""What objects near the geostationary ring do, family by family.

Drifts and times of transfers follow published figures of 487 arrivals at other objects' slots
(median drift 0.067 deg/day, quartiles 0.023 and 0.46; orbit-audit study T8a, self-published).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.simulation.geo_keeping import (
    DRIFT_PER_KM,
    DRIFT_PER_M_S,
    KM_PER_DEG,
    SIDEREAL_DAY_S,
    Style,
    geo_state,
    keep,
    measured,
    style_of,
)
from skywright.ssa.simulation.stage import (
    DAY_S,
    Burn,
    Cast,
    Stage,
    basis,
    beside,
    debris,
    payload,
)
from skywright.ssa.simulation.truth import Body, Track

F64 = npt.NDArray[np.float64]

# Quantiles at 5, 25, 50, 75, 95 % of the drift of transfers [deg/day]; those below 0.03, which
# only weeks of sets can tell, are drawn from 0.03 on.
_DRIFT = ((0.0, 0.25, 0.5, 0.75, 1.0), (0.03, 0.045, 0.09, 0.45, 1.4))

_STYLES = ("CK", "EK", "HK")


def geo_passive(stage: Stage) -> Cast:
    """Librate or drift without burns, degrees away."""
    asset, slot = _asset(stage)
    body = debris(stage.random)
    longitude = slot + stage.sign() * stage.spread(2.0, 60.0)
    other = stage.track(body)
    state = geo_state(stage, body, longitude, float(stage.random.uniform(1.0, 14.0)))
    state[3:] *= 1.0 + float(stage.random.normal(0.0, 2e-5))
    other.start(0.0, state)
    other.forward(stage.end_s, [])
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING, nodes=_still("other", "NK"))


def geo_graveyard(stage: Stage) -> Cast:
    """Drift round above the ring, passive, as retired satellites do."""
    asset, slot = _asset(stage)
    body = debris(stage.random)
    longitude = slot + float(stage.random.uniform(10.0, 350.0))
    other = stage.track(body)
    state = geo_state(stage, body, longitude, float(stage.random.uniform(0.5, 14.0)))
    higher = 1.0 + stage.spread(60.0, 400.0) / 42165.0
    state[:3] *= higher
    state[3:] /= np.sqrt(higher)
    other.start(0.0, state)
    other.forward(stage.end_s, [])
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING, nodes=_still("other", "NK"))


def geo_keeping_chemical(stage: Stage) -> Cast:
    """Keep a slot degrees away by chemical burns."""
    return _slot_keeper(stage, ("CK",))


def geo_keeping_electric(stage: Stage) -> Cast:
    """Keep a slot degrees away by electric or hybrid burns."""
    return _slot_keeper(stage, ("EK", "HK"))


def _slot_keeper(stage: Stage, kinds: tuple[str, ...]) -> Cast:
    asset, slot = _asset(stage)
    kind = str(stage.random.choice(kinds))
    wide = kind == "CK" and stage.random.random() < 0.4
    away = slot + stage.sign() * stage.spread(1.5 if wide else 0.3, 25.0)
    other, _ = _kept_to(stage, away, kind, stage.end_s, wide=wide)
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING, nodes=_still("other", kind))


def colocated_chemical(stage: Stage) -> Cast:
    """Share the asset's slot, each kept for itself, chemical."""
    return _colocated(stage, ("CK",))


def colocated_electric(stage: Stage) -> Cast:
    """Share the asset's slot, each kept for itself, electric or hybrid."""
    return _colocated(stage, ("EK", "HK"))


def _colocated(stage: Stage, kinds: tuple[str, ...]) -> Cast:
    asset, slot = _asset(stage)
    kind, offset = str(stage.random.choice(kinds)), stage.sign() * stage.spread(0.03, 0.13)
    other = _near(stage, asset, stage.days(30.0, 60.0), offset, stage.spread(6.0, 30.0))
    style = style_of(stage, kind, inclined=_inclined(stage))
    keep(other, stage, style, stage.end_s, slot + offset)
    keep(other, stage, style, 0.0, slot + offset)
    return Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING, nodes=_still("other", kind))


def geo_docked(stage: Stage) -> Cast:
    """Stay docked, declared, as a life-extension vehicle."""
    asset, _ = _asset(stage)
    other = _near(stage, asset, stage.days(30.0, 60.0), 0.0, 0.0)
    other.body = asset.body
    _follow(other, stage, [(t + 1.0, r, i, c, True) for t, r, i, c, _ in asset.burns])
    cast = Cast(asset, other, Behaviour.PASSIVE_OR_STATION_KEEPING, cooperative=True)
    cast.nodes = _still("other", "CK")
    return cast


def geo_relocation(stage: Stage) -> Cast:
    """Leave a slot and drift away from the asset, to a new slot or on and on."""
    asset, slot = _asset(stage)
    side = stage.sign()
    leave = stage.at_s - stage.days(7.0, 45.0)
    other, style = _kept_to(stage, slot + side * stage.spread(0.3, 15.0), "CK", leave)
    drift = _drift(stage)
    _depart(other, leave, side * drift)
    settle = leave + stage.days(5.0, 40.0)
    nodes = [("other", leave, "EW", "ID", "NK")]
    if settle < stage.at_s:
        other.forward(settle, [])
        _depart(other, settle, 0.0)
        keep(other, stage, style, stage.end_s)
        nodes.append(("other", settle, "EW", "IK", "CK"))
    else:
        other.forward(stage.end_s, [])
    return Cast(asset, other, Behaviour.UNRELATED_ORBIT_CHANGE, nodes=_still("other", "CK") + nodes)


def geo_disposal(stage: Stage) -> Cast:
    """Leave a slot for the graveyard above the ring by several burns."""
    asset, slot = _asset(stage)
    n = int(stage.random.integers(2, 9))
    gap = float(stage.random.integers(1, 5)) * 0.5 * SIDEREAL_DAY_S
    first = stage.at_s - stage.days(6.0, 30.0)
    other, _ = _kept_to(stage, slot + stage.sign() * stage.spread(0.3, 30.0), "CK", first)
    size = stage.spread(0.8, 3.0)
    burns = [(first + 600.0 + k * gap, 0.0, size, 0.0, False) for k in range(n)]
    other.forward(stage.end_s, burns)
    nodes = [*_still("other", "CK"), ("other", first, "EW", "ID", "NK")]
    return Cast(asset, other, Behaviour.UNRELATED_ORBIT_CHANGE, nodes=nodes)


def geo_raising(stage: Stage) -> Cast:
    """Spiral up to the ring by daily electric burns."""
    asset, slot = _asset(stage)
    body = payload(stage.random)
    state = geo_state(stage, body, slot + float(stage.random.uniform(-180.0, 180.0)), 0.5)
    rate, days = stage.spread(0.8, 3.0), float(stage.random.uniform(25.0, 80.0))
    below = 1.0 - rate * days / 3074.66  # a spiral climbs as fast as it would slow down
    state[3:] *= below
    # A circle of that speed lies farther out; the burns raise it, so start lower instead.
    state[:3] *= below**2
    state[3:] /= below**2
    other = stage.track(body)
    other.start(0.0, state)
    first = stage.at_s - days * DAY_S - stage.days(-20.0, 5.0)
    times = np.arange(max(first, DAY_S), stage.at_s, SIDEREAL_DAY_S / 2.0)
    burns = [(float(t), 0.0, rate / 2.0, 0.0, False) for t in times]
    other.forward(stage.end_s, burns)
    nodes = [("other", 0.0, "EW", "SS", "NK"), ("other", float(times[0]), "EW", "ID", "NK")]
    return Cast(asset, other, Behaviour.UNRELATED_ORBIT_CHANGE, nodes=nodes)


def drift_by(stage: Stage) -> Cast:
    """Drift past the asset's slot in the next days, without burns."""
    rate = stage.sign() * _drift(stage)
    return _drifting(stage, rate, stage.spread(2.0, 5.0 + abs(rate / DRIFT_PER_KM)))


def libration_pass(stage: Stage) -> Cast:
    """Pass slowly in a libration about a stable longitude, without burns, tilted by degrees."""
    return _drifting(stage, stage.sign() * stage.spread(0.03, 0.25), 3.0, stage.spread(0.3, 8.0))


def graveyard_pass(stage: Stage) -> Cast:
    """Pass fast on an eccentric orbit above or below the ring that dips to it, without burns."""
    rate = stage.sign() * stage.spread(0.5, 4.0)
    return _crossing(stage, stage.spread(0.1, 3.0), 0.5 * rate / DRIFT_PER_KM / 42165.0)


def _drifting(stage: Stage, rate: float, ring_km: float, tilt_deg: float = 0.0) -> Cast:
    """Meet near the crossing of the asset's longitude; a tilt turns the plane there."""
    asset, _ = _asset(stage)
    roe = _ring(stage, ring_km, float(stage.random.normal(0.0, 10.0)))
    roe[0] = rate / DRIFT_PER_KM
    t, state = beside(asset, stage.at_s + stage.days(0.15, 2.0), roe)
    axes, angle = basis(state), np.radians(tilt_deg)
    speed = axes @ state[3:]
    speed = np.array([speed[0], speed[1] * np.cos(angle), speed[1] * np.sin(angle)])
    other = stage.track(debris(stage.random))
    other.start(t, np.concatenate([state[:3], axes.T @ speed]))
    other.backward(0.0, [])
    other.forward(stage.end_s, [])
    return Cast(asset, other, Behaviour.PASSING_CONJUNCTION, nodes=_still("other", "NK"))


def inclined_crossing(stage: Stage) -> Cast:
    """Cross the asset's slot on an inclined orbit, without burns."""
    return _crossing(stage, stage.spread(1.0, 14.0), float(stage.random.normal(0.0, 2e-4)))


def _crossing(stage: Stage, tilt_deg: float, faster: float) -> Cast:
    """Meet at the asset, tilted to its plane and faster by a share."""
    asset, _ = _asset(stage)
    t = round((stage.at_s + stage.days(0.15, 2.0)) / asset.step_s) * asset.step_s
    here = asset.at(t)
    axes, angle = basis(here), np.radians(stage.sign() * tilt_deg)
    speed = np.linalg.norm(here[3:]) * (1.0 + faster)
    way = np.cos(angle) * axes[1] + np.sin(angle) * axes[2]
    miss = stage.random.normal(0.0, 1.0, 3)
    miss *= stage.spread(0.5, 12.0) / np.linalg.norm(miss)
    other = stage.track(debris(stage.random))
    other.start(t, np.concatenate([here[:3] + miss, speed * way]))
    other.backward(0.0, [])
    other.forward(stage.end_s, [])
    return Cast(asset, other, Behaviour.PASSING_CONJUNCTION, nodes=_still("other", "NK"))


def slot_hop(stage: Stage) -> Cast:
    """Leave a slot and drift to the asset's, where it will stop."""
    return _coming(stage, [stage.sign() * _drift(stage)])


def geo_stepped(stage: Stage) -> Cast:
    """Drift to the asset's slot, slower in steps."""
    first = stage.sign() * max(_drift(stage), 0.15)
    shares = sorted(stage.random.uniform(0.15, 0.7, int(stage.random.integers(1, 3))))
    return _coming(stage, [first * float(share) for share in shares] + [first])


def geo_plane_matching(stage: Stage) -> Cast:
    """Turn the plane into the asset's by burns across the track while drifting to it."""
    return _coming(stage, [stage.sign() * _drift(stage)], tilting=True)


def _coming(stage: Stage, drifts: list[float], *, tilting: bool = False) -> Cast:
    """Build back from the arrival; drifts from the last to the first."""
    asset, _ = _asset(stage)
    arrival = stage.at_s + stage.days(0.3, 5.0)
    offset = stage.sign() * stage.spread(0.01, 0.08)
    other = _near(stage, asset, arrival, offset, stage.spread(4.0, 20.0))
    other.forward(stage.end_s, [])
    turns = _tilts(stage) if tilting else []
    nodes: list[tuple[str, float, str, str, str]] = []
    t = arrival
    for k, drift in enumerate(drifts):
        _arrive(other, t, drift)
        # All but the last leg end before the assessment, well before where only sets can tell.
        ends = stage.at_s - stage.days(4.0, 12.0) * (k + 1)
        if k == len(drifts) - 1:
            ends -= stage.days(2.0, 35.0)
        t = max(min(ends, t - 2.0 * DAY_S), 4.0 * DAY_S)
        other.backward(t, [b for b in turns if t < b[0] < other.low * other.step_s])
        nodes.append(("other", t, "EW", "ID" if k == len(drifts) - 1 else "AD", "NK"))
    _arrive(other, t, 0.0)
    keep(other, stage, style_of(stage, "CK", inclined=tilting or _inclined(stage)), 0.0)
    return Cast(asset, other, Behaviour.APPROACH, nodes=_still("other", "CK") + nodes[::-1])


def _tilts(stage: Stage) -> list[Burn]:
    """Burns across the track at one place of the orbit, before the assessment, latest first."""
    n, size = int(stage.random.integers(2, 7)), stage.spread(1.0, 8.0)
    t = stage.at_s - stage.days(1.0, 4.0)
    out: list[Burn] = []
    for _ in range(n):
        out.append((t, 0.0, 0.0, size, False))
        t -= float(stage.random.integers(1, 5)) * SIDEREAL_DAY_S
    return out


def geo_arrive_stay(stage: Stage) -> Cast:
    """Come to the asset's slot and keep a place tens of kilometres away."""
    asset, slot = _asset(stage)
    offset = stage.sign() * stage.spread(0.01, 0.06)
    other = _near(stage, asset, stage.at_s + stage.days(-2.0, 2.0), offset, stage.spread(3.0, 15.0))
    arrival = stage.at_s - stage.days(6.0, 40.0)
    style = style_of(stage, "CK", inclined=_inclined(stage))
    own = replace(style, east_west_d=0.6 * style.east_west_d)
    keep(other, stage, own, stage.end_s, slot + offset)
    keep(other, stage, own, arrival, slot + offset)
    return _came(stage, asset, other, style)


def geo_circumnavigation(stage: Stage) -> Cast:
    """Come to the asset, then circle it on a ring that its burns are copied to hold."""
    asset, _ = _asset(stage)
    other = _near(stage, asset, stage.at_s - stage.days(0.0, 3.0), 0.0, stage.spread(4.0, 40.0))
    arrival = stage.at_s - stage.days(6.0, 35.0)
    copied = [(t + 300.0, r, i, c, True) for t, r, i, c, _ in asset.burns if t > arrival]
    when, trims = arrival + stage.days(1.0, 5.0), []
    while when < stage.at_s:
        dv = stage.sign() * stage.spread(0.03, 0.1)
        trims += [(when, 0.0, dv, 0.0, False), (when + SIDEREAL_DAY_S, 0.0, -dv, 0.0, False)]
        when += stage.days(3.0, 10.0)
    _follow(other, stage, copied + trims, back_to=arrival)
    return _came(stage, asset, other, style_of(stage, "CK", inclined=_inclined(stage)))


def geo_shadowing(stage: Stage) -> Cast:
    """Repeat the asset's burns a day or two after them, and so stay near."""
    asset, _ = _asset(stage, kinds=("CK",))
    other = _near(
        stage,
        asset,
        stage.at_s - stage.days(0.0, 3.0),
        stage.sign() * 0.02,
        stage.spread(4.0, 25.0),
    )
    delay = float(stage.random.integers(1, 3)) * SIDEREAL_DAY_S
    copied = [(t + delay, r, i, c, bool(np.hypot(i, c) < 0.03)) for t, r, i, c, _ in asset.burns]
    _follow(other, stage, copied)
    return Cast(asset, other, Behaviour.PROXIMITY_STAY, nodes=_still("other", "CK"))


def _came(stage: Stage, asset: Track, other: Track, style: Style) -> Cast:
    """Run an object that stays back through its arrival to the slot where it was before."""
    arrival = other.low * other.step_s
    _arrive(other, arrival, stage.sign() * _drift(stage))
    leave = max(arrival - stage.days(4.0, 30.0), 4.0 * DAY_S)
    other.backward(leave, [])
    _arrive(other, leave, 0.0)
    keep(other, stage, style, 0.0)
    nodes = [("other", leave, "EW", "ID", "NK"), ("other", arrival, "EW", "IK", "CK")]
    return Cast(asset, other, Behaviour.PROXIMITY_STAY, nodes=_still("other", "CK") + nodes)


def geo_breakup(stage: Stage) -> Cast:
    """Break: an impulse in any direction, then more area to the mass."""
    return _broken(stage, [(stage.at_s - stage.days(7.0, 30.0), stage.spread(2.0, 20.0))])


def geo_venting(stage: Stage) -> Cast:
    """Vent: impulses in any direction, one after another."""
    first = stage.at_s - stage.days(10.0, 30.0)
    n = int(stage.random.integers(3, 9))
    times = np.sort(stage.random.uniform(first, stage.at_s - 2.0 * DAY_S, n))
    return _broken(stage, [(float(t), stage.spread(0.3, 4.0)) for t in times])


def geo_leak(stage: Stage) -> Cast:
    """Leak: many small impulses in a direction that wanders."""
    first = stage.at_s - stage.days(8.0, 30.0)
    times = np.arange(first, stage.at_s, stage.days(0.4, 1.5))
    size = stage.spread(0.1, 0.6)
    return _broken(stage, [(float(t), size * stage.spread(0.7, 1.4)) for t in times])


def _broken(stage: Stage, events: list[tuple[float, float]]) -> Cast:
    asset, slot = _asset(stage)
    start = slot + stage.sign() * stage.spread(0.3, 60.0)
    other, _ = _kept_to(stage, start, str(stage.random.choice(_STYLES)), events[0][0])
    burns: list[Burn] = []
    for t, size in events:
        way = stage.random.normal(0.0, 1.0, 3)
        way *= size / np.linalg.norm(way)
        burns.append((t + other.step_s, float(way[0]), float(way[1]), float(way[2]), False))
    more = stage.spread(3.0, 20.0)
    other.body = Body(other.body.drag_m2_kg * more, other.body.light_m2_kg * more)
    other.forward(stage.end_s, burns)
    nodes = [*_still("other", "CK"), ("other", events[0][0], "EW", "ID", "NK")]
    cast = Cast(asset, other, Behaviour.BREAKUP_OR_DECAY, nodes=nodes)
    cast.broken_s = events[0][0]
    return cast


def _inclined(stage: Stage) -> bool:
    """Whether the asset's group leaves its tilt to nature."""
    return stage.group % 2 == 1


def _asset(stage: Stage, kinds: tuple[str, ...] = _STYLES) -> tuple[Track, float]:
    """Return the asset, kept at the slot of its group, and the slot [deg east]."""
    slot = -180.0 + 15.0 * stage.group + float(stage.random.uniform(0.0, 15.0))
    asset, _ = _kept_to(
        stage, slot, str(stage.random.choice(kinds)), stage.end_s, tilted=_inclined(stage)
    )
    return asset, slot


def _kept_to(
    stage: Stage,
    slot_deg: float,
    kind: str,
    stop_s: float,
    *,
    tilted: bool | None = None,
    wide: bool = False,
) -> tuple[Track, Style]:
    """Return a satellite kept at a slot from the start to a time."""
    body, inclined = (
        payload(stage.random),
        stage.random.random() < 0.4 if tilted is None else tilted,
    )
    tilt = float(stage.random.uniform(0.6, 6.0) if inclined else stage.random.uniform(0.005, 0.07))
    track, style = stage.track(body), style_of(stage, kind, inclined=inclined, wide=wide)
    track.start(0.0, geo_state(stage, body, slot_deg, tilt))
    track.forward(1.1 * DAY_S, [])
    keep(track, stage, style, stop_s, slot_deg)
    return track, style


def _near(stage: Stage, asset: Track, t_s: float, offset_deg: float, ring_km: float) -> Track:
    """Return an object beside the asset, run two days each way from its anchor."""
    t, state = beside(asset, t_s, _ring(stage, ring_km, offset_deg * KM_PER_DEG))
    other = stage.track(payload(stage.random))
    other.start(t, state)
    return other


def _ring(stage: Stage, size_km: float, along_km: float) -> F64:
    angle = float(stage.random.uniform(0.0, 2.0 * np.pi))
    tilt, across = angle + float(stage.random.normal(0.0, 0.3)), size_km * stage.spread(0.3, 1.2)
    e, i = (np.cos(angle), np.sin(angle)), (np.cos(tilt), np.sin(tilt))
    return np.array([0.0, along_km, size_km * e[0], size_km * e[1], across * i[0], across * i[1]])


def _follow(other: Track, stage: Stage, burns: list[Burn], *, back_to: float = 0.0) -> None:
    anchor = other.low * other.step_s
    other.forward(stage.end_s, [b for b in burns if b[0] > anchor])
    other.backward(back_to, [b for b in burns if back_to < b[0] <= anchor])


def _drift(stage: Stage) -> float:
    return float(np.interp(stage.random.random(), *_DRIFT))


def _depart(track: Track, t_s: float, rate: float) -> None:
    """Burn at the end of a run forward so that the longitude drifts at a rate [deg/day]."""
    _, now, _ = measured(track, forward=True)
    burn = (t_s + 0.3 * track.step_s, 0.0, (rate - now) / DRIFT_PER_M_S, 0.0, False)
    track.forward(t_s + 2.0 * track.step_s, [burn])


def _arrive(track: Track, t_s: float, rate: float) -> None:
    """Burn at the end of a run backward so that the longitude drifted at a rate before."""
    if (track.high - track.low) * track.step_s < DAY_S:
        track.forward(min(track.high * track.step_s + 1.2 * DAY_S, _last(track)), [])
    _, now, _ = measured(track, forward=False)
    burn = (t_s - 0.3 * track.step_s, 0.0, (now - rate) / DRIFT_PER_M_S, 0.0, False)
    track.backward(t_s - 2.0 * track.step_s, [burn])


def _last(track: Track) -> float:
    return (len(track.states) - 1) * track.step_s


def _still(role: str, kind: str) -> list[tuple[str, float, str, str, str]]:
    """Labels of the start of study in both directions."""
    return [(role, 0.0, "EW", "SS", kind), (role, 0.0, "NS", "SS", kind)]


POLICIES: dict[str, Callable[[Stage], Cast]] = {
    one.__name__: one
    for one in (
        geo_passive,
        geo_graveyard,
        geo_keeping_chemical,
        geo_keeping_electric,
        colocated_chemical,
        colocated_electric,
        geo_docked,
        geo_relocation,
        geo_disposal,
        geo_raising,
        drift_by,
        libration_pass,
        graveyard_pass,
        inclined_crossing,
        slot_hop,
        geo_stepped,
        geo_plane_matching,
        geo_arrive_stay,
        geo_circumnavigation,
        geo_shadowing,
        geo_breakup,
        geo_venting,
        geo_leak,
    )
}
"""Families near the geostationary ring by name."""
