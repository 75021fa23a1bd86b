"""Bands and colours in a table, whatever its catalogue calls them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from skywright.errors import InputError

_COLUMNS = {
    "G": ("phot_g_mean_mag", "gmag", "g_mag", "G"),
    "BP": ("phot_bp_mean_mag", "bpmag", "bp_mag", "bp"),
    "RP": ("phot_rp_mean_mag", "rpmag", "rp_mag", "rp"),
    "u": ("psfmag_u", "umag", "u_mag", "u"),
    "g": ("psfmag_g", "gmag", "g_mag", "g"),
    "r": ("psfmag_r", "rmag", "r_mag", "r"),
    "i": ("psfmag_i", "imag", "i_mag", "i"),
    "z": ("psfmag_z", "zmag", "z_mag", "z"),
    "B": ("bmag", "b_mag", "flux_b", "b-mag", "B"),
    "V": ("vmag", "v_mag", "flux_v", "v-mag", "V"),
    "J": ("jmag", "j_mag", "flux_j", "j-mag", "J"),
    "H": ("hmag", "h_mag", "flux_h", "h-mag", "H"),
    "K": ("kmag", "k_mag", "flux_k", "k-mag", "ksmag", "K"),
}
_NO_VALUE_FROM_MAG = 90.0  # 99.999 and the like; Gaia lists write 0 instead


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour, and the magnitude that goes with it in a colour-magnitude diagram."""

    name: str
    """As an argument, ``bp_rp``."""
    blue: str
    red: str
    magnitude: str
    """Band of the other axis."""

    @property
    def label(self) -> str:
        """As it is written, ``BP-RP``."""
        return f"{self.blue}-{self.red}"


COLOURS = {
    one.name: one
    for one in (
        Colour("bp_rp", "BP", "RP", "G"),
        Colour("bp_g", "BP", "G", "G"),
        Colour("g_rp", "G", "RP", "G"),
        Colour("u_g", "u", "g", "g"),
        Colour("g_r", "g", "r", "r"),
        Colour("g_i", "g", "i", "i"),
        Colour("r_i", "r", "i", "r"),
        Colour("i_z", "i", "z", "i"),
        Colour("b_v", "B", "V", "V"),
        Colour("j_h", "J", "H", "H"),
        Colour("j_k", "J", "K", "K"),
        Colour("h_k", "H", "K", "K"),
    )
}
"""Colours that can be cut or drawn, the most usual first."""


def colour_named(name: str) -> Colour:
    """Return a colour by its name, written ``bp_rp`` or ``BP-RP``; raises InputError."""
    key = name.strip().lower().replace("-", "_").replace(" ", "")
    if key not in COLOURS:
        message = f"colour = {name!r} is not known; choose from {', '.join(COLOURS)}."
        raise InputError(message)
    return COLOURS[key]


def magnitudes(table: pl.DataFrame, band: str) -> pl.Series:
    """Return the magnitudes of a band [mag], null where there is no value.

    Raises
    ------
    InputError
        If the table has no column of that band; names its columns.
    """
    column = _column(table, band)
    if column is None:
        message = f"The table has no magnitudes of the band {band}; its columns are "
        raise InputError(message + ", ".join(table.columns[:30]) + ".")
    values = table[column].cast(pl.Float64, strict=False)
    known = values.is_finite() & (values != 0.0) & (values < _NO_VALUE_FROM_MAG)
    return table.select(pl.when(known).then(values)).to_series().alias(band)


def colours(table: pl.DataFrame, colour: Colour) -> pl.Series:
    """Return a colour [mag], null where one of its bands has no value; raises InputError."""
    if _column(table, colour.blue) and _column(table, colour.red):
        values = magnitudes(table, colour.blue) - magnitudes(table, colour.red)
        return values.alias(colour.name)
    column = _spelled(table, (colour.name,))
    if column is None:
        magnitudes(table, colour.blue)
        magnitudes(table, colour.red)
    return table[column or colour.name].cast(pl.Float64, strict=False).fill_nan(None)


def usual_colour(table: pl.DataFrame) -> Colour:
    """Return the colour a table is usually drawn in; raises InputError if it has none."""
    for colour in COLOURS.values():
        pair = _column(table, colour.blue) and _column(table, colour.red)
        if (pair or _spelled(table, (colour.name,))) and _column(table, colour.magnitude):
            return colour
    message = "The table has no two bands of one system; its columns are "
    hint = "A search in gaia-dr3 or sdss gives a table with bands."
    raise InputError(message + ", ".join(table.columns[:30]) + ".", hint=hint)


def _column(table: pl.DataFrame, band: str) -> str | None:
    *long, letter = _COLUMNS[band]
    found = _spelled(table, tuple(long))
    if found is not None and not _is_of_another(table, band, found):
        return found
    if len(letter) > 1:
        return _spelled(table, (letter,))
    return letter if letter in table.columns else None


def _is_of_another(table: pl.DataFrame, band: str, column: str) -> bool:
    """Tell ``gmag`` of Gaia from that of SDSS by the bands beside it."""
    beside = {"G": "BP", "g": "r"}.get(band)
    shared = column.lower() in {"gmag", "g_mag"}
    return shared and beside is not None and _column(table, beside) is None


def _spelled(table: pl.DataFrame, names: tuple[str, ...]) -> str | None:
    spelled = {name.lower(): name for name in table.columns}
    return next((spelled[name] for name in names if name in spelled), None)
