"""What licences ask for: a table of those met with data and models, by SPDX name or common one.

Only duties that decide whether a model may be made, used or passed on are told; nothing here is
legal advice. Names are those of SPDX, and for the rest those that model hubs use.
"""

from __future__ import annotations

ATTRIBUTION = "name the authors"
SHARE_ALIKE = "share what is made from it under the same licence"
NON_COMMERCIAL = "no commercial use"
NO_DERIVATIVES = "no changed versions"
USE_RESTRICTED = "uses named in the licence are forbidden"
NAME = "its name must begin the name of what is made from it"
LARGE_USERS = "very large users need a licence of their own"
RESEARCH_ONLY = "research only"
UNREAD = "read its text: it is known by name only"

_PUBLIC = frozenset({
    "0BSD", "MIT-0", "Unlicense", "CC0-1.0", "PDDL-1.0", "WTFPL", "CC-PDDC", "NIST-PD",
    "NIST-PD-fallback",
})  # fmt: skip
_ATTRIBUTED = frozenset({
    "MIT", "Apache-2.0", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear",
    "BSD-2-Clause-Patent", "ISC", "Zlib", "BSL-1.0", "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0",
    "CC-BY-3.0-IGO", "CC-BY-4.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "ODC-By-1.0",
    "OGL-UK-2.0", "OGL-UK-3.0", "OGL-Canada-2.0", "etalab-2.0", "DL-DE-BY-2.0", "PSF-2.0",
    "Python-2.0", "PostgreSQL", "UPL-1.0", "ECL-2.0", "NCSA",
})  # fmt: skip
_FAMILIES = (
    ("CC-BY-NC-ND", {ATTRIBUTION, NON_COMMERCIAL, NO_DERIVATIVES}),
    ("CC-BY-NC-SA", {ATTRIBUTION, NON_COMMERCIAL, SHARE_ALIKE}),
    ("CC-BY-NC", {ATTRIBUTION, NON_COMMERCIAL}),
    ("CC-BY-ND", {ATTRIBUTION, NO_DERIVATIVES}),
    ("CC-BY-SA", {ATTRIBUTION, SHARE_ALIKE}),
    ("PolyForm-Noncommercial", {ATTRIBUTION, NON_COMMERCIAL}),
    ("PolyForm-Small-Business", {ATTRIBUTION, LARGE_USERS}),
    ("BUSL", {ATTRIBUTION, USE_RESTRICTED}),
    ("CDLA-Sharing", {ATTRIBUTION, SHARE_ALIKE}),
    *(
        (prefix, {ATTRIBUTION, SHARE_ALIKE})
        for prefix in ("GPL", "AGPL", "LGPL", "MPL", "EPL", "EUPL", "ODbL", "OSL", "CDDL", "SSPL")
    ),
)
_RAIL = {ATTRIBUTION, USE_RESTRICTED}
_OTHERS: dict[str, set[str]] = {
    "us-government-public-domain": set(),
    "public-domain": set(),
    "llama2": {*_RAIL, LARGE_USERS},
    **{f"llama{v}": {*_RAIL, LARGE_USERS, NAME} for v in ("3", "3.1", "3.2", "3.3")},
    "llama4": {*_RAIL, LARGE_USERS, NAME},
    "gemma": _RAIL,
    "openrail": _RAIL,
    "openrail++": _RAIL,
    "creativeml-openrail-m": _RAIL,
    "bigscience-openrail-m": _RAIL,
    "bigscience-bloom-rail-1.0": _RAIL,
    "bigcode-openrail-m": _RAIL,
    "deepfloyd-if-license": {*_RAIL, NON_COMMERCIAL},
    "fair-noncommercial-research-license": {*_RAIL, NON_COMMERCIAL, RESEARCH_ONLY},
    "apple-amlr": {ATTRIBUTION, NON_COMMERCIAL, RESEARCH_ONLY},
    "intel-research": {ATTRIBUTION, RESEARCH_ONLY},
    "copernicus-sentinel": {ATTRIBUTION},
}
_ALIASES = {
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
    "cc0": "CC0-1.0",
    "etalab": "etalab-2.0",
    "us-gov": "us-government-public-domain",
    "usgov-pd": "us-government-public-domain",
    "llama3.0": "llama3",
    "apache-2": "Apache-2.0",
    "wtfpl": "WTFPL",
}


def name_of(given: str) -> str:
    """Return the usual name of a licence that goes by another."""
    low = given.strip().lower()
    return _ALIASES.get(low, low if low in _OTHERS else given.strip())


def duties_of(name: str, *, in_spdx: bool) -> frozenset[str] | None:
    """Return what one licence asks for, None if it is not known."""
    if name in _OTHERS:
        return frozenset(_OTHERS[name])
    if not in_spdx:
        return None
    plain = name.partition(" WITH ")[0]
    if plain in _PUBLIC:
        return frozenset()
    if plain in _ATTRIBUTED:
        return frozenset({ATTRIBUTION})
    for prefix, duties in _FAMILIES:
        if plain.startswith(prefix):
            return frozenset(duties)
    return frozenset({ATTRIBUTION, UNREAD})
