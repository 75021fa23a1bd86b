"""Oddities with a name: what physics calls unusual, each with a sentence and its rarity.

A generic detector of outliers ranks an Atira or a horseshoe behind ordinary objects with rounded
corners; people ask for these by name. Each rule compares one quantity with one limit. Its rarity is
-log10 of the share of catalogued near-Earth objects that are at least as extreme in that quantity.

References
----------
.. [1] Levison (1996), ASP Conf. Ser. 107, 173 (Tisserand parameter 3 between asteroids and comets).
.. [2] Pravec & Harris (2000), Icarus 148, 12 (the spin barrier at 2.2 h for bodies over 0.2 km).
.. [3] Seligman et al. (2023), PSJ 4, 35; Farnocchia et al. (2023), PSJ 4, 29 (dark comets).
.. [4] Farnocchia et al. (2021), Icarus 369, 114594 (Yarkovsky drift of Bennu).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.neo.coorbital import Coorbital
from skywright.neo.novelty import NoveltyModel
from skywright.neo.novelty_features import Population

F64 = npt.NDArray[np.float64]

FAST_ROTATION_H = 2.2
"""Spin barrier [h]: a strengthless body of more than 0.2 km flies apart if it turns faster [2]."""

SPIN_BARRIER_KM = 0.2
"""Diameter above which the spin barrier holds [km]."""

YARKOVSKY_LIMIT = 1e-13
"""Largest |A2| D explained by heat alone [au/d^2 km]: five times Bennu's, 4.6e-14 x 0.49 [4]."""

OUT_OF_PLANE_LIMIT = 1e-12
"""Largest |A3| explained by radiation [au/d^2]: heat and light push within the orbital plane."""

_BEYOND = 2.0  # a rarity may exceed that of one object in the catalogue by so much, no more

INTERSTELLAR_E = 1.06
"""Eccentricity that planets hardly give a member of the Solar System: the most hyperbolic comet of
its own, C/1980 E1, left Jupiter with 1.057; 1I, 2I and 3I came with 1.20, 3.36 and 6.14."""

_FOREIGN = "It came from outside the Solar System, unless a planet has just thrown it out."
_OORT = "So small an excess is usual for comets from the Oort cloud, nudged by the planets."

DARK_COMETS = {
    "1998 KY26": "Seligman et al. 2023",
    "2003 RM": "Farnocchia et al. 2023",
    "2005 VL1": "Seligman et al. 2023",
    "2006 RH120": "Seligman et al. 2023",
    "2010 RF12": "Seligman et al. 2023",
    "2010 VL65": "Seligman et al. 2023",
    "2016 NJ33": "Seligman et al. 2023",
}
"""Objects reported to accelerate without heat or light explaining it, and where [3]."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One quantity with one limit."""

    name: str
    """Identifier, as it appears in ``oddities``."""
    feature: str
    """Quantity that is compared, a key of the physical features."""
    limit: float
    """Where the oddity begins."""
    low: bool
    """True if small values are odd."""
    sentence: str
    """What to say; ``{value}`` is the quantity and ``{share}`` the percentage as extreme."""

    def holds(self, value: F64) -> npt.NDArray[np.bool_]:
        """Tell which values are odd; unknown and infinite ones are not."""
        odd = value < self.limit if self.low else value > self.limit
        return np.asarray(odd & np.isfinite(value))

    def oriented(self, value: F64) -> F64:
        """Turn the quantity so that larger means odder."""
        return -value if self.low else value


