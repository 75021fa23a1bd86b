"""The impact part of a "what if": probability on three levels, target plane, energy, effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from skywright.neo.edited_orbit import Trajectory
from skywright.neo.effects import effects
from skywright.neo.physical import Physical
from skywright.neo.ray_pool import flyer_on
from skywright.neo.simulate_request import SimulateRequest
from skywright.orbits.constants import GM_KM3_S2, RADIUS_KM
from skywright.orbits.deflection import delta_v_to_miss, kinetic_impactor_m_s
from skywright.orbits.impact_linear import LinearResult, linear_probability
from skywright.orbits.impact_lov import lov_probability
from skywright.orbits.impact_monte_carlo import monte_carlo_probability
from skywright.orbits.impact_search import Search, Watch, find_impacts, fly
from skywright.orbits.risk import impact_energy_mt, palermo_scale, torino_scale
from skywright.orbits.timescales import jd_tdb_from_text
from skywright.settings import get_settings

_YEAR_D = 365.25
_LOV_POINTS = 300
_DRAWN_CLONES = 400
_PALERMO = """log10(IP / (fB dT)) with fB = 0.03 E^-0.8 per year, E in Mt, dT from the first date \
of the search to the rated passage"""


@dataclass(frozen=True, slots=True)
class Look:
    """How far a request looks, and who is watching."""

    request: SimulateRequest
    """What was asked."""
    start_jd_tdb: float
    """First date of the list of approaches [JD TDB]."""
    stop_jd_tdb: float
    """Last date [JD TDB]."""
    progress: Callable[[str, int, int], None] | None = None
    """Called as ``progress(stage, done, of)``."""
    cancelled: Callable[[], bool] | None = None
    """Asked between slices of work."""

    def watch(self, stage: str) -> Watch:
        """Return the watch of one stage of the work."""
        progress = self.progress
        if progress is None:
            return Watch(None, self.cancelled)
        return Watch(lambda done, of: progress(stage, done, of), self.cancelled)

    def search(self, trajectory: Trajectory) -> Search:
        """Return the search for impacts from the epoch of an orbit to the last date."""
        nongrav = trajectory.orbits.nongrav[0]
        return Search(
            body=self.request.body,
            years=max((self.stop_jd_tdb - trajectory.epoch_jd_tdb) / _YEAR_D, 1e-3),
            nongrav=(float(nongrav[0]), float(nongrav[1]), float(nongrav[2])),
        )


def impact_report(
    trajectory: Trajectory,
    physical: Physical,
    look: Look,
    approaches: list[dict[str, Any]],
    name: str,
) -> dict[str, Any]:
    """Report on impacts of one orbit.

    Returns
    -------
    dict
        ``impact`` (time and speed if the nominal orbit hits), ``impact_probability`` (one entry a
        level, None without covariance), ``target_plane``, ``impact_effects``, ``risk`` and, where
        it was asked for, ``deflection``.
    """
    search = look.search(trajectory)
    plane: dict[str, Any] | None = None
    levels: dict[str, Any] | None = None
    if trajectory.cloud is None:
        flight = find_impacts(trajectory.orbits.states, trajectory.epoch_jd_tdb, search)
        hit_jd = float(flight.jd_tdb[0]) if flight.hit[0] else float("nan")
        hit_speed = float(flight.speed_km_s[0])
    else:
        linear = linear_probability(trajectory.cloud, search)
        levels = _levels(trajectory, look, search, linear, name)
        plane = _target_plane(linear, look.request.seed)
        hit_jd, hit_speed = linear.nominal_jd_tdb, linear.nominal_speed_km_s
    impact = None
    if np.isfinite(hit_jd):
        impact = {"body": look.request.body, "jd_tdb": hit_jd, "v_imp_km_s": hit_speed}
    speed = _speed(impact, approaches, look.request.body)
    return {
        "impact": impact,
        "impact_probability": levels,
        "target_plane": plane,
        "impact_effects": _effects(physical, look, speed, impact),
        "risk": _risk(physical, look, speed, (levels, plane, impact)),
        "deflection": _deflection(trajectory, physical, look) if look.request.deflection else None,
    }


def _deflection(trajectory: Trajectory, physical: Physical, look: Look) -> dict[str, Any]:
    """Tell the push that misses, and the one a kinetic impactor gives."""
    request = look.request
    at = look.start_jd_tdb if request.at is None else jd_tdb_from_text(request.at)
    at = max(at, trajectory.epoch_jd_tdb)
    search = replace(look.search(trajectory), years=max((look.stop_jd_tdb - at) / _YEAR_D, 1e-3))
    found = delta_v_to_miss(trajectory.state, trajectory.epoch_jd_tdb, at, search)
    told = {key: _plain(value) for key, value in asdict(found).items()}
    if physical.mass_kg is not None:
        push = kinetic_impactor_m_s(
            physical.mass_kg, request.spacecraft_kg, request.spacecraft_km_s, request.beta
        )
        told["kinetic_impactor_m_s"] = push
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _levels(
    trajectory: Trajectory, look: Look, search: Search, linear: LinearResult, name: str
) -> dict[str, Any]:
    request, cloud = look.request, trajectory.cloud
    assert cloud is not None  # noqa: S101  (the caller has seen the covariance)
    found: dict[str, Any] = {
        "linear": {
            "probability": linear.probability,
            "assumes": "Gaussian uncertainty that maps linearly to the target plane",
        }
    }
    if "lov" in request.levels:
        line = lov_probability(
            cloud,
            search,
            direction=linear.weak_direction,
            points=_LOV_POINTS,
            watch=look.watch(f"{name}: line of variations"),
        )
        found["lov"] = {
            "probability": line.probability,
            "virtual_impactors": [asdict(one) for one in line.impactors],
            "assumes": "uncertainty concentrated along one curved line, sampled to 5 sigma",
        }
    if request.clones or "monte_carlo" in request.levels:
        clones = request.clones or 1000
        counted = monte_carlo_probability(
            cloud,
            search,
            clones=clones,
            seed=request.seed,
            watch=look.watch(f"{name}: Monte Carlo"),
            flyer=flyer_on(address) if (address := get_settings().ray_address) else fly,
        )
        found["monte_carlo"] = {
            "probability": counted.probability,
            "low": counted.low,
            "high": counted.high,
            "n_samples": counted.n_samples,
            "seed": counted.seed,
            "assumes": "Gaussian uncertainty at the epoch; Clopper-Pearson interval of 95 %",
        }
    return found


def _target_plane(linear: LinearResult, seed: int) -> dict[str, Any] | None:
    """Describe the passage most likely to hit, or else the nearest one."""
    if not linear.passages:
        return None
    passage = max(
        linear.passages, key=lambda one: (one.probability, -float(np.linalg.norm(one.point)))
    )
    z = np.random.default_rng(seed).standard_normal((_DRAWN_CLONES, 6))
    clones = (passage.point + z @ passage.jacobian.T) * passage.capture_km
    minor, major = passage.sigmas_km
    return {
        "jd_tdb": passage.jd_tdb,
        "xi_km": float(passage.point[0] * passage.capture_km),
        "zeta_km": float(passage.point[1] * passage.capture_km),
        "sigma_minor_km": minor,
        "sigma_major_km": major,
        "capture_radius_km": passage.capture_km,
        "clones_xi_km": clones[:, 0].tolist(),
        "clones_zeta_km": clones[:, 1].tolist(),
    }


def _speed(
    impact: dict[str, Any] | None, approaches: list[dict[str, Any]], body: str
) -> float | None:
    """Speed at the surface: of the nominal impact, else of the closest passage made to hit."""
    if impact is not None:
        return float(impact["v_imp_km_s"])
    mine = [row for row in approaches if row["body"] == body and row["v_inf_km_s"] is not None]
    if not mine:
        return None
    v_inf = min(mine, key=lambda row: float(row["dist_au"]))["v_inf_km_s"]
    return float(np.sqrt(v_inf**2 + 2 * GM_KM3_S2[body] / RADIUS_KM[body]))


def _effects(
    physical: Physical, look: Look, speed: float | None, impact: dict[str, Any] | None
) -> dict[str, Any] | None:
    if look.request.body != "earth" or speed is None or physical.diameter_km is None:
        return None
    found = effects(physical.diameter_km, physical.density_kg_m3, speed, look.request.angle_deg)
    return {
        "hypothetical": impact is None,
        "speed_km_s": speed,
        "angle_deg": look.request.angle_deg,
        **asdict(found),
    }


def _risk(
    physical: Physical,
    look: Look,
    speed: float | None,
    found: tuple[dict[str, Any] | None, dict[str, Any] | None, dict[str, Any] | None],
) -> dict[str, Any] | None:
    """Rate the impact on the Palermo and Torino scales; None if it cannot be rated."""
    levels, plane, impact = found
    if look.request.body != "earth" or speed is None or physical.mass_kg is None:
        return None
    if levels is None and impact is None:
        return None
    chance = 1.0 if levels is None else _best(levels)
    energy = float(impact_energy_mt(physical.mass_kg, speed))
    when = impact["jd_tdb"] if impact is not None else plane["jd_tdb"] if plane else None
    wait_yr = ((when or look.stop_jd_tdb) - look.start_jd_tdb) / _YEAR_D
    rated = chance > 0 and wait_yr > 0
    return {
        "probability": chance,
        "energy_mt": energy,
        "palermo": float(palermo_scale(chance, energy, wait_yr)) if rated else None,
        "palermo_definition": _PALERMO,
        "torino": int(torino_scale(chance, energy)),
    }


def _best(levels: dict[str, Any]) -> float:
    """Return the probability of the most faithful level that was asked for and found a hit."""
    chances = [
        levels[key]["probability"] for key in ("monte_carlo", "lov", "linear") if key in levels
    ]
    return float(next((chance for chance in chances if chance > 0), 0.0))
