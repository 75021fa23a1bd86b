"""What is told of one orbit in a "what if": elements, crossing, approaches, impact."""

from __future__ import annotations

from typing import Any

import numpy as np

from skywright.neo.edited_orbit import Trajectory
from skywright.neo.orbit_polyline import orbit_polyline
from skywright.neo.physical import Physical
from skywright.neo.simulate_impact import Look, impact_report
from skywright.orbits.approaches import find_approaches
from skywright.orbits.constants import AU_KM
from skywright.orbits.elements import mean_anomaly
from skywright.orbits.moid import moid
from skywright.orbits.timescales import calendar_from_jd

_SAME_ENCOUNTER_D = 20.0


def report(trajectory: Trajectory, physical: Physical, look: Look, name: str) -> dict[str, Any]:
    """Report on one orbit; ``name`` is ``baseline`` or ``changed`` and labels the progress."""
    start = max(look.start_jd_tdb, trajectory.epoch_jd_tdb) if name == "changed" else None
    approaches = _approaches(trajectory, look, start or look.start_jd_tdb)
    elements, points = _elements(trajectory), look.request.orbit_points
    return {
        "elements": elements,
        "orbit_au": orbit_polyline(elements, points).tolist() if points else None,
        **_crossing(trajectory),
        "approaches": approaches,
        "physical": _physical(physical),
        **impact_report(trajectory, physical, look, approaches, name),
    }


def _elements(trajectory: Trajectory) -> dict[str, Any]:
    from skywright.neo.features import orbit_class

    el = trajectory.orbits.elements
    q, e = float(el.q_au[0]), float(el.e[0])
    bound = e < 1
    a = q / (1 - e) if e != 1 else None
    M = np.degrees(mean_anomaly(el, trajectory.orbits.epoch_jd_tdb)[0]) if bound else None
    return {
        "epoch_jd_tdb": trajectory.epoch_jd_tdb,
        "a_au": a,
        "q_au": q,
        "aphelion_au": q * (1 + e) / (1 - e) if bound else None,
        "e": e,
        "i_deg": float(np.degrees(el.i[0])),
        "node_deg": float(np.degrees(el.node[0])),
        "peri_deg": float(np.degrees(el.peri[0])),
        "tp_jd_tdb": float(el.tp_jd_tdb[0]),
        "mean_anomaly_deg": None if M is None else float(M) % 360.0,
        "period_d": None if a is None or not bound else float(365.256898 * a**1.5),
        "orbit_class": orbit_class(el.q_au, el.e, el.i, comet=np.array([False]))[0],
        "bound": bound,
    }


def _crossing(trajectory: Trajectory) -> dict[str, Any]:
    found = moid(trajectory.orbits.elements, trajectory.orbits.epoch_jd_tdb)
    el = trajectory.orbits.elements
    q, e, peri = float(el.q_au[0]), float(el.e[0]), float(el.peri[0])
    nodes = {}
    for node, nu in (("ascending", -peri), ("descending", np.pi - peri)):
        r = 1 + e * np.cos(nu)
        nodes[node] = float(q * (1 + e) / r) if r > 0 else None
    return {
        "moid_au": float(found.moid_au[0]),
        "moid2_au": _finite(found.moid2_au[0]),
        "moid_nu_deg": float(np.degrees(found.nu[0])),
        "moid_earth_nu_deg": float(np.degrees(found.body_nu[0])),
        "node_distances_au": nodes,
    }


def _approaches(trajectory: Trajectory, look: Look, start: float) -> list[dict[str, Any]]:
    found = find_approaches(
        trajectory.orbits.states,
        trajectory.orbits.epoch_jd_tdb,
        start,
        look.stop_jd_tdb,
        look.request.within_au,
        model=trajectory.model,
    )
    rows = [
        {
            "body": str(found.body[k]),
            "jd_tdb": float(found.jd_tdb[k]),
            "calendar_tdb": calendar_from_jd(float(found.jd_tdb[k])),
            "dist_au": float(found.dist_au[k]),
            "dist_km": float(found.dist_au[k]) * AU_KM,
            "v_rel_km_s": _finite(found.v_rel_km_s[k]),
            "v_inf_km_s": _finite(found.v_inf_km_s[k]),
            "b_xi_km": _finite(found.b_xi_km[k]),
            "b_zeta_km": _finite(found.b_zeta_km[k]),
            "impact": bool(found.impact[k]),
        }
        for k in range(len(found.jd_tdb))
    ]
    return sorted(rows, key=lambda row: float(str(row["jd_tdb"])))


def _physical(physical: Physical) -> dict[str, Any]:
    return {
        "diameter_km": physical.diameter_km,
        "density_kg_m3": physical.density_kg_m3,
        "mass_kg": physical.mass_kg,
    }


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return changed minus baseline for what both reports hold."""
    return {
        "moid_au": after["moid_au"] - before["moid_au"],
        "elements": {
            name: after["elements"][name] - value
            for name, value in before["elements"].items()
            if isinstance(value, float) and isinstance(after["elements"][name], float)
        },
        "approaches": _moved_approaches(before["approaches"], after["approaches"]),
    }


def _moved_approaches(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Pair each approach with the nearest in time of the changed orbit, and tell the shift."""
    moved = []
    for old in before:
        near = [
            new
            for new in after
            if new["body"] == old["body"] and abs(new["jd_tdb"] - old["jd_tdb"]) < _SAME_ENCOUNTER_D
        ]
        if not near:
            continue
        new = min(near, key=lambda row: abs(row["jd_tdb"] - old["jd_tdb"]))
        moved.append(
            {
                "body": old["body"],
                "calendar_tdb": old["calendar_tdb"],
                "shift_d": new["jd_tdb"] - old["jd_tdb"],
                "dist_km": new["dist_km"] - old["dist_km"],
                **{
                    axis: None if None in (new[axis], old[axis]) else new[axis] - old[axis]
                    for axis in ("b_xi_km", "b_zeta_km")
                },
            }
        )
    return moved


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