RULES = (
    Rule(
        "retrograde",
        "i_deg",
        90.0,
        False,
        "Inclination {value:.1f} deg: it goes round the Sun against the planets ({share} of "
        "near-Earth objects).",
    ),
    Rule(
        "comet_like_asteroid",
        "tisserand_jupiter",
        3.0,
        True,
        "Tisserand parameter to Jupiter {value:.2f} is below 3, as for comets ({share} are lower).",
    ),
    Rule(
        "distant_aphelion",
        "aphelion_au",
        15.0,
        False,
        "Aphelion at {value:.1f} au, far beyond Saturn ({share} go as far).",
    ),
    Rule(
        "atira",
        "aphelion_au",
        0.983,
        True,
        "Aphelion at {value:.3f} au: the whole orbit lies inside the Earth's ({share}).",
    ),
    Rule(
        "inside_venus",
        "aphelion_au",
        0.7184,
        True,
        "Aphelion at {value:.3f} au: the whole orbit lies inside that of Venus ({share}).",
    ),
    Rule(
        "extreme_low_q",
        "q_au",
        0.2,
        True,
        "Perihelion at {value:.3f} au, deep inside Mercury's 0.307 au ({share} come closer to the "
        "Sun).",
    ),
    Rule(
        "extreme_small_a",
        "a_au",
        0.6,
        True,
        "Semi-major axis {value:.3f} au, among the smallest known ({share} are smaller).",
    ),
    Rule(
        "minimoon_or_artificial_like",
        "earth_distance",
        0.12,
        True,
        "The orbit differs from the Earth's by only D = {value:.3f} (Southworth-Hawkins): easily "
        "captured for a while, or a returned spacecraft ({share} are closer).",
    ),
    Rule(
        "very_large",
        "diameter_km",
        5.0,
        False,
        "About {value:.1f} km across, among the largest near-Earth objects ({share} are larger).",
    ),
    Rule(
        "outside_definition",
        "q_au",
        1.31,
        False,
        "Perihelion at {value:.2f} au: no near-Earth object by definition (q < 1.3 au).",
    ),
)
"""Rules with one quantity, which the catalogue itself can rank."""

COORBITAL_SENTENCES = {
    "quasi_satellite": "Quasi-satellite of the Earth: lambda - lambda_Earth swings between "
    "{low:.0f} and {high:.0f} deg.",
    "horseshoe": "Horseshoe companion of the Earth: lambda - lambda_Earth turns back at {low:.0f} "
    "and {high:.0f} deg.",
    "compound": "Co-orbital with the Earth, horseshoe and quasi-satellite in turn: "
    "lambda - lambda_Earth runs between {low:.0f} and {high:.0f} deg.",
    "earth_trojan": "Trojan of the Earth: lambda - lambda_Earth swings between {low:.0f} and "
    "{high:.0f} deg, about the {point} point.",
}
"""What to say of each co-orbital state."""


@dataclass(slots=True)
class Named:
    """Oddities of one object."""

    names: list[str]
    """Identifiers."""
    sentences: list[str]
    """One sentence each."""


def rarity(
    model: NoveltyModel, features: dict[str, F64], objects: Population, *, only_rules: bool = False
) -> F64:
    """Return the rarity of the rarest oddity of each object, shape (n,); 0 where it has none.

    Parameters
    ----------
    model : NoveltyModel
        Knows how rare each value is.
    features : dict
        As :func:`skywright.neo.novelty_features.physical_features` returns.
    objects : Population
        The same objects.
    only_rules : bool
        Leave out what is known of spin and acceleration.
    """
    best = np.zeros(len(objects))
    for rule in RULES:
        value = features[rule.feature]
        odd = rule.holds(value)
        rank = model.oddity_tails[rule.name].surprise(rule.oriented(value))
        bounded = np.minimum(rank, np.log10(model.size) + _BEYOND)
        best[odd] = np.maximum(best, bounded)[odd]
    if not only_rules:
        rarest = np.log10(model.size)
        for odd in (
            _open(objects),
            fast_rotators(objects),
            non_gravitational(objects),
            contradictory(objects),
        ):
            best[odd] = np.maximum(best[odd], rarest)
    return best


def coorbital_rarity(model: NoveltyModel, states: list[Coorbital | None]) -> F64:
    """Return -log10 of the share of catalogued objects in the same co-orbital state."""
    counts = model.oddity_counts
    return np.array(
        [
            -np.log10(max(counts.get(s.kind, 1), 1) / model.size) if s is not None and s.kind else 0
            for s in states
        ]
    )


def _open(objects: Population) -> npt.NDArray[np.bool_]:
    return np.asarray(objects.e >= 1.0)


def fast_rotators(objects: Population) -> npt.NDArray[np.bool_]:
    """Tell which bodies over 0.2 km turn faster than the spin barrier."""
    period = objects.physical["rot_per_h"]
    size = objects.diameter_km
    return np.asarray((period > 0) & (period < FAST_ROTATION_H) & (size > SPIN_BARRIER_KM))


def non_gravitational(objects: Population) -> npt.NDArray[np.bool_]:
    """Tell which bodies, comets aside, accelerate more than heat and light explain."""
    a2, a3 = np.abs(objects.physical["a2_au_d2"]), np.abs(objects.physical["a3_au_d2"])
    large = (a2 * objects.diameter_km > YARKOVSKY_LIMIT) | (a3 > OUT_OF_PLANE_LIMIT)
    comet = objects.physical.get("comet")
    return np.asarray(large if comet is None else large & (comet == 0))


