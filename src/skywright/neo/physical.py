"""Size, density and mass of an object: what is given, what follows, what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from skywright.errors import InputError
from skywright.neo.effects import sphere_mass_kg

ASSUMED_ALBEDO = 0.14
"""Geometric albedo where none is known: the value behind H = 22.0 being 140 m (CNEOS glossary)."""

ASSUMED_DENSITY_KG_M3 = 2600.0
"""Bulk density where none is known [kg/m^3]: the value CNEOS Sentry uses for masses."""

_H_RANGE = (9.0, 34.0)


@dataclass(frozen=True, slots=True)
class Physical:
    """A homogeneous sphere that stands for the object."""

    diameter_km: float | None
    """Diameter [km]; None if neither it nor H nor a mass is known."""
    density_kg_m3: float
    """Bulk density [kg/m^3]."""
    mass_kg: float | None
    """Mass [kg]."""
    assumed: list[str] = field(default_factory=list)
    """A sentence for every value that was assumed."""


def physical_of(known: Mapping[str, object], changes: Mapping[str, float | None]) -> Physical:
    """Work out diameter, density and mass from what is known and what the user changes.

    Parameters
    ----------
    known : mapping
        May hold ``diameter_km``, ``h_mag`` and ``albedo`` of the object.
    changes : mapping
        May hold ``mass_kg``, ``diameter_km`` and ``density_kg_m3``; two of them fix the third.

    Returns
    -------
    Physical
        With a sentence for every assumption.

    Raises
    ------
    InputError
        If a value is not positive, or if all three changes are given and contradict one another.
    """
    mass, diameter, density = (_positive(changes, name) for name in _CHANGES)
    assumed: list[str] = []
    if mass and diameter and density:
        _refuse_contradiction(mass, diameter, density)
    if diameter is None and not (mass and density):
        diameter = _known_diameter(known, assumed)
    if mass and diameter and not density:
        density = mass / sphere_mass_kg(diameter, 1.0)
    if density is None:
        density = ASSUMED_DENSITY_KG_M3
        assumed.append(f"Bulk density {density:.0f} kg/m^3 is assumed.")
    if diameter is None and mass:
        diameter = (mass / sphere_mass_kg(1.0, density)) ** (1 / 3)
    if mass is None and diameter is not None:
        mass = sphere_mass_kg(diameter, density)
    return Physical(diameter, density, mass, assumed)


_CHANGES = ("mass_kg", "diameter_km", "density_kg_m3")


def _positive(changes: Mapping[str, float | None], name: str) -> float | None:
    value = changes.get(name)
    if value is not None and not (np.isfinite(value) and value > 0):
        message = f"{name} = {value:g} must be a finite number > 0."
        raise InputError(message)
    return value


def _refuse_contradiction(mass: float, diameter: float, density: float) -> None:
    implied = sphere_mass_kg(diameter, density)
    if abs(implied / mass - 1) > 0.01:
        message = (
            f"mass_kg = {mass:.4g}, diameter_km = {diameter:g} and density_kg_m3 = {density:g} "
            f"contradict one another: a sphere of that size and density has {implied:.4g} kg."
        )
        raise InputError(message, hint="Give two of the three.")


def _known_diameter(known: Mapping[str, object], assumed: list[str]) -> float | None:
    diameter = _number(known.get("diameter_km"))
    if diameter:
        return diameter
    h_mag = _number(known.get("h_mag"))
    if h_mag is None:
        return None
    if not _H_RANGE[0] <= h_mag <= _H_RANGE[1]:
        assumed.append(f"H = {h_mag:g} lies outside {_H_RANGE[0]:g} to {_H_RANGE[1]:g}.")
    albedo = _number(known.get("albedo"))
    if not albedo:
        albedo = ASSUMED_ALBEDO
        assumed.append(f"Diameter follows from H = {h_mag:g} with an assumed albedo of {albedo:g}.")
    return float(1329.0 / np.sqrt(albedo) * 10 ** (-h_mag / 5))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None
