"""Risk scales for possible impacts: Palermo (continuous, technical) and Torino (0 to 10, public).

The Palermo value depends on the date from which the waiting time is counted. Here that is the date
of the computation, given by the caller as ``wait_yr``; this is the definition of JPL's Sentry and,
since its Aegis update, ESA's NEOCC use (the older one counts from the mean epoch of observation).

References
----------
.. [1] Chesley et al. (2002), Icarus 159, 423: PS = log10(PI / (fB dT)), fB = 0.03 E^-0.8.
.. [2] Binzel (2000), Planetary and Space Science 48, 297: the diagram of energy and probability.
.. [3] Morrison et al. (2004), in Mitigation of Hazardous Comets and Asteroids: today's wording.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.errors import InputError
from skywright.orbits.constants import GM_KM3_S2, RADIUS_KM

FloatArray = NDArray[np.float64]

PALERMO_DEFINITION = (
    "PS = log10(IP / (fB dT)), fB = 0.03 E^-0.8 per year, E in Mt, dT in years from the date of "
    "computation (Chesley et al. 2002)"
)
"""What ``palermo_scale`` computes, to print beside its value."""

MEGATON_J = 4.184e15
"""Energy of a megaton of TNT [J] (NIST SP 811)."""

TORINO_HORIZON_YR = 100.0
"""The Torino scale is defined for impacts within this time only [yr]."""

_CERTAIN = 0.99
_LIKELY = 0.01


def impact_speed_km_s(v_inf_km_s: ArrayLike, body: str = "earth") -> FloatArray:
    """Return the speed at a planet's surface, without its atmosphere.

    Parameters
    ----------
    v_inf_km_s : array-like
        Speed relative to the planet far from it [km/s], >= 0.
    body : str
        Planet, Moon or Pluto.

    Returns
    -------
    ndarray, the same shape
        sqrt(v_inf^2 + v_esc^2) [km/s].

    Raises
    ------
    InputError
        If a speed is negative or not finite.
    """
    speed = _checked("v_inf_km_s", v_inf_km_s, above_zero=False)
    escape2 = 2 * GM_KM3_S2[body] / RADIUS_KM[body]
    return np.asarray(np.sqrt(speed**2 + escape2), np.float64)


def impact_energy_mt(mass_kg: ArrayLike, speed_km_s: ArrayLike) -> FloatArray:
    """Return the kinetic energy of impactors.

    Parameters
    ----------
    mass_kg : array-like
        Mass [kg], > 0.
    speed_km_s : array-like
        Speed at impact [km/s], > 0.

    Returns
    -------
    ndarray, the broadcast shape
        Energy [Mt of TNT].

    Raises
    ------
    InputError
        If a mass or speed is not above 0.
    """
    mass = _checked("mass_kg", mass_kg)
    speed = _checked("speed_km_s", speed_km_s)
    return np.asarray(0.5 * mass * (speed * 1e3) ** 2 / MEGATON_J, np.float64)


def palermo_scale(probability: ArrayLike, energy_mt: ArrayLike, wait_yr: ArrayLike) -> FloatArray:
    """Return the Palermo scale value of single possible impacts.

    Parameters
    ----------
    probability : array-like
        Impact probability [-], 0 to 1.
    energy_mt : array-like
        Energy at impact [Mt of TNT], > 0.
    wait_yr : array-like
        Time from the date of computation to the impact [yr], > 0.

    Returns
    -------
    ndarray, the broadcast shape
        log10 of the risk relative to the background until then; 0 is as much as the background,
        -inf where the probability is 0.

    Raises
    ------
    InputError
        If a value is outside its range.

    References
    ----------
    Chesley et al. (2002).
    """
    chance = _checked_probability(probability)
    energy, wait = _checked("energy_mt", energy_mt), _checked("wait_yr", wait_yr)
    yearly = 0.03 * energy**-0.8
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(chance / (yearly * wait)), np.float64)


def palermo_cumulative(probability: ArrayLike, energy_mt: ArrayLike, wait_yr: ArrayLike) -> float:
    """Return the Palermo value of all possible impacts of one object together.

    Parameters
    ----------
    probability, energy_mt, wait_yr : array-like, shape (n,)
        As for ``palermo_scale``, one per possible impact.

    Returns
    -------
    float
        log10 of the sum of the relative risks; -inf without impacts.

    Raises
    ------
    InputError
        If a value is outside its range.

    References
    ----------
    Chesley et al. (2002).
    """
    single = np.atleast_1d(palermo_scale(probability, energy_mt, wait_yr))
    with np.errstate(divide="ignore"):
        return float(np.log10(np.sum(10.0**single)))


def torino_scale(probability: ArrayLike, energy_mt: ArrayLike) -> NDArray[np.int64]:
    """Return the Torino scale value of possible impacts within the next 100 years.

    The diagram has steps at 1, 100 and 10^5 Mt and at probabilities 0.01 and 0.99, and three
    parallel slopes on which the probability falls by 100 where the energy grows by 1000; they reach
    a probability of 0.01 at 0.1, 100 and 10^5 Mt.

    Parameters
    ----------
    probability : array-like
        Impact probability [-], 0 to 1.
    energy_mt : array-like
        Energy at impact [Mt of TNT], > 0.

    Returns
    -------
    ndarray of int, the broadcast shape
        0 to 10.

    Raises
    ------
    InputError
        If a value is outside its range.

    References
    ----------
    Binzel (2000), figure 2; Morrison et al. (2004).
    """
    chance, energy = np.broadcast_arrays(
        _checked_probability(probability), _checked("energy_mt", energy_mt)
    )
    log_energy = np.log10(energy)
    with np.errstate(divide="ignore"):
        height = 1.5 * (np.log10(chance) + 2.0)
    # Where the slope through a point meets probability 0.01, as log10 of Mt.
    slope = log_energy + height
    unlikely = np.select([slope < -1, slope < 2, slope < 5], [0, 1, 2], 6)
    likely = np.select([log_energy < 2, slope < 5, log_energy < 5], [3, 4, 5], 7)
    certain = np.select([log_energy < 2, log_energy < 5], [8, 9], 10)
    level = np.select([chance >= _CERTAIN, chance >= _LIKELY], [certain, likely], unlikely)
    return np.where(energy < 1.0, 0, level).astype(np.int64)


def _checked(name: str, values: ArrayLike, *, above_zero: bool = True) -> FloatArray:
    given = np.asarray(values, np.float64)
    good = np.isfinite(given) & ((given > 0) if above_zero else (given >= 0))
    if not good.all():
        bad = given.ravel()[int(np.argmin(good.ravel()))]
        limit = "above 0" if above_zero else "0 or more"
        message = f"{name}={bad:.6g} must be a finite number {limit}; correct it."
        raise InputError(message)
    return given


def _checked_probability(values: ArrayLike) -> FloatArray:
    given = np.asarray(values, np.float64)
    good = (given >= 0) & (given <= 1)
    if not good.all():
        bad = given.ravel()[int(np.argmin(good.ravel()))]
        message = f"probability={bad:.6g} must be between 0 and 1; correct it."
        raise InputError(message)
    return given
