"""What an impactor does to the atmosphere and the ground, by published scaling laws.

Everything here is an order-of-magnitude estimate for a homogeneous sphere: strength, shape and
target are unknown for almost every object, and they matter by factors of two and more.

References
----------
.. [1] Collins, Melosh & Marcus (2005), Earth Impact Effects Program, Meteoritics & Planetary
       Science 40, 817. The letters follow theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad

from skywright.errors import InputError
from skywright.orbits.risk import impact_energy_mt

_SCALE_HEIGHT_M = 8000.0
_AIR_DENSITY_KG_M3 = 1.0  # at the surface of the exponential atmosphere of [1]
_DRAG = 2.0
_PANCAKE = 7.0  # ratio of diameters at which a cloud of fragments has lost its coherence
_GRAVITY_M_S2 = 9.81
_ROCK_KG_M3 = 2500.0
_SIMPLE_TO_COMPLEX_M = 3200.0


@dataclass(frozen=True, slots=True)
class Effects:
    """The fate of an impactor."""

    energy_mt: float
    """Kinetic energy before entry [Mt TNT]."""
    outcome: str
    """``airburst`` or ``crater``."""
    breakup_altitude_km: float | None
    """Where it begins to break up [km]; None if it stays whole."""
    burst_altitude_km: float | None
    """Where the cloud of fragments bursts [km]; None if it reaches the ground."""
    ground_speed_km_s: float | None
    """Speed at the ground [km/s]; None for an airburst."""
    burst_energy_mt: float
    """Energy left to the atmosphere at the burst, or to the ground at the impact [Mt TNT]."""
    crater_diameter_km: float | None
    """Rim-to-rim diameter of the final crater in sedimentary rock [km]; None for an airburst."""


def sphere_mass_kg(diameter_km: float, density_kg_m3: float) -> float:
    """Return the mass [kg] of a homogeneous sphere."""
    return density_kg_m3 * np.pi / 6.0 * (diameter_km * 1e3) ** 3


def effects(
    diameter_km: float, density_kg_m3: float, speed_km_s: float, angle_deg: float = 45.0
) -> Effects:
    """Estimate break-up, airburst or crater of a sphere that enters the Earth's atmosphere.

    Parameters
    ----------
    diameter_km : float
        Diameter [km].
    density_kg_m3 : float
        Bulk density [kg/m^3].
    speed_km_s : float
        Speed at the top of the atmosphere [km/s].
    angle_deg : float
        Angle of the path to the horizon [deg]; 45 is the most probable one.

    Returns
    -------
    Effects
        By the entry and crater models of [1], for a target of sedimentary rock.

    Raises
    ------
    InputError
        If a value is not positive or the angle is outside (0, 90].
    """
    _refuse_bad(diameter_km, density_kg_m3, speed_km_s, angle_deg)
    L, v = diameter_km * 1e3, speed_km_s * 1e3
    sine = float(np.sin(np.radians(angle_deg)))
    mass = sphere_mass_kg(diameter_km, density_kg_m3)
    breakup = _breakup_altitude_m(L, density_kg_m3, v, sine)
    if breakup is None or breakup <= 0:
        v_ground = _speed_of_whole_body(0.0, L, density_kg_m3, v, sine)
        return _cratering(mass, L, density_kg_m3, (v, v_ground), sine, None)
    dispersion = L * sine * np.sqrt(density_kg_m3 / (_DRAG * _air_density(breakup)))
    reach = np.log1p(dispersion / (2 * _SCALE_HEIGHT_M) * np.sqrt(_PANCAKE**2 - 1))
    burst = breakup - 2 * _SCALE_HEIGHT_M * float(reach)
    v_breakup = _speed_of_whole_body(breakup, L, density_kg_m3, v, sine)
    end = max(burst, 0.0)
    v_end = v_breakup * _pancake_slowing(end, breakup, L, (density_kg_m3, float(dispersion), sine))
    if burst > 0:
        lost = _energy_mt(mass, v / 1e3) - _energy_mt(mass, v_end / 1e3)
        energy = _energy_mt(mass, v / 1e3)
        return Effects(energy, "airburst", breakup / 1e3, burst / 1e3, None, lost, None)
    return _cratering(mass, L, density_kg_m3, (v, v_end), sine, breakup)


def crater_diameter_km(
    diameter_km: float, density_kg_m3: float, speed_km_s: float, angle_deg: float = 45.0
) -> float:
    """Return the final crater diameter [km] in sedimentary rock, after [1].

    The speed [km/s] is that at the ground.
    """
    L, v = diameter_km * 1e3, speed_km_s * 1e3
    sine = float(np.sin(np.radians(angle_deg)))
    ratio = (density_kg_m3 / _ROCK_KG_M3) ** (1 / 3)
    transient = 1.161 * ratio * L**0.78 * v**0.44 * _GRAVITY_M_S2**-0.22 * sine ** (1 / 3)
    final = 1.25 * transient
    if final > _SIMPLE_TO_COMPLEX_M:
        final = 1.17 * transient**1.13 / _SIMPLE_TO_COMPLEX_M**0.13
    return float(final / 1e3)


def _refuse_bad(diameter_km: float, density: float, speed: float, angle_deg: float) -> None:
    given = {"diameter_km": diameter_km, "density_kg_m3": density, "speed_km_s": speed}
    for name, value in given.items():
        if not (np.isfinite(value) and value > 0):
            message = f"{name} = {value:g} must be a finite number > 0."
            raise InputError(message)
    if not 0 < angle_deg <= 90:
        message = f"angle_deg = {angle_deg:g} must be in (0, 90] degrees above the horizon."
        raise InputError(message)


def _energy_mt(mass: float, speed_km_s: float) -> float:
    return float(impact_energy_mt(mass, speed_km_s))


def _air_density(z: float) -> float:
    return float(_AIR_DENSITY_KG_M3 * np.exp(-z / _SCALE_HEIGHT_M))


def _breakup_altitude_m(L: float, density: float, v: float, sine: float) -> float | None:
    """Where ram pressure meets the strength of the body; None if it never does."""
    strength_pa = 10.0 ** (2.107 + 0.0624 * np.sqrt(density))
    ratio = 4.07 * _DRAG * _SCALE_HEIGHT_M * strength_pa / (density * L * v**2 * sine)
    if ratio >= 1:
        return None
    pressure = np.log(strength_pa / (_AIR_DENSITY_KG_M3 * v**2))
    return float(
        -_SCALE_HEIGHT_M * (pressure + 1.308 - 0.314 * ratio - 1.303 * np.sqrt(1.0 - ratio))
    )


def _speed_of_whole_body(z: float, L: float, density: float, v: float, sine: float) -> float:
    """Drag on a body that keeps its shape [m/s]."""
    column = 3 * _air_density(z) * _DRAG * _SCALE_HEIGHT_M / (4 * density * L * sine)
    return float(v * np.exp(-column))


def _pancake_slowing(z: float, breakup: float, L: float, body: tuple[float, float, float]) -> float:
    """Ratio of the speeds at z and at break-up, the widening integrated numerically."""
    density, dispersion, sine = body

    def spread(height: float) -> float:
        widening = 2 * _SCALE_HEIGHT_M / dispersion
        growth = np.expm1((breakup - height) / (2 * _SCALE_HEIGHT_M))
        return float(np.exp((breakup - height) / _SCALE_HEIGHT_M) * (1 + (widening * growth) ** 2))

    column = quad(spread, z, breakup)[0] * _air_density(breakup)
    return float(np.exp(-0.75 * _DRAG * column / (density * L * sine)))


def _cratering(
    mass: float, L: float, density: float, speeds: tuple[float, float], sine: float, z: float | None
) -> Effects:
    v_entry, v_ground = speeds
    angle_deg = float(np.degrees(np.arcsin(min(sine, 1.0))))
    return Effects(
        energy_mt=_energy_mt(mass, v_entry / 1e3),
        outcome="crater",
        breakup_altitude_km=None if z is None else z / 1e3,
        burst_altitude_km=None,
        ground_speed_km_s=v_ground / 1e3,
        burst_energy_mt=_energy_mt(mass, v_ground / 1e3),
        crater_diameter_km=crater_diameter_km(L / 1e3, density, v_ground / 1e3, angle_deg),
    )
