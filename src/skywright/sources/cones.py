"""A circle on the sky: checked, written in ADQL, and cut out of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from skywright.errors import InputError
from skywright.sources.state import SourceState


@dataclass(frozen=True, slots=True)
class Cone:
    """Everything within an angle of a position (ICRS)."""

    ra_deg: float
    """Right ascension, 0 to 360 [deg]."""
    dec_deg: float
    """Declination, -90 to 90 [deg]."""
    radius_deg: float
    """Greatest distance from there, above 0 and up to 180 [deg]."""

    def __post_init__(self) -> None:
        bounds = {"ra_deg": (0.0, 360.0), "dec_deg": (-90.0, 90.0), "radius_deg": (0.0, 180.0)}
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and least <= value <= most):
                message = f"{name} = {value:g} is not allowed; choose {least:g} to {most:g}."
                raise InputError(message, hint="Angles are in degrees.")
        if self.radius_deg == 0.0:
            message = "radius_deg = 0 holds nothing; choose a radius above 0."
            raise InputError(message, hint="One arcsecond is 0.000278.")

    def check_radius(self, most_deg: float, state: SourceState) -> None:
        """Raise InputError if the radius is above what a source allows [deg]."""
        if self.radius_deg > most_deg:
            message = (
                f"radius_deg = {self.radius_deg:g} is above what {state.title} is asked for: "
                f"{most_deg:g} degrees ({60.0 * most_deg:g} arcminutes)."
            )
            raise InputError(message, hint="Ask for a smaller radius, or for several positions.")

    def adql(self, ra: str = "ra", dec: str = "dec") -> str:
        """Return the condition of a query; ``ra`` and ``dec`` are its columns."""
        centre = f"{plain(self.ra_deg)}, {plain(self.dec_deg)}, {plain(self.radius_deg, 6)}"
        return f"1=CONTAINS(POINT('ICRS', {ra}, {dec}), CIRCLE('ICRS', {centre}))"


def plain(value: float, digits: int = 7) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if float(text) or not value else f"{value:.12f}"
    return "0" if text in {"-0", ""} else text


def within(
    table: pl.DataFrame, cone: Cone, ra: str = "ra_deg", dec: str = "dec_deg"
) -> pl.DataFrame:
    """Return the rows of a table within a cone, the nearest first, with ``distance_deg``.

    The haversine formula (Sinnott 1984, Sky & Telescope 68, 159), good at small distances.
    """
    ra_0, dec_0 = math.radians(cone.ra_deg), math.radians(cone.dec_deg)
    ra_1, dec_1 = pl.col(ra).radians(), pl.col(dec).radians()
    haversine = ((dec_1 - dec_0) / 2.0).sin() ** 2 + math.cos(dec_0) * dec_1.cos() * (
        (ra_1 - ra_0) / 2.0
    ).sin() ** 2
    distance = 2.0 * haversine.clip(0.0, 1.0).sqrt().arcsin().degrees()
    measured = table.with_columns(distance.alias("distance_deg"))
    return measured.filter(pl.col("distance_deg") <= cone.radius_deg).sort("distance_deg")
