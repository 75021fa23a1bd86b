"""What the tools of this room found, in complete sentences with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skywright.neo.pha import H_LIMIT, MOID_LIMIT_AU
from skywright.orbits.constants import AU_KM

_CLASSES = {
    "IEO": "Atira, whose whole orbit lies inside the Earth's",
    "ATE": "Aten, whose orbit crosses the Earth's with a semi-major axis below 1 au",
    "APO": "Apollo, whose orbit crosses the Earth's with a semi-major axis above 1 au",
    "AMO": "Amor, whose orbit comes near the Earth's from outside",
}
_MOST_APPROACHES = 6
_TELLING = " Nearest in orbit and size"


def assessed_text(known: Mapping[str, Any]) -> str:
    """Put an assessment into sentences, one a line.

    Parameters
    ----------
    known : mapping
        The columns of an assessment of one object [au, km, mag]; None where unknown.
    """
    lines = [_hazard(known), _likely(known), _kind(known), _size(known), _triage(known)]
    epoch = f", elements at JD {known['epoch_jd_tdb']} TDB" if known.get("epoch_jd_tdb") else ""
    if known.get("provenance"):
        lines.append(f"The orbit is {known['provenance']}{epoch}.")
    return "\n".join(line for line in lines if line)


def simulated_text(result: Mapping[str, Any]) -> str:
    """Put the answer of `simulate` into sentences, one a line."""
    name = _called(result["object"])
    source = result["object"].get("source")
    lines = [f"The orbit of {name} is {source}."] if source else []
    lines += _report(f"As it is, {name}", result["baseline"])
    if result["changed"] is not None:
        lines += _report(f"After the change, {name}", result["changed"])
        lines += _moved(result["difference"])
    return "\n".join([*lines, *result["notes"], *result["assumptions"]])


def anomalies_text(objects: Sequence[Mapping[str, Any]], searched: int) -> str:
    """Put the most unusual objects into sentences, one object a line.

    Parameters
    ----------
    objects : sequence of mapping
        The most unusual first, with ``explanation``.
    searched : int
        Objects of the catalogue that were compared.
    """
    noun = "object is" if len(objects) == 1 else "objects are"
    first = f"Of {searched:,} known near-Earth objects of the catalogue in use, {len(objects)} "
    lines = [f"{first}{noun} the most unusual by orbit, size and behaviour."]
    lines += [f"{_called(one)}: {one['explanation'].partition(_TELLING)[0]}" for one in objects]
    return "\n".join(lines)


def _called(known: Mapping[str, Any]) -> str:
    name, designation = known.get("name"), known.get("designation") or "the object"
    if not name or name in designation:
        return str(designation)
    return f"{name} ({designation})"


def _hazard(known: Mapping[str, Any]) -> str:
    name, moid, h = _called(known), known.get("moid_au"), known.get("h_mag")
    if moid is None:
        return f"The distance of the orbit of {name} from the Earth's is not known."
    near = f"its orbit comes within {moid:.6f} au ({moid * AU_KM:,.0f} km) of the Earth's (MOID)"
    limits = f"at most {MOID_LIMIT_AU} au and H of at most {H_LIMIT:g} mag"
    if known.get("is_pha") is None or h is None:
        return f"Of {name}, {near}; without H it cannot be told whether it is hazardous."
    verdict = "counts" if known["is_pha"] else "does not count"
    return (
        f"{name} {verdict} as potentially hazardous: {near} and its absolute magnitude is "
        f"H = {h:.2f} mag; the definition asks for {limits}."
    )


def _likely(known: Mapping[str, Any]) -> str:
    if known.get("p_pha") is None:
        return ""
    return (
        "With the uncertainties of orbit and H, the probability that it meets this definition is "
        f"{known['p_pha']:.3g}; that is no probability of an impact."
    )


def _kind(known: Mapping[str, Any]) -> str:
    code = str(known.get("orbit_class") or "")
    return f"Its orbit is of the class {code} ({_CLASSES[code]})." if code in _CLASSES else (
        f"Its orbit is of the class {code}." if code else ""
    )  # fmt: skip


def _size(known: Mapping[str, Any]) -> str:
    low, middle, high = (known.get(f"diameter_km_p{k}") for k in (16, 50, 84))
    if low is None or middle is None or high is None:
        return "Its size is not known."
    return (
        f"Its diameter is about {1000 * middle:,.3g} m ({1000 * low:,.3g} to {1000 * high:,.3g} m, "
        "68 % interval)."
    )


def _triage(known: Mapping[str, Any]) -> str:
    if known.get("sentry_triage") is None:
        return ""
    return (
        "The probability that it stands on JPL's Sentry list of possible impacts some years later "
        f"is estimated as {known['sentry_triage']:.2g} from its orbit and size."
    )


def _report(who: str, report: Mapping[str, Any]) -> list[str]:
    el = report["elements"]
    orbit = (
        f"q = {el['q_au']:.6f} au, e = {el['e']:.6f} and i = {el['i_deg']:.4f} degrees "
        f"(class {el['orbit_class']})"
    )
    near = f"within {report['moid_au']:.7f} au of the Earth's (MOID)"
    lines = [f"{who} has an orbit with {orbit} that comes {near}."]
    nearest = sorted(report["approaches"], key=lambda row: float(row["dist_au"]))
    shown = sorted(nearest[:_MOST_APPROACHES], key=lambda row: float(row["jd_tdb"]))
    lines += [_approach(row) for row in shown]
    hidden = len(nearest) - len(shown)
    if hidden:
        lines.append(f"{hidden} more approaches, farther than these, are in the values.")
    for level, found in (report.get("impact_probability") or {}).items():
        method = level.replace("_", " ")
        lines.append(f"The probability of an impact ({method}) is {found['probability']:.3g}.")
    effects = report.get("impact_effects")
    if effects:
        energy = f"{effects['energy_mt']:.4g} Mt of TNT"
        lines.append(f"An impact would release {energy}; the outcome: {effects['outcome']}.")
    return lines + _deflection(report.get("deflection"))


def _approach(row: Mapping[str, Any]) -> str:
    body = "the Moon" if row["body"] == "moon" else str(row["body"]).capitalize()
    does = "hits" if row["impact"] else "passes"
    speed = row.get("v_rel_km_s")
    at = "" if speed is None else f" at {speed:.2f} km/s"
    where = f"{row['dist_km']:,.0f} km ({row['dist_au']:.6f} au) from its centre"
    return f"On {row['calendar_tdb']} TDB it {does} {body}{at}, {where}."


def _deflection(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    if found["least_m_s"] == 0:
        return ["No change of velocity is needed to miss: the nominal orbit misses."]
    along = found["along_track_m_s"]
    least = f"{found['least_m_s']:.4g} m/s in the best direction"
    lines = [f"To miss, the velocity would have to change by at least {least}."]
    if along is not None:
        lines.append(f"Along the track, {along:+.4g} m/s would do.")
    if "kinetic_impactor_m_s" in found:
        lines.append(f"The kinetic impactor gives {found['kinetic_impactor_m_s']:.4g} m/s.")
    return lines


def _moved(difference: Mapping[str, Any]) -> list[str]:
    lines = [f"The change moves the MOID by {difference['moid_au']:+.3e} au."]
    for row in difference["approaches"][:_MOST_APPROACHES]:
        body = "the Moon" if row["body"] == "moon" else str(row["body"]).capitalize()
        lines.append(
            f"The distance from {body} on {row['calendar_tdb']} TDB changes by "
            f"{row['dist_km']:+,.1f} km and the moment by {row['shift_d'] * 1440:+.2f} min."
        )
    return lines
