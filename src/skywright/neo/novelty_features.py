"""The numbers by which near-Earth objects are compared, and the scale on which each is compared.

Angles of orientation do not appear by themselves: only where the orbit crosses the ecliptic and how
close it comes to the Earth's matters. All orbits are heliocentric, ecliptic J2000.

References
----------
.. [1] Opik (1976), Interplanetary Encounters (v_inf from the Tisserand parameter).
.. [2] Southworth & Hawkins (1963), Smithson. Contr. Astrophys. 7, 261 (distance between orbits).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.neo.columns import numbers
from skywright.neo.features import A_JUPITER_AU, EARTH_SPEED_KM_S, is_comet, tisserand
from skywright.orbits.elements import Elements
from skywright.orbits.moid import moid

F64 = npt.NDArray[np.float64]

FEATURES = (
    "a_au",
    "e",
    "i_deg",
    "h_mag",
    "q_au",
    "aphelion_au",
    "tisserand_jupiter",
    "tisserand_earth",
    "moid_au",
    "ascending_node_au",
    "descending_node_au",
    "albedo",
    "rot_per_h",
    "a2_au_d2",
)
"""Columns of the matrix that densities are taken over, in order."""

OPTIONAL = ("albedo", "rot_per_h", "a2_au_d2", "a1_au_d2", "a3_au_d2", "diameter_km")
"""Physical columns that a table may have."""

_LOG = frozenset(
    ("a_au", "q_au", "aphelion_au", "ascending_node_au", "descending_node_au", "albedo")
)
_LARGEST_AU = 2000.0  # open orbits and the widest comets share one end of the scale
_MOID_FLOOR_AU = 1e-3  # two lunar distances: below, smaller is not stranger


@dataclass(frozen=True, slots=True)
class Population:
    """Orbits and physical data of n objects; every array has shape (n,), NaN where unknown."""

    q_au: F64
    """Perihelion distance [au]."""
    e: F64
    """Eccentricity."""
    i_deg: F64
    """Inclination [deg]."""
    node_deg: F64
    """Longitude of the ascending node [deg]."""
    peri_deg: F64
    """Argument of perihelion [deg]."""
    epoch_jd_tdb: F64
    """Epoch [JD TDB]; fixes the Earth's orbit for the MOID."""
    h_mag: F64
    """Absolute magnitude."""
    physical: dict[str, F64]
    """Optional columns by name; ``contradicting_q_au``, a given q that does not fit a and e; and
    ``comet``, 1 for designated comets, whose accelerations are no surprise."""

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.e)

    @property
    def a_au(self) -> F64:
        """Semi-major axis [au]; negative for hyperbolas, infinite for parabolas."""
        with np.errstate(divide="ignore"):
            return self.q_au / (1.0 - self.e)

    @property
    def diameter_km(self) -> F64:
        """Diameter [km]: as measured, else from H with the albedo known or taken as 0.14."""
        albedo = np.where(self.physical["albedo"] > 0, self.physical["albedo"], 0.14)
        assumed = 1329.0 / np.sqrt(albedo) * 10 ** (-0.2 * self.h_mag)
        known = self.physical["diameter_km"]
        return np.where(known > 0, known, assumed)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Population:
        """Return some of the objects, in the order asked for."""
        arrays = {name: getattr(self, name)[rows] for name in _ARRAYS}
        physical = {name: values[rows] for name, values in self.physical.items()}
        return Population(**arrays, physical=physical)


_ARRAYS = ("q_au", "e", "i_deg", "node_deg", "peri_deg", "epoch_jd_tdb", "h_mag")


def population_of(table: pl.DataFrame, epoch_jd_tdb: F64) -> Population:
    """Read the columns of a checked table.

    Where a table holds a, e and q that contradict one another, a and e win; where they agree within
    the digits of a catalogue, q wins, because a (1 - e) loses its digits as e nears 1.
    """
    e = numbers(table, "e")
    nothing = np.full(table.height, np.nan)
    a = numbers(table, "a_au") if "a_au" in table.columns else nothing
    q = numbers(table, "q_au") if "q_au" in table.columns else nothing
    from_a = a * (1.0 - e)
    rounding = 2e-4 * np.abs(a) + 1e-3 * np.abs(from_a) + 2e-4
    contradicts = (np.abs(from_a - q) > rounding) & (from_a > 0)
    keep_q = np.isfinite(q) & ~contradicts
    physical = {
        name: numbers(table, name) if name in table.columns else nothing for name in OPTIONAL
    }
    return Population(
        q_au=np.where(keep_q, q, from_a),
        e=e,
        i_deg=numbers(table, "i_deg"),
        node_deg=numbers(table, "node_deg"),
        peri_deg=numbers(table, "peri_deg"),
        epoch_jd_tdb=epoch_jd_tdb,
        h_mag=numbers(table, "h_mag") if "h_mag" in table.columns else nothing,
        physical=physical
        | {
            "contradicting_q_au": np.where(contradicts, q, np.nan),
            "comet": is_comet(table).astype(np.float64),
        },
    )


