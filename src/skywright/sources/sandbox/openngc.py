"""OpenNGC as SIMBAD's tables: objects with position and type, their names, their magnitudes.

Names are written as SIMBAD writes them (``M  31``, ``NGC   224``). An entry that only repeats
another one gives it a further name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skywright.sources.sandbox.columns import FLUXES
from skywright.sources.sandbox.holdings import Row
from skywright.sources.sandbox.identifiers import comparable

_OTYPES = {
    "*": "*",
    "**": "**",
    "*Ass": "As*",
    "OCl": "OpC",
    "GCl": "GlC",
    "Cl+N": "Cl*",
    "G": "G",
    "GPair": "PaG",
    "GTrpl": "GrG",
    "GGroup": "GrG",
    "PN": "PN",
    "HII": "HII",
    "DrkN": "DNe",
    "EmN": "GNe",
    "Neb": "GNe",
    "RfN": "RNe",
    "SNR": "SNR",
    "Nova": "No*",
    "NonEx": "err",
}
_PREFIXES = {"B": "Barnard", "C": "C", "ESO": "ESO", "HCG": "HCG", "PGC": "PGC", "UGC": "UGC"}
_CATALOGUED = re.compile(r"(NGC|IC|M|B|C|HCG|PGC|UGC|Mel|Cl|H)\s*0*(\d+)\s*(.*)$")
_WIDTHS = {"NGC": 6, "IC": 5, "M": 4}

Entry = Mapping[str, str]


def simbad_name(name: str) -> str:
    """Return a name of the New General Catalogue, its supplement or Messier's as SIMBAD has it."""
    found = _CATALOGUED.match(name.strip())
    if found is None:
        return name.strip()
    prefix, number, rest = found.groups()
    width = _WIDTHS.get(prefix)
    written = f"{prefix}{number:>{width}}" if width else f"{_PREFIXES.get(prefix, prefix)} {number}"
    return f"{written}{rest}"


class Objects:
    """The entries of a catalogue, as rows of three tables."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        whole = [entry for entry in entries if entry.get("Name")]
        self._entries = [entry for entry in whole if entry["Type"] != "Dup" and entry["RA"]]
        self._more: dict[str, list[str]] = {}
        for entry in whole:
            if entry["Type"] == "Dup":
                self._more.setdefault(_repeated(entry), []).append(simbad_name(entry["Name"]))

    def basic(self) -> Iterator[Row]:
        """Return the rows of ``basic``."""
        for oid, entry in enumerate(self._entries, 1):
            yield (
                *(oid, _main(entry), _ra_deg(entry["RA"]), _dec_deg(entry["Dec"])),
                *(None, None, None, None, None),
                *(_OTYPES.get(entry["Type"], "?"), entry["Hubble"] or None, None),
                *(_number(entry["MajAx"]), _number(entry["MinAx"]), _whole(entry["PosAng"])),
                *(_number(entry["Pm-RA"]), _number(entry["Pm-Dec"]), _number(entry["Pax"])),
                *(_number(entry["RadVel"]), _number(entry["Redshift"]), None, None),
            )

    def ident(self) -> list[Row]:
        """Return the rows of ``ident``: every name of every object, each once.

        In the order of the index of names, which SQLite then makes in half the time.
        """
        rows: list[tuple[str, int]] = []
        for oid, entry in enumerate(self._entries, 1):
            names = dict.fromkeys(_names(entry) + self._more.get(simbad_name(entry["Name"]), []))
            rows += [(name, oid) for name in names if name]
        return sorted(rows, key=lambda row: comparable(row[0]))

    def allfluxes(self) -> Iterator[Row]:
        """Return the rows of ``allfluxes``."""
        for oid, entry in enumerate(self._entries, 1):
            magnitudes = [_number(entry.get(f"{band}-Mag", "")) for band in FLUXES]
            if any(magnitude is not None for magnitude in magnitudes):
                yield (oid, *magnitudes)


def _repeated(entry: Entry) -> str:
    if entry["M"]:
        return simbad_name(f"M{entry['M']}")
    return simbad_name(f"NGC{entry['NGC']}" if entry["NGC"] else f"IC{entry['IC']}")


def _main(entry: Entry) -> str:
    return simbad_name(f"M{entry['M']}" if entry["M"] else entry["Name"])


def _names(entry: Entry) -> list[str]:
    names = [_main(entry), simbad_name(entry["Name"])]
    names += [simbad_name(f"NGC{number}") for number in entry["NGC"].split(",") if number]
    names += [simbad_name(f"IC{number}") for number in entry["IC"].split(",") if number]
    names += [simbad_name(name) for name in entry["Identifiers"].split(",")]
    return names + [f"NAME {name.strip()}" for name in entry["Common names"].split(",") if name]


def _sexagesimal(text: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    parts = [float(part) for part in text.lstrip("+-").split(":")]
    return sign * math.fsum(part / 60.0**k for k, part in enumerate(parts))


def _ra_deg(text: str) -> float:
    return round(15.0 * _sexagesimal(text), 7)


def _dec_deg(text: str) -> float:
    return round(_sexagesimal(text), 7)


def _number(text: Any) -> float | None:
    return float(text) if text else None


def _whole(text: Any) -> int | None:
    return round(float(text)) if text else None
