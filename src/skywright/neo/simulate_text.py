"""A "what if" answer as lines for a terminal."""

from __future__ import annotations

from typing import Any

_MOST_APPROACHES = 12


def as_text(result: dict[str, Any]) -> str:
    """Return the answer of :func:`skywright.neo.simulate.simulate` for reading."""
    lines = [_title(result["object"])]
    for name in ("baseline", "changed"):
        if result[name] is not None:
            lines += ["", name.upper(), *_report_lines(result[name])]
    if result["difference"] is not None:
        lines += ["", "DIFFERENCE", *_difference_lines(result["difference"])]
    lines += ["", *(f"* {text}" for text in [*result["notes"], *result["assumptions"]])]
    return "\n".join(lines)


def _title(about: dict[str, Any]) -> str:
    names = [str(about[key]) for key in ("designation", "name") if about.get(key)]
    source = f" - orbit: {about['source']}" if about.get("source") else ""
    return " ".join(dict.fromkeys(names)) + source


def _report_lines(report: dict[str, Any]) -> list[str]:
    el = report["elements"]
    size = f"a = {el['a_au']:.6f} au, " if el["a_au"] is not None else ""
    shape = f"{size}q = {el['q_au']:.6f} au, e = {el['e']:.6f}, i = {el['i_deg']:.4f} deg"
    lines = [
        f"  {el['orbit_class']}: {shape}",
        f"  MOID {report['moid_au']:.7f} au" + _second(report["moid2_au"]),
    ]
    lines += [_approach_line(row) for row in report["approaches"][:_MOST_APPROACHES]]
    hidden = len(report["approaches"]) - _MOST_APPROACHES
    if hidden > 0:
        lines.append(f"  ... {hidden} more approaches (--json shows all)")
    return lines + _impact_lines(report)


def _second(moid2_au: float | None) -> str:
    return "" if moid2_au is None else f", second minimum {moid2_au:.7f} au"


def _approach_line(row: dict[str, Any]) -> str:
    what = "IMPACT on" if row["impact"] else "passes"
    return (
        f"  {row['calendar_tdb']} TDB {what} {row['body']} at {row['dist_km']:,.0f} km "
        f"({row['dist_au']:.6f} au), {row['v_rel_km_s']:.2f} km/s"
    )


def _impact_lines(report: dict[str, Any]) -> list[str]:
    lines = []
    for level, found in (report.get("impact_probability") or {}).items():
        text = f"{found['probability']:.3g}"
        if "low" in found:
            text += f" ({found['low']:.3g} to {found['high']:.3g}, N = {found['n_samples']}"
            text += f", seed {found['seed']})"
        lines.append(f"  impact probability, {level}: {text}")
    effects = report.get("impact_effects")
    if effects:
        lines.append(
            f"  an impact would release {effects['energy_mt']:.4g} Mt: {effects['outcome']}"
        )
    return lines + _deflection_lines(report.get("deflection"))


def _deflection_lines(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    if found["least_m_s"] == 0:
        return ["  delta-v to miss: none, the nominal orbit misses"]
    along = found["along_track_m_s"]
    text = (
        "no push along the track would do" if along is None else f"{along:+.4g} m/s along the track"
    )
    lines = [f"  delta-v to miss: {text}, at least {found['least_m_s']:.4g} m/s in any direction"]
    if "kinetic_impactor_m_s" in found:
        lines.append(f"  the kinetic impactor gives {found['kinetic_impactor_m_s']:.4g} m/s")
    return lines


def _difference_lines(difference: dict[str, Any]) -> list[str]:
    lines = [f"  MOID {difference['moid_au']:+.3e} au"]
    lines += [
        f"  {row['calendar_tdb']} {row['body']}: {row['dist_km']:+,.1f} km, "
        f"{row['shift_d'] * 1440:+.2f} min"
        for row in difference["approaches"]
    ]
    return lines