def tisserand_of(a_planet_au: float, objects: Population) -> F64:
    """Return the Tisserand parameter with respect to a planet on a circular orbit."""
    i = np.radians(objects.i_deg)
    return tisserand(a_planet_au, objects.a_au, objects.q_au, objects.e, i)


def v_inf_km_s(objects: Population) -> F64:
    """Return the speed at which an orbit meets the Earth's [km/s]; 0 where it does not cross.

    Opik (1976): U^2 = 3 - T in units of the Earth's speed, for a circular orbit of the Earth.
    """
    return EARTH_SPEED_KM_S * np.sqrt(np.maximum(3.0 - tisserand_of(1.0, objects), 0.0))


def distance_to_earth_orbit(objects: Population) -> F64:
    """Return how far an orbit is from the Earth's as a whole (Southworth & Hawkins D, circular)."""
    half = np.sin(0.5 * np.radians(objects.i_deg))
    return np.sqrt(objects.e**2 + (objects.q_au - 1.0) ** 2 + (2.0 * half) ** 2)


def physical_features(objects: Population, *, threads: int = 0) -> dict[str, F64]:
    """Return all features in their natural units, by name; each of shape (n,).

    The MOID follows JPL's convention (the Earth's osculating orbit at the epoch).
    """
    p = objects.q_au * (1.0 + objects.e)
    toward_node = objects.e * np.cos(np.radians(objects.peri_deg))
    with np.errstate(divide="ignore", invalid="ignore"):
        ascending, descending = p / (1.0 + toward_node), p / (1.0 - toward_node)
        aphelion = np.where(objects.e < 1, p / (1.0 - objects.e), np.inf)
    return {
        "a_au": np.where(objects.e < 1, objects.a_au, np.inf),
        "e": objects.e,
        "i_deg": objects.i_deg,
        "h_mag": objects.h_mag,
        "q_au": objects.q_au,
        "aphelion_au": aphelion,
        "tisserand_jupiter": tisserand_of(A_JUPITER_AU, objects),
        "tisserand_earth": tisserand_of(1.0, objects),
        "moid_au": moid(_elements(objects), objects.epoch_jd_tdb, threads=threads).moid_au,
        "ascending_node_au": np.where(ascending > 0, ascending, np.inf),
        "descending_node_au": np.where(descending > 0, descending, np.inf),
        **{name: objects.physical[name] for name in ("albedo", "rot_per_h", "a2_au_d2")},
        "diameter_km": objects.diameter_km,
        "v_inf_km_s": v_inf_km_s(objects),
        "earth_distance": distance_to_earth_orbit(objects),
    }


def _elements(objects: Population) -> Elements:
    i, node, peri = np.radians([objects.i_deg, objects.node_deg, objects.peri_deg])
    return Elements(objects.q_au, objects.e, i, node, peri, objects.epoch_jd_tdb.copy())


def to_scale(name: str, value: F64) -> F64:
    """Put a feature on the scale that densities use, mostly a logarithm, to shorten tails."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "a_au":
            value = np.where((value > 0) & (value < _LARGEST_AU), value, _LARGEST_AU)
        if name in _LOG:
            return np.log10(np.minimum(value, _LARGEST_AU))
        if name == "i_deg":
            return np.sqrt(value)
        if name == "moid_au":
            return np.log10(value + _MOID_FLOOR_AU)
        if name in {"rot_per_h", "a2_au_d2"}:
            size = np.abs(value)
            return np.where(size > 0, np.log10(size), np.nan)
    return np.asarray(value, dtype=np.float64)


def from_scale(name: str, scaled: F64) -> F64:
    """Undo :func:`to_scale`; the sign of A2 and values beyond the ends of a scale stay lost."""
    if name in _LOG or name in {"rot_per_h", "a2_au_d2"}:
        return np.asarray(10.0**scaled)
    if name == "i_deg":
        return np.maximum(scaled, 0.0) ** 2
    if name == "moid_au":
        return np.maximum(10.0**scaled - _MOID_FLOOR_AU, 0.0)
    return np.asarray(scaled, dtype=np.float64)


def scaled_matrix(features: dict[str, F64]) -> F64:
    """Return the features of :data:`FEATURES` on their scales, shape (n, 14)."""
    return np.column_stack([to_scale(name, features[name]) for name in FEATURES])