def contradictory(objects: Population) -> npt.NDArray[np.bool_]:
    """Tell which rows give a, e and q that do not fit together: an error in the data."""
    q = objects.physical.get("contradicting_q_au")
    return np.zeros(len(objects), dtype=bool) if q is None else np.isfinite(q)


def reported_dark_comets(designations: list[str]) -> npt.NDArray[np.bool_]:
    """Tell which designations stand in the list of reported dark comets."""
    return np.array([name.strip() in DARK_COMETS for name in designations], dtype=bool)


def name_oddities(
    model: NoveltyModel,
    features: dict[str, F64],
    objects: Population,
    states: list[Coorbital | None],
    designations: list[str],
) -> list[Named]:
    """Name the oddities of every object, the rules first.

    Returns
    -------
    list of Named
        In the order of the objects; empty lists for ordinary ones.
    """
    result = [Named([], []) for _ in range(len(objects))]
    for rule in RULES:
        value = features[rule.feature]
        ranks = model.oddity_tails[rule.name].surprise(rule.oriented(value))
        for k in np.flatnonzero(rule.holds(value)):
            _add(result[k], rule.name, rule.sentence.format(value=value[k], share=_share(ranks[k])))
    for name, odd, sentence in _physical_oddities(objects):
        for k in np.flatnonzero(odd):
            _add(result[k], name, sentence(int(k)))
    for k in np.flatnonzero(reported_dark_comets(designations)):
        if "dark_comet" not in result[k].names:
            paper = DARK_COMETS[designations[k].strip()]
            _add(result[k], "dark_comet", f"Reported as a dark comet by {paper}.")
    for named, state in zip(result, states, strict=True):
        if state is not None and state.kind:
            kind = "horseshoe" if state.kind == "compound" else state.kind
            _add(named, kind, _coorbital_sentence(state))
    return result


def _physical_oddities(
    objects: Population,
) -> list[tuple[str, npt.NDArray[np.bool_], Callable[[int], str]]]:
    size, period = objects.diameter_km, objects.physical["rot_per_h"]
    a2, a3 = objects.physical["a2_au_d2"], objects.physical["a3_au_d2"]

    def opened(k: int) -> str:
        foreign = objects.e[k] > INTERSTELLAR_E
        origin = _FOREIGN if foreign else _OORT
        return f"Eccentricity {objects.e[k]:.4f} is 1 or more: the orbit is open. {origin}"

    def spins(k: int) -> str:
        return (
            f"Turns once in {period[k]:.3f} h, faster than the spin barrier of "
            f"{FAST_ROTATION_H} h, with a diameter of {size[k]:.2f} km: rubble would fly apart."
        )

    def accelerates(k: int) -> str:
        out_of_plane = np.isfinite(a3[k]) and abs(a3[k]) > OUT_OF_PLANE_LIMIT
        which, value = ("A3", a3[k]) if out_of_plane else ("A2", a2[k])
        return (
            f"Non-gravitational acceleration {which} = {value:.2e} au/d^2 is more than heat and "
            f"light give a body of {size[k]:.2f} km: it may outgas unseen (a dark comet)."
        )

    def clashes(k: int) -> str:
        given = objects.physical["contradicting_q_au"][k]
        return (
            f"The given q = {given:.4f} au contradicts a (1 - e) = {objects.q_au[k]:.4f} au, which "
            "is used instead: check the elements."
        )

    return [
        ("hyperbolic", _open(objects), opened),
        ("fast_rotation", fast_rotators(objects), spins),
        ("dark_comet", non_gravitational(objects), accelerates),
        ("inconsistent_elements", contradictory(objects), clashes),
    ]


def _add(named: Named, name: str, sentence: str) -> None:
    named.names.append(name)
    named.sentences.append(sentence)


def _share(surprise: float) -> str:
    percent = 100.0 * 10.0**-surprise
    return "fewer than 0.01 %" if percent < 0.01 else f"{percent:.2g} %"


def _coorbital_sentence(state: Coorbital) -> str:
    low, high = state.sigma_min_deg, state.sigma_max_deg
    if state.kind in {"horseshoe", "earth_trojan"}:
        whole = 360.0 * np.floor(low / 360.0)
        low, high = low - whole, high - whole
    point = "leading L4" if (low + high) / 2 < 180 else "trailing L5"
    return COORBITAL_SENTENCES[state.kind].format(low=low, high=high, point=point)
